"""Chalice's command line with a secret's values in the functions' environment, and without the
layer's packages in the function. It makes no call twice that makes something each time, and a
function's variables do not change how it works.

`python -m ….runner`, and a line of JSON on stdin: `{"words": of its command line, "environ",
"variables": {…}, "access": …, "region"[, "image"][, "end"]}`. It is a process of its own, since
Chalice imports the app. The words `import` and `pack` are not Chalice's (child/app_import.py,
app_package.py): after the first it says "mark", and waits for the next line. No file, argument or
initial environment holds the values, and neither do the programs that Chalice starts (pip).
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from ..aws import sealed_session
from ..settings.local_access import Access
from . import packing
from .child import (
    app_import,
    app_package,
    function_handlers,
    function_names,
    image_calls,
    local_config,
    local_sources,
)  # fmt: skip
from .child.process_variables import harmless
from .package import Contents

AHEAD = "ahead"  # argument: nobody waits yet, so all that a deploy to stage=local reads is read


def apply(values: Mapping[str, str]) -> None:
    """Change Chalice in this process. The values win over config.json's."""
    from chalice.cli.factory import CLIFactory
    from chalice.config import Config
    from chalice.utils import OSUtils

    configured: Any = Config.environment_variables
    load: Any = CLIFactory.load_chalice_app
    mine = dict(os.environ)

    def merged(self: Any) -> dict[str, str]:
        return {**configured.fget(self), **values}

    def loaded(self: Any, variables: Mapping[str, str] | None = None, *more: Any) -> Any:
        with borrowed(harmless(variables or {})):
            return load(self, None, *more)

    def environ(self: Any) -> dict[str, str]:
        """For pip: with its own proxy, index and certificates."""
        return dict(mine)

    setattr(Config, "environment_variables", property(merged))  # noqa: B010 - mypy refuses the plain form
    setattr(CLIFactory, "load_chalice_app", loaded)  # noqa: B010 - mypy refuses the plain form
    setattr(OSUtils, "environ", environ)  # noqa: B010 - mypy refuses the plain form


@contextmanager
def borrowed(variables: Mapping[str, str]) -> Iterator[None]:
    """The app's own variables while it is imported, which may read them. After that os.environ, the
    folder and the process are what they were, whatever the app has set: who deploys, where, and
    until when, is not for it to say. Where it looked for modules, one that is imported later is
    looked for last."""
    before, folder, path = dict(os.environ), Path.cwd(), list(sys.path)
    os.environ.update(variables)
    try:
        with _same_process():
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(folder)
        sys.path[:] = [*path, *(each for each in sys.path if each not in path)]


@contextmanager
def _same_process() -> Iterator[None]:
    """What else a process has one of. An app that ends gracefully, as AWS's samples do, handles the
    signals by which a deploy is stopped."""
    numbers = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    handlers = {number: signal.getsignal(number) for number in numbers}
    seconds, hook, mask = socket.getdefaulttimeout(), sys.excepthook, os.umask(0o077)
    os.umask(mask)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        socket.setdefaulttimeout(seconds)
        sys.excepthook = hook
        os.umask(mask)


def unfolded() -> None:
    """Chalice folds AWS's words at column 79, in the middle of an ARN, too."""
    from chalice.deploy.deployer import ChaliceDeploymentError

    def whole(self: Any, text: str, indent: str = "") -> str:
        return indent + text

    setattr(ChaliceDeploymentError, "_wrap_text", whole)  # noqa: B010 - mypy refuses the plain form


def import_once() -> None:
    """ImportRestApi has no token by which AWS would know it again: when its answer is lost, the
    SDK's next try makes a second REST API. The next deploy finds the first one."""
    from chalice.cli import factory

    create = factory.create_botocore_session

    def watched(*arguments: Any, **named: Any) -> Any:
        session, lost = create(*arguments, **named), []

        def received(exception: object = None, **_: object) -> None:
            lost.extend([exception] if exception else [])

        def sending(**_: object) -> None:
            if lost:
                raise ConnectionError(f"AWS may have made the REST API, its answer is lost: {lost}")

        session.register("response-received.apigateway.ImportRestApi", received)
        session.register("before-send.apigateway.ImportRestApi", sending)
        return session

    factory.create_botocore_session = watched


def seal(access: Access, region: str) -> None:
    """stage=local: Chalice speaks with the emulator, and nothing says otherwise."""
    from botocore.loaders import Loader
    from chalice.cli import factory

    Loader.CUSTOMER_DATA_PATH = os.devnull  # for Chalice's look at policies: no ~/.aws/models

    def session(**named: Any) -> Any:
        """`Session(profile=…)`, which Chalice's own code makes and adorns."""
        return sealed_session.make(access, region)

    setattr(factory, "Session", session)  # noqa: B010 - mypy refuses the plain form


def commands() -> TextIO:
    """Standard input, which the app then finds at its end, as the programs that it starts do."""
    mine = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return mine


def main() -> int:
    from chalice.cli import main as chalice

    if sys.argv[1:] == [AHEAD]:
        sealed_session.read_ahead(("lambda", "iam", "apigateway"))
    asked = commands()
    told = json.loads(asked.readline())
    os.environ.clear()
    os.environ.update(told["environ"])
    if told["access"]:
        seal(Access(**told["access"]), told["region"])
        local_config.apply()
        local_sources.apply()
    apply(told["variables"])
    if told["words"][0] == "import":
        if code := app_import.tell(told["words"][-1], Path(told["report"])):
            return code
        os.write(1, f"\n{told['mark']}\n".encode())  # whatever the app made of sys.stdout
        if not (line := asked.readline()):
            return 0
        told = json.loads(line)
    packing.know_python(told["python"])
    packing.apply(Contents(**told["layer"]), Path(told["report"]), refuses=told["refuses"])
    if told["words"][0] == "pack":
        return app_package.make(told["words"][-1])
    import_once()
    converted(told)
    unfolded()
    sys.argv = ["chalice", *told["words"]]
    return int(chalice() or 0)


def converted(told: Mapping[str, Any]) -> None:
    """Functions that are images, or have names of their own, with the handlers that app.py has."""
    if told.get("end"):
        function_names.apply(told["end"])
    function_handlers.apply(image=bool(told.get("image")))
    if told.get("image"):
        image_calls.apply(told["image"])


if __name__ == "__main__":
    sys.exit(main())
