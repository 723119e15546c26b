from boto3.session import Session
from chalice import Chalice, WebsocketDisconnectedError
from chalicelib import commands

app = Chalice(app_name="chat")
app.experimental_feature_flags.update(["WEBSOCKETS"])
app.websocket_api.session = Session()


@app.on_ws_connect()
def connect(event):
    print("hello", event.connection_id)


@app.on_ws_disconnect()
def disconnect(event):
    print("bye", event.connection_id)


@app.on_ws_message()
def message(event):
    answer = commands.answer(event.body)
    print("answer", answer)
    try:
        app.websocket_api.send(event.connection_id, answer)
    except WebsocketDisconnectedError as gone:
        print("gone", gone.connection_id)
