"""Files that several distributions bring, each another one: whose stays in the layer.

Two that run alike are no conflict: an `__init__.py` that declares a namespace, or differs in
comments alone. A README at the root of site-packages is none. Nor is what lies there in a folder
without code, or in one such as `examples` that was packed by mistake and nobody imports. Editors
and Git leave files anywhere. Of others `prefer` says it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from ...requirements.file import canonical
from ...ui.console import few
from ...util.errors import BuildError, SettingsError
from ..installed import Installed, InstalledDistribution
from .globs import glob_of, matcher
from .inits import code_of, declares
from .patterns import PAGES
from .references import may_be

LISTED = 10  # files, in one message
CODE = {".py", ".pyc", ".pyd", ".so", ".pth"}
# Folders and modules at the root of site-packages that were packed by mistake.
STRAY = {
    "__init__", "__main__", "benchmark", "benchmarks", "build", "conf", "conftest", "demo",
    "demos", "doc", "docs", "dodo", "example", "examples", "fabfile", "hatch_build",
    "integration_tests", "manage", "notebooks", "noxfile", "pavement", "pdm_build", "sample",
    "samples", "scripts", "setup", "src", "tasks", "test", "tests", "tools", "tutorial",
    "tutorials", "unit_tests", "versioneer",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Preference:
    """A distribution, and the files that the layer has from it: a glob."""

    name: str
    glob: str


def read_preferences(prefer: Iterable[str]) -> list[Preference]:
    """From the settings: `NAME: GLOB` each."""
    named = (each.partition(":") for each in prefer)
    return [Preference(name=canonical(name.strip()), glob=glob.strip()) for name, _, glob in named]


def claims(tree: Installed, paths: Collection[str]) -> dict[str, list[InstalledDistribution]]:
    """{path: who brings it} of those that differ, sorted by path and name. What the installer
    compiled does not count. What has no hash in RECORD may be anything."""
    found: dict[str, list[InstalledDistribution]] = {}
    for each in sorted(tree.distributions, key=lambda each: each.name):
        for path in each.hashes.keys() & paths:
            if "__pycache__" not in path:
                found.setdefault(path, []).append(each)
    differ = {
        path: who
        for path, who in found.items()
        if len({each.hashes[path] or each.name for each in who}) > 1
    }
    return dict(sorted(differ.items()))


def settle(
    tree: Installed,
    stay: Collection[str],
    prefer: Sequence[Preference],
    app: Callable[[], Collection[str]] = tuple,
) -> dict[str, str]:
    """{path: the package whose file the layer has}. BuildError where nobody can say, SettingsError
    where `prefer` says two. `app`: finds modules that the app imports, asked where two clash."""
    open_: dict[str, list[str]] = {}
    found: dict[str, str] = {}
    paths = set(stay)
    claimed = claims(tree, paths)
    if not claimed:
        return {}
    code = (path for path in paths if PurePosixPath(path).suffix in CODE or ".so." in path)
    filled = {"bin", *(path.split("/")[0] for path in code)}  # programs have no suffix
    bare = {path.split("/")[0] for path in paths if "/" in path} - filled
    named_by_app = {name.split(".")[0] for name in app() if may_be(name, tree.places)}
    used = imported(tree, STRAY | bare, paths) | named_by_app
    for path, who in claimed.items():
        named = sorted(named_for(path, prefer) & {each.name for each in who})
        if len(named) > 1:
            raise SettingsError(
                f"prefer: {path} cannot come from both {' and '.join(named)}",
                fix="name one of them for it in [tool.lambda-layer]",
            )
        strays = (STRAY if all(map(packs_more, who)) else set()) | bare
        if winner := named[0] if named else same(path, who, strays - used):
            found[path] = winner
        else:
            open_[path] = [each.name for each in who]
    refuse(open_)
    return found


def named_for(path: str, prefer: Iterable[Preference]) -> set[str]:
    """Distributions that the settings want the path from."""
    return {each.name for each in prefer if matcher((each.glob,))(path)}


def unmatched(tree: Installed, prefer: Iterable[Preference]) -> list[str]:
    """Preferences for what their distribution does not bring: most likely misspelt."""
    brings = {each.name: each.files for each in tree.distributions}
    return [
        f"{each.name}: {each.glob}"
        for each in prefer
        if not any(map(matcher((each.glob,)), brings.get(each.name, ())))
    ]


def imported(tree: Installed, tops: Collection[str], stay: Collection[str]) -> set[str]:
    """Of these outermost names those that code which stays, of another one, or an entry point,
    imports."""
    found = {name.split(".")[0] for each in tree.distributions for name in each.targets}
    for each in tree.distributions:
        for path, (imports, *_) in each.modules.items():
            if path in stay:
                names = (name for name in imports if may_be(name, tree.places))
                found |= {name.split(".")[0] for name in names} - {path.split("/")[0]}
    return found & {*tops}


def packs_more(found: InstalledDistribution) -> bool:
    """Has it code beside folders that are packed by mistake? Else such a one is what it brings."""
    names = (PurePosixPath(path) for path in found.files)
    return any(
        each.suffix in CODE and each.parts[0].removesuffix(".py") not in STRAY for each in names
    )


def in_doubt(winners: Mapping[str, str]) -> list[str]:
    """Of those that came to one of two those that code might read: a VERSION in a folder."""
    return [path for path in winners if "/" in path and is_page(path)]


def is_page(path: str) -> bool:
    place = PurePosixPath(path)
    return place.suffix in ("", ".md", ".rst", ".txt") and bool(PAGES.fullmatch(place.stem))


def same(path: str, who: Sequence[InstalledDistribution], strays: Collection[str] = ()) -> str:
    """The one to take of files that run alike, or do not run. '' where they do not. `strays`:
    what nobody imports at the root, without `.py`."""
    place = PurePosixPath(path)
    is_text = all(path in each.licenses for each in who)  # of a licence
    if place.parts[0].removesuffix(".py") in strays or place.name == "py.typed" or is_text:
        return who[0].name
    hidden = any(part.startswith(".") for part in place.parts)
    if place.suffix not in CODE and (hidden or is_page(path) or len(place.parts) == 1):
        return who[0].name
    texts = {each.name: each.inits[path] for each in who if path in each.inits}
    return _one_for_all(texts) if len(texts) == len(who) else ""


def _one_for_all(texts: Mapping[str, str]) -> str:
    """Of `{package: its __init__}`: one that does what all do. Code stands for those that declare
    the namespace alone, where it declares that, too."""
    codes = {name: code_of(text) for name, text in texts.items()}
    able = [name for name, code in codes.items() if code] or [*codes]
    alike = len({codes[name] for name in able}) == 1
    if not alike or (len(able) < len(codes) and not all(declares(texts[name]) for name in able)):
        return ""
    return min(able, key=lambda name: (_needs_help(texts[name]), name))


def _needs_help(text: str) -> tuple[bool, bool]:
    """pkg_resources may not be in the layer. What declares nothing says less than what does."""
    return "pkg_resources" in text, "extend_path" not in text


def refuse(open_: Mapping[str, Sequence[str]]) -> None:
    """BuildError for files that cannot lie in one layer."""
    if not open_:
        return
    lines = [
        f"{' and '.join(who)} {'both' if len(who) == 2 else 'all'} write {path}, differently"
        for path, who in open_.items()
    ]
    named = preferences(open_)[:LISTED]
    drop = f"Or leave it out: drop = [{_quoted(map(glob_of, open_))}]. "
    raise BuildError(
        "\n".join(few(lines, "file", LISTED)),
        fix=f"choose one of them: prefer = [{_quoted(named)}] in [tool.lambda-layer]. "
        f"{drop * (len(lines) <= LISTED)}Or pin versions that agree",
    )


def preferences(open_: Mapping[str, Sequence[str]]) -> list[str]:
    """For `prefer`: lines that settle all of it. One for several files of an outermost folder that
    one package brings all of."""
    inside: dict[str, list[str]] = {}
    for path in open_:
        inside.setdefault(path.split("/")[0], []).append(path)
    found = []
    for top, paths in inside.items():
        common = set(open_[paths[0]]).intersection(*(open_[path] for path in paths))
        if common and len(paths) > 1:
            found.append(f"{min(common)}: {glob_of(top)}")
        else:
            found += [f"{open_[path][0]}: {glob_of(path)}" for path in paths]
    return found


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f'"{each}"' for each in values)
