"""`doit doctor`: each thing that a deploy needs, with what was found and what to do.

Only looks: starts no server, pulls no image, writes nothing, here or in AWS. Exit status 0: a
deploy can work. 1: it cannot, and each ✗ says what to do.
"""

from collections.abc import Iterator

from ...context import connection
from ...context.doit_actions import action
from ...context.settings import current
from ...settings.model import Settings
from ...ui import finding as findings
from ...ui.console import plain
from ...ui.finding import Finding
from ...util.errors import LayerError
from . import aws_checks, machine_checks


def task_doctor() -> dict[str, object]:
    """Check this machine, AWS access and settings."""
    settings = current()
    return {"actions": [action(lambda: show_findings(settings))]}


def show_findings(settings: Settings) -> None:
    """Print each finding as it comes. DoctorError when one is in a deploy's way."""
    found = []
    for finding in check_everything(settings):
        found.append(finding)
        for line in finding.lines():
            plain(line)
    plain(findings.judge(found, settings.stage))


def check_everything(settings: Settings) -> Iterator[Finding]:
    """The machine, the project, then AWS as far as it can be reached."""
    yield from machine_checks.check_machine(settings)
    if settings.is_local:
        yield from _embedded(settings)
        return
    yield findings.finding_of("clock", lambda: aws_checks.clock(settings))
    yield findings.finding_of("region", lambda: aws_checks.region(settings))
    try:
        aws = connection.connect_read_only(settings)
        who = aws.identity
    except LayerError as error:
        yield findings.bad("credentials", error)
        unseen = "permissions, bucket, Chalice's state and lock: not seen without credentials"
        yield findings.note("AWS", unseen)
        return
    yield findings.good("credentials", f"account {who.account}, as {who}")
    yield from aws_checks.check_aws(aws)


def _embedded(settings: Settings) -> Iterator[Finding]:
    """stage=local asks nobody for permission."""
    try:
        aws = connection.connect_read_only(settings)
        _ = aws.identity
    except LayerError:
        yield findings.good("AWS", "embedded; the deploy starts it")
        return
    yield findings.good("AWS", "embedded, running")
    yield from aws_checks.stage(aws)
