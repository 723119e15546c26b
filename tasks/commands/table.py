"""Table of contents: every command, in the order in which `doit list` shows them.

Each module is imported when its task is made, and what is typed decides which are: the tenth of a
second that all others take is not spent.
"""

import re
from collections.abc import Callable, Collection, Iterator
from importlib import import_module
from typing import Any

from doit.loader import generate_tasks

from ..context import arguments
from ..context.settings import current, several_pythons
from ..ui import streams
from ..util.errors import SettingsError
from ..util.invoked_as import PACKAGE, look_in_the_app_last

Creator = Callable[[], object]
_VERBOSITY = re.compile(r"-v\d?|[012]")  # it makes no more tasks
# {what people want: {command that is typed: the module with its task_…, below the package}}
GROUPS = {
    "Build and deploy": {
        "deploy": "commands.groups",
        "plan": "commands.plan",
        "build": "commands.groups",
        "lock": "commands.lock",
        "watch": "commands.watch",
        "package": "commands.package",
        "convert": "commands.convert",
        "init": "commands.init",
    },
    "Go back": {
        "rollback": "commands.rollback",
        "unpin": "commands.unpin",
        "undo": "commands.undo",
    },
    "Look": {
        "status": "commands.status",
        "history": "commands.history",
        "diff": "commands.diff",
        "show": "commands.show",
        "fetch": "commands.fetch",
        "report": "commands.report",
        "doctor": "commands.doctor.command",
        "cache": "commands.cache",
    },
    "Use the app": {
        "invoke": "commands.invoke",
        "logs": "commands.logs",
        "local-url": "commands.local",
    },
    "Look after AWS": {
        "gc": "commands.gc",
        "unlock": "commands.unlock",
        "iam-policy": "commands.iam_policy",
        "adopt-state": "commands.adopt_state",
        "patch-config": "steps.patch_config",
        "local-start": "commands.local",
        "local-stop": "commands.local",
    },
}
TYPED = {name: place for group in GROUPS.values() for name, place in group.items()}
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
        "image-parts": "steps.image_parts",
        "push": "steps.push",
        "smoke-before": "steps.smoke",
        "chalice-deploy": "steps.chalice_deploy",
        "smoke": "steps.smoke",
    },
}


# About versions of a layer: a stage of images has none.
OF_LAYERS = {"publish", "upload", "restore", "patch-config"}


class Commands:
    """What doit takes for one task creator: it makes all of them, in order. A project's own come
    after the others: `more`, its creators. `modules`, {command: the module with its task_…}."""

    def __init__(self, *more: Creator, **modules: str) -> None:
        ours = {name: f"{PACKAGE}.{module}" for name, module in TYPED.items()}
        self._listed: dict[str, str | Creator] = {**ours, **modules}
        self._listed |= {name_of(creator): creator for creator in more}

    def typed(self) -> list[str]:
        """The names that people type, in order."""
        return list(self._listed)

    def known(self) -> list[str]:
        """These, and the steps that they are made of."""
        return [*self._listed, *(step for steps in STEPS.values() for step in steps)]

    def create_doit_tasks(self) -> Iterator[Any]:
        """doit's Task objects. A step counts as part of its command and is not listed alone."""
        look_in_the_app_last()  # doit has just put dodo.py's folder first
        streams.prepare_streams()  # plain `doit` starts here
        if pythons := several_pythons():
            from . import python_matrix

            yield from python_matrix.tasks(pythons, self.known())
            return
        arguments.current()  # what no command here takes is refused before anything is started
        refuse_of_layers(arguments.words())
        made = list(self._tasks())
        if "clean" in arguments.words():
            _let_clean(made)
        yield from made

    def _tasks(self) -> Iterator[Any]:
        """Of what is wanted, and of all that these name in turn. Of a command's steps all are made:
        doit finds which comes first by their files, too."""
        made: dict[str, list[Any]] = {}
        left, known = [*self._wanted()], self.known()
        while left:
            name = left.pop().partition(":")[0]
            if name in known and name not in made:  # doit says it of one that is not known
                made[name] = self._made(name)
                left += STEPS.get(command_of(name), ())
                left += [each for task in made[name] for each in task.task_dep + task.setup_tasks]
        for name in known:
            yield from made.get(name, ())

    def _made(self, name: str) -> list[Any]:
        """The tasks of one command or step, which counts as part of its command."""
        command = command_of(name)
        place = f"{PACKAGE}.{STEPS[command][name]}" if command else self._listed[name]
        tasks = make_tasks(find_creator(name, place) if isinstance(place, str) else place)
        for task in tasks:
            task.subtask_of = task.subtask_of or command or None
        return tasks

    def _wanted(self) -> Collection[str]:
        """Which are made: what was typed. All of them for what is no command of ours: doit's own
        (`list`), an option, a slip."""
        words = [word for word in arguments.words() if not _VERBOSITY.fullmatch(word)]
        typed = {word.partition(":")[0] for word in words}
        if not typed:
            return {"build"}
        if typed - {*self.known()}:
            return self.known()
        return typed | {name for name, place in self._listed.items() if not isinstance(place, str)}


def refuse_of_layers(words: Collection[str]) -> None:
    """SettingsError for a command about layer versions, where the stage has none."""
    asked = [word for word in words if word in OF_LAYERS]
    if asked and current().is_image:
        raise SettingsError(
            f"command line: {asked[0]} is about a layer, and stage {current().stage} has "
            'package = "image"',
            fix="./doitw history lists the stage's images, ./doitw status shows what runs",
        )


def steps_of(command: str) -> list[str]:
    """In their order. [] for what is no command of several steps."""
    build, deploy = list(STEPS["build"]), list(STEPS["deploy"])
    if command == "deploy":
        at, end = deploy.index("upload"), deploy.index("smoke-before")
        return [*deploy[:at], *build, *deploy[at:end], "patch-config", *deploy[end:]]
    return build if command == "build" else []


def command_of(step: str) -> str:
    """The command that a step is part of. '' for none."""
    return next((command for command, steps in STEPS.items() if step in steps), "")


def summary(name: str) -> str:
    """What a command does, in one line: as `list` says it, without its full stop."""
    doc = find_creator(name, f"{PACKAGE}.{TYPED[name]}").__doc__ or ""
    return doc.removesuffix(".")


def find_creator(name: str, module: str) -> Creator:
    """The creator of that command or step."""
    creator: Creator = getattr(import_module(module), f"task_{name.replace('-', '_')}")
    return creator


def make_tasks(creator: Creator) -> list[Any]:
    """The tasks of one creator, as doit makes them of `task_…` in a dodo.py."""
    return list(generate_tasks(name_of(creator), creator(), creator.__doc__))


def _let_clean(tasks: Collection[Any]) -> None:
    from .clean import let_clean  # for this alone

    targets = {task.name: task.targets for task in tasks}
    for task in tasks:
        parts = STEPS["deploy"] if task.name == "deploy" else [task.name]
        made = [target for part in parts for target in targets[part]]
        if task.name in TYPED or task.subtask_of in STEPS:
            let_clean(task, made, {part: part in STEPS["build"] for part in parts}, current())


def name_of(creator: Creator) -> str:
    return creator.__name__.removeprefix("task_")


commands = Commands()
