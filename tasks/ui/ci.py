"""How CI systems fold a log and show an error beside the file (as GitHub and GitLab document)."""

import re
import time
from collections.abc import Mapping

from .visible import fenced, markdown, visible

_PLACE = re.compile(r"^\s+--> (?P<file>.+):(?P<line>\d+)$", re.M)


def begin_fold(name: str, environ: Mapping[str, str]) -> str:
    """The line that a step begins with. '' outside of CI."""
    if environ.get("GITHUB_ACTIONS"):
        return f"::group::▶ {name}\n"
    if environ.get("GITLAB_CI"):
        section = f"section_start:{time.time():.0f}:{_section(name)}[collapsed=true]"
        return f"\x1b[0K{section}\r\x1b[0K▶ {name}\n"
    return ""


def end_fold(name: str, environ: Mapping[str, str]) -> str:
    """What ends the fold."""
    if environ.get("GITHUB_ACTIONS"):
        return "::endgroup::\n"
    if environ.get("GITLAB_CI"):
        return f"\x1b[0Ksection_end:{time.time():.0f}:{_section(name)}\r\x1b[0K"
    return ""


def _section(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)


def error(name: str, message: str, environ: Mapping[str, str]) -> str:
    """The error where GitHub shows it: at the run's top, and beside the file that it names."""
    if not environ.get("GITHUB_ACTIONS"):
        return ""
    message = visible(message)
    found = _PLACE.search(message)
    place = f",file={_property(found['file'])},line={found['line']}" if found else ""
    return f"::error title={_property(name)} failed{place}::{_data(message.strip())}\n"


def _data(text: str) -> str:
    """As GitHub's runner reads it back."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(rows: list[tuple[str, str, str, str]], words: list[str]) -> str:
    """Markdown for GitHub's job summary. `rows`: mark, step, what it made, time. `words`: what is
    said at the end."""
    table = [f"| {' | '.join(map(markdown, row))} |" for row in rows]
    head = ["|  | step | result | time |", "|---|---|---|---|"]
    told = ["", *fenced(words)] if words else []
    return "\n".join(["", *head, *table, *told, ""])
