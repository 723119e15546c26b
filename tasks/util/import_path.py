"""Where Python looks for modules. Imports nothing that could be looked for in the wrong place."""

import os
import sys


def look_in_the_app_last() -> None:
    """Python and doit look in the current folder first. A secrets.py beside app.py is the app's,
    and nothing that this tool imports by that name."""
    here = os.getcwd()  # noqa: PTH109 - pathlib would be looked for there
    sys.path[:] = [*(each for each in sys.path if each not in ("", here)), here]
