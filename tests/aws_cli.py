"""`aws SERVICE OPERATION --name value …`, as the documents type it, by botocore's own names.

AWS's program is not among the tool's packages; its words are those of the API.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name


def main(service: str, operation: str, *words: str) -> None:
    client: Any = boto3.client(service, os.environ["AWS_REGION"])  # type: ignore[call-overload] # any of them
    called = operation.replace("-", "_")
    name = client.meta.method_to_api_mapping[called]
    members = client.meta.service_model.operation_model(name).input_shape.members
    known = {"--" + xform_name(member, "-"): member for member in members}
    pairs = zip(words[::2], words[1::2], strict=True)
    answer = getattr(client, called)(**{known[name]: value(text) for name, text in pairs})
    print(json.dumps(answer, default=str))


def value(text: str) -> str:
    """`file://…` is what the file holds."""
    name = text.removeprefix("file://")
    return text if name == text else Path(name).read_text(encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
