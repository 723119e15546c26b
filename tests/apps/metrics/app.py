import json

from chalice import Chalice
from chalicelib.window import mean

app = Chalice(app_name="metrics")


@app.on_kinesis_record(stream="metrics-in", batch_size=100, starting_position="TRIM_HORIZON")
def points(event):
    print("mean", mean([len(record.data) for record in event]))


@app.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:eu-west-1:123456789012:table/metrics/stream/2024-01-01T00:00:00.000"
)
def changes(event):
    for record in event:
        print("changed", record.event_name, json.dumps(record.new_image))


@app.on_cw_event({"source": ["aws.health"]})
def health(event):
    print(event.detail_type)
