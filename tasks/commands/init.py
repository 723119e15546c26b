"""`doit-lambda-layer init`: a Chalice app takes the tool on. Everything is shown before it is
written, and a second run finds nothing to do."""

import argparse
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..adopt import (
    files,
    overview,
    renovate,
    repository,
    text_files,
    tool_origin,
    versions,
    workflow,
)
from ..adopt.overview import Adoption
from ..adopt.requirements import (
    compiled,
    exports,
    requirements_files,
    shared_layer,
    sources,
)
from ..adopt.requirements.requirements_files import Split
from ..adopt.requirements.sources import FUNCTION, LAYER, Source
from ..adopt.text_files import FileChange
from ..adopt.workflow import Place
from ..aws import credentials
from ..chalice_project import app as chalice_app
from ..chalice_project.app import App
from ..context.doit_actions import action
from ..requirements import developer_tools
from ..requirements.file import canonical
from ..settings import paths
from ..settings.model import Settings
from ..settings.pyproject import TABLE, by_stage
from ..ui.console import console, width
from ..util import subprocesses
from ..util.errors import InputError, LayerError
from ..util.invoked_as import typed

COLOURS = {"+": "green", "-": "red", "@": "cyan"}
DEPENDABOT = Path(".github/dependabot.yml")


def task_init() -> dict[str, object]:
    """Add the tool to your own Chalice app."""
    return {"actions": [action(lambda: main([]))], "verbosity": 2}


def main(words: Sequence[str]) -> int:
    """Exit status: 0 adopted, or nothing to do. 1 refused, by us or at the question."""
    options = parser().parse_args(words)
    try:
        return run_init(Path(), options)
    except LayerError as error:
        print(error, file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="doit-lambda-layer init",
        description="Put this Chalice app's dependencies into a Lambda layer: dodo.py, settings, "
        "requirements, config.json, .gitignore, GitHub workflow. Shows all of it first, then asks.",
    )
    made.add_argument("--yes", action="store_true", help="do not ask")
    made.add_argument(
        "--from", dest="source", default="", metavar="FILE",
        help=f"where the requirements stand: {', '.join(sources.SOURCES)}, any .txt or .in; also "
        "in another folder (default: the first that names any)",
    )  # fmt: skip
    made.add_argument(
        "--group", default="", help="with --from a lock or pyproject.toml: this group alone"
    )
    made.add_argument(
        "--stay", action="append", default=[], metavar="PACKAGE",
        help="stays with the function (repeatable)",
    )  # fmt: skip
    made.add_argument(
        "--share", default="", metavar="FOLDER",
        help="use the layer of the app in that folder: same name, bucket and requirements",
    )  # fmt: skip
    made.add_argument("--no-workflow", action="store_true", help="write no GitHub workflow")
    return made


def run_init(root: Path, options: argparse.Namespace) -> int:
    found = adopt(root, options)
    needed = text_files.needed(found.changes)
    if not needed:
        tell("nothing to do: this app has all of it")
        return 0
    for line in overview.overview(found):
        tell(line)
    for change in needed:
        show(change)
    if not (options.yes or confirmed(len(needed))):
        tell("nothing was changed")
        return 1
    text_files.write_changes(needed)
    for line in ["", f"written: {', '.join(str(change.path) for change in needed)}"]:
        tell(line)
    for line in overview.notes(found):
        tell(line)
    return 0


def adopt(root: Path, options: argparse.Namespace) -> Adoption:
    """Looks, and changes nothing. InputError where this is no Chalice app, or one of its files
    cannot be read."""
    app = chalice_app.read_app(root)
    table = by_stage(root / "pyproject.toml")[""][1]
    account = assumed = ""
    refuse_unused(root, options, table)
    if not table:
        account, region = credentials.account_and_region()
        table = files.proposals(app, account, region)
        assumed = "" if region else table["region"]
        if options.share:
            table |= shared_layer.settings_of(root, options.share)
    source, parts, halves = _parted(root, options, app, shared_layer.file_of(table))
    chalice = versions.chalice(root, source.file, [entry for entry, _ in parts.stays])
    versions.refuse_impossible(root, chalice, table.get("python", Settings().python))
    theirs = (
        LAYER not in halves
        or compiled.is_compiled(text_files.text_of(root / FUNCTION) or "")
        or sources.shared(root)
    )
    made = [
        _change(
            root,
            FUNCTION,
            lambda text: (text if theirs else None) or halves[FUNCTION],
            "Chalice packs it into the function",
        )
    ]
    if LAYER in halves:
        made.append(_change(root, LAYER, lambda _: halves[LAYER], "what the layer holds"))
    made += [*_around(root, app, table), *_renovate(root)]
    if not (options.no_workflow or overview.is_gitlabs(root)):
        made += _workflows(root, app, table, source, chalice)
    return Adoption(
        app=app,
        source=source,
        parts=parts,
        changes=made,
        account=account,
        region=assumed,
        is_gitlabs=overview.is_gitlabs(root),
    )


def refuse_unused(root: Path, options: argparse.Namespace, table: Mapping[str, Any]) -> None:
    """InputError for an option that would change nothing. `table`: of an app that is adopted."""
    if options.group and not options.source:
        problem = "--group chooses in a file, and no --from names one"
        raise InputError(problem, fix="name it, too: --from pyproject.toml")
    shared = shared_layer.settings_of(root, options.share) if options.share and table else {}
    if other := [
        f"{name} = {value!r}" for name, value in shared.items() if table.get(name) != value
    ]:
        raise InputError(
            f"--share changes nothing in an app that has [{TABLE}] already",
            fix=f"write there what the other app has: {', '.join(other)}",
        )


def _parted(
    root: Path, options: argparse.Namespace, app: App, shared: str
) -> tuple[Source, Split, dict[Path, str]]:
    """Where the requirements stand, which go into the layer, and the new texts of both files.
    `shared`: a file of several apps, which stays as it is."""
    if shared:
        return (Source(file=shared), *shared_layer.halves(root, shared))
    source, exported = _requirements(root, options)
    asked: set[str] = {canonical(name) for name in options.stay}
    requirements_files.refuse_moved(root, source, exported, asked)
    # of a group somebody chose, nobody need say what it is for
    tools = developer_tools.DEPLOYS if source.group else developer_tools.unused(app.imports)
    return (
        source,
        *requirements_files.halves(root, source, exported, app.vendored, asked, tools),
    )


def _requirements(root: Path, options: argparse.Namespace) -> tuple[Source, str]:
    """Where the app's requirements stand, and what they are."""
    is_compiled = compiled.is_compiled(text_files.text_of(root / FUNCTION) or "")
    if options.source and not (is_compiled and options.source == str(FUNCTION)):
        source = sources.named(options.source, options.group)
        return source, exports.requirements(root, source)
    known = requirements_files.remembered(root) or compiled.source(root) or sources.shared(root)
    source = known or sources.find(root)
    text = exports.requirements(root, source)
    return source, compiled.pinned(root, text) if is_compiled else text


def _workflows(
    root: Path, app: App, table: dict[str, Any], source: Source, chalice: str
) -> Iterator[FileChange]:
    """What is there already stays as it is. GitHub looks at the top of the repository."""
    up, place, branch = repository.up(root), _place(root, source), subprocesses.default_branch()
    why = f"a pull request builds, {branch or 'main'} deploys, back and forward by hand"
    tool = tool_origin.of_this(root)
    written = workflow.workflow(table, tool, app.stages, place, chalice, branch)
    yield _change(root, up / place.file, lambda text: text or written, why)
    dependabot = up / DEPENDABOT
    if not (root / dependabot).with_suffix(".yaml").exists():
        why = "newer versions of the actions that are pinned there"
        yield _change(root, dependabot, lambda text: text or files.DEPENDABOT, why)


def _renovate(root: Path) -> Iterator[FileChange]:
    """Where the repository has it."""
    up = repository.up(root)
    if found := renovate.find(root / up):
        why = "its pip-compile manager finds the layer's lock"
        yield _change(root, up / found, lambda text: renovate.configuration(text or ""), why)


def _place(root: Path, source: Source) -> Place:
    outside = (root / source.file).resolve()
    watched = [] if outside.is_relative_to(root.resolve()) else [outside]
    top = repository.top(root)
    names = [path.relative_to(top).as_posix() for path in watched if path.is_relative_to(top)]
    return Place(folder=repository.inside(root), watched=names)


def _around(root: Path, app: App, table: dict[str, Any]) -> Iterator[FileChange]:
    """The files that are not about packages."""
    config = paths.CHALICE_CONFIG
    from .table import commands  # which names this module

    known = commands.known()
    yield _change(
        root, Path("dodo.py"), lambda text: files.dodo(text, known), "where doit finds its commands"
    )
    yield _change(
        root, Path("pyproject.toml"), lambda text: files.pyproject(text, table),
        f"the settings that are this app's own, as [{TABLE}]",
    )  # fmt: skip
    yield _change(root, config, lambda text: files.config(text or "", app), overview.reason(app))
    yield _change(root, Path(".gitignore"), files.gitignore, "what builds leave behind")


def _change(root: Path, path: Path, make: Callable[[str | None], str], why: str) -> FileChange:
    before = text_files.text_of(root / path)
    return FileChange(path=path, before=before, after=make(before), why=why)


def show(change: FileChange) -> None:
    """As git shows it, with the reason before it."""
    for line in ["", *wrapped(f"{change.path}: {change.why}", width())]:
        console().print(line, style="bold", soft_wrap=True)
    for line in change.diff:
        console().print(line, style=COLOURS.get(line[:1], ""))


def confirmed(files_to_write: int) -> bool:
    """Asked, where there is somebody to ask."""
    if not sys.stdin.isatty():
        tell("\nnobody is here to be asked: --yes writes these files")
        return False
    named = "this file" if files_to_write == 1 else f"these {files_to_write} files"
    answer = input(f"\nwrite {named}? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def tell(line: str) -> None:
    """In the width that there is. What goes on is indented."""
    for each in wrapped(typed(line), width()):
        console().print(each, soft_wrap=True)


def wrapped(line: str, columns: int) -> list[str]:
    """A command or a path stays whole."""
    indent = " " * (12 if line.startswith("  ") else 6)
    found = textwrap.wrap(
        line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
        drop_whitespace=True, replace_whitespace=False,
    )  # fmt: skip
    return found or [line]
