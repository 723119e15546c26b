"""Encrypt, sign, and describe a service that boto3 reads from its data files.

After https://cryptography.io/en/latest/fernet/
"""

import boto3
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ed25519

box = Fernet(Fernet.generate_key())
assert box.decrypt(box.encrypt(b"secret")) == b"secret"
key = ed25519.Ed25519PrivateKey.generate()
key.public_key().verify(key.sign(b"text"), b"text")
session = boto3.Session("key", "secret", region_name="eu-central-1")
for service in ("s3", "dynamodb", "athena"):
    assert session.client(service).meta.endpoint_url.startswith("https://")
assert session.resource("s3").Bucket("name").name == "name"
print(session.get_available_services()[:5], len(session.get_available_services()))
print(session.client("s3").meta.endpoint_url, session.client("s3").waiter_names)
