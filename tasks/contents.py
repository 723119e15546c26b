"""Table of contents: every command, in the order in which `doit list` shows them.

An app's dodo.py takes both names from here (`doit-lambda-layer init` writes it):

    from doit_lambda_layer.contents import DOIT_CONFIG, commands

Each module is imported when its task is made, and what is typed decides which are: the tenth of a
second that all others take is not spent.
"""

from collections.abc import Callable, Collection, Iterator
from importlib import import_module
from typing import Any

from doit.loader import generate_tasks

from .core import arguments, outputs
from .core.loading import several_pythons
from .reporter import StepReporter, verbosity

DOIT_CONFIG = {
    "default_tasks": ["build"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite3",
    "reporter": StepReporter,
    "sort": "definition",
    "verbosity": verbosity(),
}

Creator = Callable[[], object]
# {command that is typed: the module with its task_…}
TYPED = {
    "deploy": "groups",
    "rollback": "commands.rollback",
    "unpin": "commands.unpin",
    "build": "groups",
    "lock": "commands.lock",
    "doctor": "commands.doctor",
    "plan": "commands.plan",
    "status": "commands.status",
    "history": "commands.history",
    "diff": "commands.diff",
    "report": "commands.report",
    "patch-config": "steps.patch_config",
    "adopt-state": "commands.adopt_state",
    "unlock": "commands.unlock",
    "gc": "commands.gc",
    "iam-policy": "commands.iam_policy",
    "local-start": "commands.local",
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
        "secret": "steps.secret",
        "lookup": "steps.lookup",
        "deploy-lock": "steps.deploy_lock",
        "restore": "steps.restore",
        "upload": "steps.upload",
        "publish": "steps.publish",
        "chalice-deploy": "steps.chalice_deploy",
        "smoke": "steps.smoke",
    },
}


class Commands:
    """What doit takes for one task creator: it makes all of them, in order. `more`: a project's
    own creators, or ours that its people type; listed after the others."""

    def __init__(self, *more: Creator, **ours: str) -> None:
        self._listed: dict[str, str | Creator] = {**TYPED, **ours}
        self._listed |= {name_of(creator): creator for creator in more}

    def typed(self) -> list[str]:
        """The names that people type, in order."""
        return list(self._listed)

    def create_doit_tasks(self) -> Iterator[Any]:
        """doit's Task objects; a step counts as part of its command and is not listed alone."""
        outputs.begin()  # plain `doit` starts here
        if pythons := several_pythons():
            from .commands import matrix

            known = [*self._listed, *(step for steps in STEPS.values() for step in steps)]
            yield from matrix.tasks(pythons, known)
            return
        wanted = self._wanted()
        for name, place in self._listed.items():
            if name in wanted:
                yield from made(find(name, place) if isinstance(place, str) else place)
        for command, steps in STEPS.items():
            for name, place in steps.items() if command in wanted else ():
                for task in made(find(name, place)):
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


def find(name: str, module: str) -> Creator:
    """The creator of that command or step."""
    creator: Creator = getattr(
        import_module(f".{module}", __package__), f"task_{name.replace('-', '_')}"
    )
    return creator


def made(creator: Creator) -> list[Any]:
    """The tasks of one creator, as doit makes them of `task_…` in a dodo.py."""
    return list(generate_tasks(name_of(creator), creator(), creator.__doc__))


def name_of(creator: Creator) -> str:
    return creator.__name__.removeprefix("task_")


commands = Commands()
