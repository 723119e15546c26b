import json
import os

import boto3
from chalice import Chalice
from chalicelib.model import Job

app = Chalice(app_name="pipeline")


@app.route("/jobs", methods=["POST"], cors=True)
def enqueue():
    job = Job(**(app.current_request.json_body or {}))
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=os.environ["QUEUE"])["QueueUrl"]
    return {"sent": sqs.send_message(QueueUrl=url, MessageBody=job.json())["MessageId"][:0] + "ok"}


@app.route("/health")
def health():
    return {"ok": True}


@app.on_sqs_message(queue="pipeline-jobs", batch_size=10)
def work(event):
    for record in event:
        print("worked on", Job(**json.loads(record.body)).hello)


@app.lambda_function(name="dead_letters")
def dead_letters(event, context):
    return {"left": context.get_remaining_time_in_millis() > 0}
