"""Events that a service hands to Lambda: a topic's message, a bucket's change, a rule's match.

moto gives a topic's functions made-up attributes, takes no function for a rule's target. It fails
on a bucket's prefix and suffix where they are spelt as Chalice spells them, and lets the event's
maker wait for the function.
"""

import base64
import copy
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .delivery import send


def apply() -> None:
    from moto.events.models import Rule
    from moto.s3 import notifications
    from moto.s3.responses import S3Response
    from moto.sns.models import Subscription

    setattr(Subscription, "publish", _published(Subscription.publish))  # noqa: B010 - mypy refuses the plain form
    setattr(Rule, "send_to_targets", _matched(Rule.send_to_targets))  # noqa: B010 - mypy refuses the plain form
    setattr(notifications, "_invoke_awslambda", _changed)  # noqa: B010 - mypy refuses the plain form
    read = S3Response._notification_config_from_body
    setattr(S3Response, "_notification_config_from_body", _spelt(read))  # noqa: B010 - mypy refuses the plain form


def _published(original: Any) -> Any:
    def publish(self: Any, message: str, message_id: str, **named: Any) -> None:
        if self.protocol != "lambda":
            original(self, message, message_id, **named)
            return
        attributes, wanted = named.get("message_attributes") or {}, self._filter_policy_matcher
        if wanted is not None and not wanted.matches(attributes, message):
            return
        if named.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        said = {"MessageId": message_id, "Message": message, "Subject": named.get("subject")}
        send(self.endpoint, _notification(self, said, attributes))

    return publish


def _notification(
    subscription: Any, said: Mapping[str, Any], attributes: Mapping[str, Any]
) -> dict[str, Any]:
    """AWS: "Process Amazon SNS notifications with Lambda", the event."""
    place = f"https://sns.{subscription.topic.arn.split(':')[3]}.amazonaws.com"
    message = {
        **said,
        "Type": "Notification",
        "TopicArn": subscription.topic.arn,
        "Timestamp": stamp(),
        "SignatureVersion": "1",
        "Signature": "",  # nobody signs here
        "SigningCertUrl": f"{place}/SimpleNotificationService.pem",
        "UnsubscribeUrl": f"{place}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
        "MessageAttributes": {
            name: {"Type": each["Type"], "Value": _text(each["Value"])}
            for name, each in attributes.items()
        },
    }
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": message}
    return {"Records": [record | {"EventSubscriptionArn": subscription.arn}]}


def _text(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _changed(account: str, event: dict[str, Any], function_arn: str, region: str) -> None:
    """In place of moto's way from a bucket to a function, which waits, and passes over what goes
    wrong. The event has all that AWS's has ("Event message structure")."""
    for record in event["Records"]:
        record |= {
            "userIdentity": {"principalId": f"AWS:{account}"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": secrets.token_hex(8).upper()},
        }
        record["s3"]["bucket"]["ownerIdentity"] = {"principalId": account}
        record["s3"]["object"]["sequencer"] = secrets.token_hex(9).upper()
    send(function_arn, event)


def _spelt(original: Any) -> Any:
    """`Prefix` is `prefix`: S3 does not mind."""

    def read(self: Any) -> Any:
        body = self.body.decode() if isinstance(self.body, bytes) else self.body
        self.body = re.sub("(?<=<Name>)(Prefix|Suffix)(?=</Name>)", lambda x: x[0].lower(), body)
        return original(self)

    return read


def _matched(original: Any) -> Any:
    def send_to_targets(self: Any, event: Any, transform_input: bool = True) -> None:
        if self.scheduled_expression and not self.event_pattern.get_pattern():
            return  # its time makes it go, and no event
        others = copy.copy(self)
        others.targets = [each for each in self.targets if not _is_function(each)]
        original(others, event, transform_input)
        if self.state == "ENABLED" and self.event_pattern.matches_event(event):
            hand_on(self, {name: event[name] for name in event if name != "ingestion-time"})

    return send_to_targets


def hand_on(rule: Any, event: Mapping[str, Any]) -> None:
    """To the functions among a rule's targets."""
    told = {**event, "time": _written(event["time"])}
    for target in filter(_is_function, rule.targets):
        send(target["Arn"], _input(target, told))


def _is_function(target: Mapping[str, Any]) -> bool:
    return bool(target["Arn"].split(":")[2] == "lambda")


def _written(time: object) -> str:
    """AWS's form. moto has seconds."""
    if isinstance(time, int | float):
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(time)


def _input(target: Mapping[str, Any], event: Mapping[str, Any]) -> Any:
    """What the target wants in the event's place (AWS: "Target", Input and InputTransformer)."""
    from moto.events.utils import EventTemplateParser

    if "Input" in target:
        return json.loads(target["Input"])
    if transformer := target.get("InputTransformer"):
        return EventTemplateParser.parse(
            input_template=transformer["InputTemplate"],
            input_paths_map=transformer.get("InputPathsMap", {}),
            event=dict(event),  # type: ignore[arg-type] # moto's own name for it
        )
    return event
