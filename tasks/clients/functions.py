"""Lambda functions: which of the region use which layer versions."""

from collections import defaultdict

from tasks.clients.aws import Aws, errors

LATEST = "$LATEST"  # what runs where nobody names a version


def users(aws: Aws) -> dict[str, list[str]]:
    """{layer version's ARN: functions that use it}, of every function of the account and region:
    `name` for what runs now, `name:3` for a published version (which is what aliases point to)."""
    found: dict[str, list[str]] = defaultdict(list)
    pages = aws.client("lambda").get_paginator("list_functions")
    with errors("listing the functions"):
        for page in pages.paginate(FunctionVersion="ALL"):
            for each in page["Functions"]:
                number = each.get("Version", LATEST)
                name = each["FunctionName"] + ("" if number == LATEST else f":{number}")
                for layer in each.get("Layers", []):
                    found[layer["Arn"]].append(name)
    return {arn: sorted(names) for arn, names in found.items()}
