"""`doit rollback` of a stage of images: its functions back to an earlier one, and a pin.

rollback:check → deploy-lock → rollback:image → rollback:smoke
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict

from ..aws.client import Aws
from ..context.arguments import Arguments
from ..context.connection import connect
from ..context.doit_actions import behind_lock
from ..release import version
from ..release.images import conversion, package_type, pin, releases, stage_images, switch
from ..release.images.releases import ImageRelease
from ..release.undo import watch
from ..settings.model import Settings
from ..steps import smoke
from ..ui.console import say
from ..util.errors import DeployError, InputError


def tasks(settings: Settings, typed: Arguments) -> Iterator[dict[str, object]]:
    """As doit takes them."""
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        "check": ("Check what was typed.", lambda: find(connect(settings), typed)),
        "image": ("Pin the image, switch the functions.", lambda: go(connect(settings), typed)),
        "smoke": ("Call the app.", lambda: ask(connect(settings))),
    }
    return behind_lock("rollback", steps)


def find(aws: Aws, typed: Arguments) -> ImageRelease:
    """InputError where there is none, or ECR has it no more. Or the stage takes no image now: no
    pin is to be left of a rollback that cannot be."""
    if typed.arn:
        fix = "write version=N: ./doitw history lists them"
        raise InputError('a stage of package = "image" has no layers: no arn=', fix=fix)
    package_type.check_deployed(aws)
    conversion.refuse_open(aws)
    found = (
        releases.by_number(aws, version.parse_number(typed.version))
        if typed.version
        else _before(aws)
    )
    switch.check(aws, found.digest)
    return found


def _before(aws: Aws) -> ImageRelease:
    """What the stage itself ran before. Of an unfinished rollback its own."""
    runs, pinned = switch.running(aws), pin.holding(aws)
    if pinned and {pinned.digest} != runs:
        return releases.by_number(aws, pinned.number)
    found = releases.by_digest(aws, stage_images.before(stage_images.read(aws), runs))
    if found is None:
        fix = "./doitw history lists them. Choose one with ./doitw rollback version=N"
        problem = (
            f"nothing is known of an image that stage {aws.settings.stage} ran before this one"
        )
        raise InputError(problem, fix=fix)
    return found


def go(aws: Aws, typed: Arguments) -> None:
    """The pin first: a run that was stopped is continued by the next."""
    found = find(aws, typed)
    pin.make(aws, found, typed.reason or "no reason given")
    switch.switch(aws, found.uri, asdict(found), watch.UNASKED)
    stage = aws.settings.stage
    say(f"stage {stage} is back on {found}: its functions; routes and events stay as they are")
    say(
        f"note: and pinned to it, until ./doitw unpin stage={stage}, or until the app or its "
        "requirements change"
    )


def ask(aws: Aws) -> None:
    """DeployError where it does not answer. That is left as it is."""
    try:
        smoke.run(aws, f"./doitw undo stage={aws.settings.stage} brings back what ran before")
    except DeployError as error:
        watch.give_up(aws, error.problem)
        raise
    watch.close(aws)
