"""What `doit` can do here: the table of contents is tasks/contents.py, and after it comes what the
tool's own development needs."""

from tasks import contents

DOIT_CONFIG = contents.DOIT_CONFIG
commands = contents.Commands(
    test="commands.test", bench="commands.bench", docs="commands.docs", dist="commands.dist"
)
