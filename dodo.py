"""What `doit` can do here: the commands of tasks/commands/table.py, then what the tool's own
development needs."""

from tasks import DOIT_CONFIG
from tasks.commands import table

__all__ = ["DOIT_CONFIG", "commands"]

commands = table.Commands(
    test="devtools.test", bench="devtools.bench", docs="devtools.docs", dist="devtools.dist"
)
