"""A deploy that has begun before it is wanted: `doit watch` starts one ahead. It has imported all
that a deploy needs, and waits at its standard input until a file is saved.

`python -m ….cli.prepared deploy stage=…`: one line there lets it go; the end of it ends this.
"""

import os
import signal
import sys
from importlib import import_module

from ..chalice_project.child import process
from ..commands import table
from ..util.invoked_as import PACKAGE

# What is imported only when it is needed, and a deploy needs.
LATE = ("boto3.session", "botocore.config", "botocore.exceptions", "email.utils", "doit.doit_cmd")


def main() -> int:
    """Exit status of the command that is typed behind this program's name."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a terminal's Ctrl-C, while it waits
    for module in (*LATE, *(f"{PACKAGE}.{each}" for each in table.STEPS["deploy"].values())):
        import_module(module)
    process.start_ahead(dict(os.environ))
    if not sys.stdin.readline():
        return 0
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return int(import_module(f"{PACKAGE}.__main__").main())


if __name__ == "__main__":
    sys.exit(main())
