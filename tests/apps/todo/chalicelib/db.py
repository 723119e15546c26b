from uuid import uuid4

from boto3.dynamodb.conditions import Key


class Todos:
    def __init__(self, dynamodb, name):
        if name not in [table.name for table in dynamodb.tables.all()]:
            keys = ("username", "HASH"), ("uid", "RANGE")
            dynamodb.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": each, "KeyType": kind} for each, kind in keys],
                AttributeDefinitions=[
                    {"AttributeName": each, "AttributeType": "S"} for each, _ in keys
                ],
                BillingMode="PAY_PER_REQUEST",
            )
        self._table = dynamodb.Table(name)

    def of(self, user):
        return self._table.query(KeyConditionExpression=Key("username").eq(user))["Items"]

    def add(self, user, what):
        item = {"username": user, "uid": str(uuid4()), **(what or {})}
        self._table.put_item(Item=item)
        return item

    def one(self, user, uid):
        return self._table.get_item(Key={"username": user, "uid": uid}).get("Item")
