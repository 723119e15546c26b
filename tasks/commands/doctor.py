"""`doit doctor`: each thing that a deploy needs, with what was found and what to do.

Only looks: starts no server, pulls no image, writes nothing, here or in AWS. Exit status 0: a
deploy can work; 1: it cannot, and each ✗ says what to do.
"""

from collections.abc import Iterator

from ..clients import aws as clients
from ..core import findings
from ..core.actions import action
from ..core.console import plain
from ..core.errors import LayerError
from ..core.findings import Finding
from ..core.loading import current
from ..core.settings import Settings
from . import doctor_aws, doctor_machine


def task_doctor() -> dict[str, object]:
    """Check everything that a deploy needs; say what is missing and what to do."""
    settings = current()
    return {"actions": [action(lambda: run(settings))]}


def run(settings: Settings) -> None:
    """Print each finding as it comes. DoctorError when one is in a deploy's way."""
    found = []
    for finding in look(settings):
        found.append(finding)
        for line in finding.lines():
            plain(line)
    plain(findings.judge(found, settings.stage))


def look(settings: Settings) -> Iterator[Finding]:
    """The machine, the project, then AWS as far as it can be reached."""
    yield from doctor_machine.look(settings)
    if settings.is_local:
        yield from _embedded(settings)
        return
    yield findings.ask("clock", lambda: doctor_aws.clock(settings))
    yield findings.ask("region", lambda: doctor_aws.region(settings))
    try:
        aws = clients.look(settings)
        who = aws.identity
    except LayerError as error:
        yield findings.bad("credentials", error)
        unseen = "permissions, bucket, Chalice's state and lock: not seen without credentials"
        yield findings.note("AWS", unseen)
        return
    yield findings.good("credentials", f"account {who.account}, as {who}")
    yield from doctor_aws.look(aws)


def _embedded(settings: Settings) -> Iterator[Finding]:
    """stage=local asks nobody for permission."""
    try:
        aws = clients.look(settings)
        _ = aws.identity
    except LayerError:
        yield findings.good("AWS", "embedded; the deploy starts it")
        return
    yield findings.good("AWS", "embedded, running")
    yield from doctor_aws.stage(aws)
