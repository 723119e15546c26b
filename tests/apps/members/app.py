import os

from chalice import Chalice, CognitoUserPoolAuthorizer, IAMAuthorizer
from marshmallow import Schema, fields

app = Chalice(app_name="members")
POOL = CognitoUserPoolAuthorizer(
    "members",
    provider_arns=[
        os.environ.get("POOL", "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a")
    ],
)


class Member(Schema):
    name = fields.Str(required=True)
    age = fields.Int()


@app.route("/me", authorizer=POOL, cors=True)
def me():
    return Member().dump({"name": "me", "age": "7"})


@app.route("/internal", methods=["PUT"], authorizer=IAMAuthorizer())
def internal():
    return Member().load(app.current_request.json_body)
