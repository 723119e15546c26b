"""requirements.txt: which of its packages go into the function, and which stay out of it.

What the layer has stays out: it would run instead of the layer's. So do Chalice and the tools that
deploy (a `pip freeze` names them all): Chalice packs its runtime itself.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..settings import paths
from ..util import input_files
from . import compiled_file, developer_tools, file, references
from .file import Line, canonical, parse_requirement

FUNCTION = paths.FUNCTION_REQUIREMENTS
TOOLS = developer_tools.DEPLOYS
SHOWN = 5  # lines named one by one
NO_TOOL = "not packed, Chalice adds its runtime itself"
IN_LAYER = "not packed, the layer has it"
UNUSED = "not packed, a tool that the app does not import"
_EXTRAS = re.compile(r"[^@;]*\[")
_EDITABLE = re.compile(r"(?:-e|--editable)\b")


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """`requires`: Requires-Dist, as its metadata has them."""

    name: str
    version: str
    requires: Collection[str] = ()


def name_of(line: Line) -> str:
    """'' for an option, and for a path or an address that does not say whose it is."""
    from packaging.requirements import InvalidRequirement

    try:
        if not line.is_option:
            return line.name
    except InvalidRequirement:
        pass
    found = references.EGG.search(line.text) or (
        None if line.is_option else references.FILE.search(line.bare)
    )
    return canonical(found[1]) if found else ""


def asks(line: Line) -> bool:
    """Is a package installed for it? Constraints and options ask for none, `-e` does."""
    return not line.constraint and (not line.is_option or bool(_EDITABLE.match(line.text)))


def asked(path: Path) -> dict[str, Line]:
    """{package: the line that asks for it}"""
    return {name: line for line in file.lines(path) if asks(line) and (name := name_of(line))}


def files_behind(path: Path) -> list[Path]:
    """What decides what it asks for beside its own text: included files, packages that lie here."""
    lines = file.lines(path)
    local = [found for line in lines if (found := references.package_file(line.text))]
    folders = [line.text for line in lines if Path(references.links(line.text)).is_dir()]
    return [*file.files(path)[1:], *local, *references.wheels(folders)]


def packed(path: Path, layer: Collection[str], unused: Collection[str] = ()) -> list[Line]:
    """The lines that are left for pip. What extras bring may be in no layer, so a line with some
    stays. Where hashes are demanded every package has to be named: then all stay until nothing is
    left to install. `unused`: tools of which the app imports nothing."""
    there = file.lines(path)
    kept = [line for line in there if not _is_left_out(line, layer, unused)]
    if not any(map(asks, kept)):
        return []
    return there if any(line.hashes for line in there) else kept


def _is_left_out(line: Line, layer: Collection[str], unused: Collection[str]) -> bool:
    name = name_of(line)
    has_extras = bool(_EXTRAS.match(line.bare))
    return name in TOOLS or name in unused or (name in layer and not has_extras)


def left_out(
    found: Collection[Wheel], path: Path, layer: Collection[str], tools: Collection[Wheel] = ()
) -> set[str]:
    """The names of those that stay out of the function: the layer's, and what the tools alone
    need. `found`: what pip found for the file at `path`. `tools`: as they are installed here."""
    wheels = {wheel.name: wheel for wheel in found}
    of_tools = _closure(TOOLS, {wheel.name: wheel for wheel in tools} | wheels)
    wanted = _closure(_roots(path, wheels), wheels)
    return {name for name in wheels if name in layer or name in of_tools - wanted}


def leading(found: Collection[Wheel], path: Path) -> dict[str, str]:
    """{package: the line that asks for it, or for what needs it}"""
    wheels = {wheel.name: wheel for wheel in found}
    lines: dict[str, str] = {}
    for name, line in asked(path).items():
        for each in _closure([name, line.bare], wheels):
            lines.setdefault(each, f"{place(line)} needs {each}")
    return lines | {name: place(line) for name, line in asked(path).items()}


def _roots(path: Path, wheels: Mapping[str, Wheel]) -> list[str]:
    """The requirements that people wrote. A path or an address without a name asks for what pip
    found and nobody else does."""
    lines, texts = asked(path), map(input_files.read_marked_text, file.files(path))
    compiled = set[str]().union(*map(compiled_file.resolved_only, texts))
    named = [each for each in lines if each not in TOOLS | compiled]
    roots = named + [lines[each].bare for each in named]
    if all(map(name_of, filter(asks, file.lines(path)))):
        return roots
    others = [text for each in wheels.values() for text in each.requires if _holds(text, ())]
    return roots + sorted(wheels.keys() - _closure([*lines, *TOOLS, *others], wheels))


def _closure(texts: Iterable[str], wheels: Mapping[str, Wheel]) -> set[str]:
    """The packages that these requirements come to, among the wheels."""
    waiting, seen = list(texts), set[tuple[str, frozenset[str]]]()
    while waiting:
        for name, extras in _parsed(waiting.pop()):
            if (name, extras) not in seen and name in wheels:
                seen.add((name, extras))
                waiting += [each for each in wheels[name].requires if _holds(each, extras)]
    return {name for name, _ in seen}


def _parsed(text: str) -> Iterator[tuple[str, frozenset[str]]]:
    from packaging.requirements import InvalidRequirement

    try:
        found = parse_requirement(text)
        yield canonical(found.name), frozenset(found.extras)
    except InvalidRequirement:
        return


def _holds(text: str, extras: Collection[str]) -> bool:
    """Does it apply here, with one of these extras or none? What cannot be read does not."""
    from packaging.requirements import InvalidRequirement

    try:
        marker = parse_requirement(text).marker
    except InvalidRequirement:
        return False
    return marker is None or any(marker.evaluate({"extra": each}) for each in [*extras, ""])


def unmet(kept: Iterable[Wheel], layer: Mapping[str, str]) -> list[str]:
    """A sentence for each package of the function that asks for another version of a layer's."""
    from packaging.requirements import InvalidRequirement

    found = []
    for wheel in kept:
        for text in wheel.requires:
            try:
                wanted = parse_requirement(text)
            except InvalidRequirement:
                continue
            has = layer.get(canonical(wanted.name))
            if has and _holds(text, ()) and not wanted.specifier.contains(has, prereleases=True):
                asks = f"{wheel.name} {wheel.version} in the function asks for {wanted.name}"
                found.append(f"{asks}{wanted.specifier}; the layer has {has}")
    return found


def double(lines: Mapping[str, Line], layer: Collection[str]) -> str:
    """Which lines a deploy does not pack, for who only looks. '' for none."""
    tools = [line for name, line in lines.items() if name in TOOLS]
    both = [line for name, line in lines.items() if name in layer and name not in TOOLS]
    said = [f"{_places(tools)}: {NO_TOOL}"] if tools else []
    return "; ".join(said + ([f"{_places(both)}: {IN_LAYER}"] if both else []))


def sentences(
    path: Path, layer: Mapping[str, str], left: Mapping[str, str], unused: Collection[str] = ()
) -> Iterator[str]:
    """Which line of the file does not count, and why. `left`: {package: the version that was
    fetched, and left out}. `unused`: as above."""
    lines = asked(path)
    tools = [line for name, line in lines.items() if name in TOOLS]
    both = {name: line for name, line in lines.items() if name in layer and name not in TOOLS}
    same = [line for name, line in both.items() if _agrees(line, layer[name])]
    if tools:
        yield f"note: {_places(tools)}: {NO_TOOL}"
    others = [line for name, line in lines.items() if name in {*unused} - {*TOOLS, *layer}]
    if others:
        yield f"note: {_places(others)}: {UNUSED}"
    for name, line in both.items():
        if line not in same:
            yield f"warning: {_places([line])}: not packed, the layer has {layer[name]}"
    if same:
        yield f"note: {_places(same)}: {IN_LAYER}"
    needed = sorted(name for name in left if name not in lines and name in layer)
    if needed:
        yield f"note: needed by others and not packed, the layer has them: {', '.join(needed)}"


def _agrees(line: Line, version: str) -> bool:
    wanted = line.requirement
    return wanted is None or wanted.specifier.contains(version, prereleases=True)


def _places(lines: list[Line]) -> str:
    """`requirements.txt, line 4: python-dotenv==1.1.0`"""
    if len(lines) > SHOWN:
        numbers = ", ".join(str(line.number) for line in lines)
        return f"{lines[0].file}, lines {numbers}"
    return "; ".join(map(place, lines))


def place(line: Line) -> str:
    return f"{line.file}, line {line.number}: {line.bare}"
