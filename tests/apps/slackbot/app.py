import hashlib
import hmac
import os
from urllib.parse import parse_qs

from chalice import Chalice, ForbiddenError, Response
from tabulate import tabulate

app = Chalice(app_name="slackbot")
FORM = "application/x-www-form-urlencoded"


@app.route("/slack/command", methods=["POST"], content_types=[FORM])
def command():
    request = app.current_request
    sign(request)
    asked = parse_qs((request.raw_body or b"").decode())
    rows = [["user", asked["user_name"][0]], ["text", asked["text"][0]]]
    return Response(tabulate(rows), headers={"Content-Type": "text/plain"})


def sign(request):
    stamp = request.headers.get("x-slack-request-timestamp", "")
    base = b"v0:" + stamp.encode() + b":" + (request.raw_body or b"")
    made = hmac.new(os.environ["SLACK_SECRET"].encode(), base, hashlib.sha256).hexdigest()
    if request.headers.get("x-slack-signature") != f"v0={made}":
        raise ForbiddenError("not signed by Slack")
