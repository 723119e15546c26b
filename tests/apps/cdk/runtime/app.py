import os

import boto3
from chalice import Chalice
from slugify import slugify

app = Chalice(app_name="users")
dynamodb = boto3.resource("dynamodb")
table = dynamodb.Table(os.environ.get("APP_TABLE_NAME", ""))


@app.route("/users/{name}")
def user(name):
    return {"slug": slugify(name), "table": table.name}


@app.route("/users", methods=["POST"])
def create():
    table.put_item(Item=app.current_request.json_body)
    return {}
