"""A deploy that has begun before it is wanted: `doit watch` starts one ahead. It has imported all
that a deploy needs, and waits at its standard input until a file is saved.

`python -m ….cli.prepared deploy stage=…`: one line there lets it go. The end of it ends this.
"""

import os
import signal
import sys
from importlib import import_module

from ..aws import sealed_session
from ..chalice_project.child import process
from ..commands import table
from ..util.invoked_as import PACKAGE

# What is imported only when it is needed, and a deploy needs.
LATE = (
    "boto3.session", "boto3.s3.inject", "botocore.config", "botocore.exceptions", "doit.doit_cmd",
    "email.utils", "encodings.idna", "packaging.requirements", "rich.console", "rich.table",
    "sqlite3", "sysconfig", "tarfile",
)  # fmt: skip
OURS = (
    "commands.groups",
    "steps.patch_config",
    "cli.program",
    "cli.step_reporter",
    "cli.doit_run",
    "local_aws.invoke",
)
CLIENTS = ("s3", "lambda", "sts", "apigateway")


def main() -> int:
    """Exit status of the command that is typed behind this program's name."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a terminal's Ctrl-C, while it waits
    process.start_ahead(dict(os.environ))
    steps = [each for command in ("build", "deploy") for each in table.STEPS[command].values()]
    for module in (*LATE, *(f"{PACKAGE}.{each}" for each in (*OURS, *steps))):
        import_module(module)
    sealed_session.read_ahead(CLIENTS)
    if not sys.stdin.readline():
        return 0
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return int(import_module(f"{PACKAGE}.__main__").main())


if __name__ == "__main__":
    sys.exit(main())
