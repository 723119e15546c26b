import jwt

SECRET = "only for this sample, and long enough for HS256"


def token(name):
    return jwt.encode({"sub": name}, SECRET, algorithm="HS256")


def user(given):
    return jwt.decode(given, SECRET, algorithms=["HS256"])["sub"]
