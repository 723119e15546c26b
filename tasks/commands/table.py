"""Table of contents: every command, in the order in which `doit list` shows them.

Each module is imported when its task is made, and what is typed decides which are: the tenth of a
second that all others take is not spent.
"""

from collections.abc import Callable, Collection, Iterator
from importlib import import_module
from typing import Any

from doit.loader import generate_tasks

from ..context import arguments
from ..context.settings import several_pythons
from ..ui import streams
from ..util.invoked_as import PACKAGE

Creator = Callable[[], object]
# {command that is typed: the module with its task_…}, below the package
TYPED = {
    "deploy": "commands.groups",
    "rollback": "commands.rollback",
    "unpin": "commands.unpin",
    "undo": "commands.undo",
    "build": "commands.groups",
    "lock": "commands.lock",
    "watch": "commands.watch",
    "doctor": "commands.doctor.command",
    "package": "commands.package",
    "plan": "commands.plan",
    "status": "commands.status",
    "history": "commands.history",
    "diff": "commands.diff",
    "show": "commands.show",
    "fetch": "commands.fetch",
    "report": "commands.report",
    "patch-config": "steps.patch_config",
    "adopt-state": "commands.adopt_state",
    "unlock": "commands.unlock",
    "gc": "commands.gc",
    "iam-policy": "commands.iam_policy",
    "invoke": "commands.invoke",
    "logs": "commands.logs",
    "local-start": "commands.local",
    "local-url": "commands.local",
    "local-stop": "commands.local",
}
# {command: the steps it is made of}; each can be run by its name and is in `doit list --all`.
STEPS = {
    "build": {
        "install": "steps.install",
        "prune": "steps.prune",
        "optimize": "steps.optimize",
        "zip": "steps.zip",
        "sbom": "steps.sbom",
        "report-page": "steps.report_page",
        "verify": "steps.verify",
    },
    "deploy": {
        "preflight": "steps.preflight",
        "secret": "steps.preflight",
        "lookup": "steps.lookup",
        "import-app": "steps.import_app",
        "deploy-lock": "steps.deploy_lock",
        "restore": "steps.restore",
        "upload": "steps.upload",
        "publish": "steps.publish",
        "smoke-before": "steps.smoke",
        "chalice-deploy": "steps.chalice_deploy",
        "smoke": "steps.smoke",
    },
}


class Commands:
    """What doit takes for one task creator: it makes all of them, in order. A project's own come
    after the others: `more`, its creators; `modules`, {command: the module with its task_…}."""

    def __init__(self, *more: Creator, **modules: str) -> None:
        ours = {name: f"{PACKAGE}.{module}" for name, module in TYPED.items()}
        self._listed: dict[str, str | Creator] = {**ours, **modules}
        self._listed |= {name_of(creator): creator for creator in more}

    def typed(self) -> list[str]:
        """The names that people type, in order."""
        return list(self._listed)

    def create_doit_tasks(self) -> Iterator[Any]:
        """doit's Task objects; a step counts as part of its command and is not listed alone."""
        streams.prepare_streams()  # plain `doit` starts here
        if pythons := several_pythons():
            from . import python_matrix

            known = [*self._listed, *(step for steps in STEPS.values() for step in steps)]
            yield from python_matrix.tasks(pythons, known)
            return
        wanted = self._wanted()
        for name, place in self._listed.items():
            if name in wanted:
                yield from make_tasks(
                    find_creator(name, place) if isinstance(place, str) else place
                )
        for command, steps in STEPS.items():
            for name, place in steps.items() if command in wanted else ():
                for task in make_tasks(find_creator(name, f"{PACKAGE}.{place}")):
                    task.subtask_of = task.subtask_of or command
                    yield task

    def _wanted(self) -> Collection[str]:
        """Which of the listed ones are made: what was typed, with all that it may rest on. All of
        them for what is no command of ours: doit's own (`list`), an option, a slip."""
        steps = {step for each in STEPS.values() for step in each}
        typed = {word.partition(":")[0] for word in arguments.words()}
        if not typed:
            return {"build"}
        if typed - self._listed.keys() - steps:
            return self._listed
        theirs = {name for name, place in self._listed.items() if not isinstance(place, str)}
        return typed | theirs | {"build", "deploy", "patch-config"}


def find_creator(name: str, module: str) -> Creator:
    """The creator of that command or step."""
    creator: Creator = getattr(import_module(module), f"task_{name.replace('-', '_')}")
    return creator


def make_tasks(creator: Creator) -> list[Any]:
    """The tasks of one creator, as doit makes them of `task_…` in a dodo.py."""
    return list(generate_tasks(name_of(creator), creator(), creator.__doc__))


def name_of(creator: Creator) -> str:
    return creator.__name__.removeprefix("task_")


commands = Commands()
