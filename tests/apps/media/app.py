import json
import os

import boto3
import xmltodict
from chalice import Chalice

app = Chalice(app_name="media")
TABLE = os.environ.get("MEDIA_TABLE_NAME", "media")
KINDS = {".jpg": "image", ".png": "image", ".mp4": "video"}


@app.on_s3_event(bucket="media-in", events=["s3:ObjectCreated:*"], prefix="up/")
def uploaded(event):
    """Another function looks at videos: this one is told of all."""
    kind = KINDS.get(os.path.splitext(event.key)[1], "other")
    print(json.dumps({"key": event.key, "kind": kind}))
    if kind == "video":
        boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message=event.key)


@app.on_s3_event(bucket="media-in", events=["s3:ObjectRemoved:*"])
def removed(event):
    print("removed", event.key)


@app.on_sns_message(topic="media-done")
def labelled(event):
    print(xmltodict.parse(f"<done>{event.message}</done>")["done"])


@app.route("/")
def media():
    return {"kinds": sorted({*KINDS.values()}), "table": TABLE}
