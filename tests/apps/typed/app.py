from __future__ import annotations

import json
from pathlib import Path

import msgpack
from chalice import Chalice, Response
from typing_extensions import TypedDict

app = Chalice(app_name="typed-api")
app.api.binary_types = ["application/msgpack", "*/*"]
app.register_middleware(lambda event, get_response: get_response(event), "all")
SETTINGS = json.loads(Path(__file__).with_name("chalicelib").joinpath("app.json").read_text())


class Point(TypedDict):
    x: int
    y: int


@app.route("/point")
def point():
    made: Point = {"x": SETTINGS["x"], "y": 2}
    return Response(msgpack.packb(made), headers={"Content-Type": "application/msgpack"})


@app.route("/status")
def status():
    return {"msgpack": list(msgpack.version)}
