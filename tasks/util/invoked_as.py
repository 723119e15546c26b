"""How the tool is called, for the commands that messages tell people to type. Where it looks for
modules then.

Messages are written as for the tool's own checkout, `./doitw …`. Where the wheel is installed, that
is `doit …`, or `doit-lambda-layer …` where no `doit` is beside it (pipx shows one program).
"""

import re
import sys
from pathlib import Path

PACKAGE = __name__.partition(".")[0]  # `tasks`, or the wheel's name for it
WRITTEN = "./doitw"
SITES = [each for each in sys.path if each.endswith("site-packages")]
PROGRAMS = ("doit", "doit-lambda-layer")


def called(program: str, package: str) -> str:
    """What a person types instead of `./doitw`. `program`: sys.argv[0]."""
    path = Path(program)
    if path.name in PROGRAMS:
        return "doit" if path.with_name("doit").exists() else path.name
    return WRITTEN if package == "tasks" else "doit"


CALL = called(sys.argv[0], PACKAGE)


def typed(text: str) -> str:
    """A message as people can type it here."""
    return re.sub(r"(?<![\w/])\./doitw(?!\w)", CALL, text)


def look_in_the_app_last() -> None:
    """Python and doit look in the current folder first. A secrets.py beside app.py is the app's,
    and nothing that this tool imports by that name. Behind it comes the tool's own checkout, which
    has an app.py, too."""
    try:
        root, here = str(Path(__file__).parents[2]), str(Path.cwd())
    except OSError:  # the folder is gone, which context/folder.py says
        return
    last = [here] if root in (here, *SITES) else [here, root]
    sys.path[:] = [*(each for each in sys.path if each not in ("", *last)), *last]
