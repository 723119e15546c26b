"""Requirement files that pip-compile or uv wrote: their comments say who asks for what."""

import re

from .file import canonical

_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*(?:==|@)")
_VIA = re.compile(r"#\s*via\b")
_EXTRAS = re.compile(r"\[.*")


def resolved_only(text: str) -> set[str]:
    """What pip-compile and uv wrote into a file because other packages of it need it, and nobody
    else: `-r requirements.in`, `app (pyproject.toml)` and a project's name are none of these."""
    found: dict[str, list[str]] = {}
    names = {canonical(match[1]) for line in text.splitlines() if (match := _PINNED.match(line))}
    name, inside = "", False
    for line in text.splitlines():
        if match := _PINNED.match(line):
            name, inside = canonical(match[1]), False
        if name and _VIA.search(line):
            inside, line = True, _VIA.split(line, maxsplit=1)[1]
        elif not (inside and line.lstrip().startswith("#")):
            inside = False
        for said in line.split(",") if inside else ():
            by = said.strip().lstrip("#").strip()
            if by and not by.startswith("-c "):  # a constraint asks for nothing
                found.setdefault(name, []).append(canonical(_EXTRAS.sub("", by)))
    return {each for each, by in found.items() if names.issuperset(by)}
