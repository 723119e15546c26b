"""Table of contents: every command, in the order in which `doit list` shows them.

An app's dodo.py takes both names from here (`doit-lambda-layer init` writes it):

    from doit_lambda_layer.contents import DOIT_CONFIG, commands
"""

from collections.abc import Callable, Iterator
from typing import Any

from doit.loader import generate_tasks

from .commands.adopt_state import task_adopt_state
from .commands.diff import task_diff
from .commands.doctor import task_doctor
from .commands.gc import task_gc
from .commands.history import task_history
from .commands.iam_policy import task_iam_policy
from .commands.local import task_local_start, task_local_stop
from .commands.lock import task_lock
from .commands.plan import task_plan
from .commands.report import task_report, task_report_page
from .commands.rollback import task_rollback
from .commands.status import task_status
from .commands.unlock import task_unlock
from .commands.unpin import task_unpin
from .groups import task_build, task_deploy
from .reporter import StepReporter, verbosity
from .steps.chalice_deploy import task_chalice_deploy
from .steps.deploy_lock import task_deploy_lock
from .steps.install import task_install
from .steps.lookup import task_lookup
from .steps.optimize import task_optimize
from .steps.patch_config import task_patch_config
from .steps.preflight import task_preflight
from .steps.prune import task_prune
from .steps.publish import task_publish
from .steps.restore import task_restore
from .steps.sbom import task_sbom
from .steps.secret import task_secret
from .steps.smoke import task_smoke
from .steps.upload import task_upload
from .steps.verify import task_verify
from .steps.zip import task_zip

DOIT_CONFIG = {
    "default_tasks": ["build"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite3",
    "reporter": StepReporter,
    "sort": "definition",
    "verbosity": verbosity(),
}

Creator = Callable[[], object]
TYPED: tuple[Creator, ...] = (
    task_deploy, task_rollback, task_unpin, task_build, task_lock, task_doctor,
    task_plan, task_status, task_history, task_diff, task_report,
    task_patch_config, task_adopt_state, task_unlock, task_gc, task_iam_policy,
    task_local_start, task_local_stop,
)  # fmt: skip
# {command: the steps it is made of}; each can be run by its name and is in `doit list --all`.
STEPS: dict[str, tuple[Creator, ...]] = {
    "build": (
        task_install, task_prune, task_optimize, task_zip, task_sbom, task_report_page,
        task_verify,
    ),
    "deploy": (
        task_preflight, task_secret, task_lookup, task_deploy_lock, task_restore, task_upload,
        task_publish, task_chalice_deploy, task_smoke,
    ),
}  # fmt: skip


class Commands:
    """What doit takes for one task creator: it makes all of them, in order. `more`: a project's
    own, listed after ours."""

    def __init__(self, *more: Creator) -> None:
        self._listed = (*TYPED, *more)

    def typed(self) -> list[str]:
        """The names that people type, in order."""
        return [name_of(creator).replace("_", "-") for creator in self._listed]

    def create_doit_tasks(self) -> Iterator[Any]:
        """doit's Task objects; a step counts as part of its command and is not listed alone."""
        for creator in self._listed:
            yield from made(creator)
        for command, creators in STEPS.items():
            for creator in creators:
                for task in made(creator):
                    task.subtask_of = task.subtask_of or command
                    yield task


def made(creator: Creator) -> list[Any]:
    """The tasks of one creator, as doit makes them of `task_…` in a dodo.py."""
    return list(generate_tasks(name_of(creator), creator(), creator.__doc__))


def name_of(creator: Creator) -> str:
    return creator.__name__.removeprefix("task_")


commands = Commands()
