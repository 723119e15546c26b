"""A Chalice app's folder: what its files say. It is read. Only where no file that was read imports
chalice, Chalice is asked, which runs it."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..requirements import developer_tools
from ..requirements.file import canonical
from ..settings import paths
from ..settings.smoke_request import NONE
from ..util.errors import InputError
from . import config as chalice_config
from . import config_schema
from .app_file_names import APP, VENDOR
from .source import declared
from .source.declared import Handler, Route
from .source.modules import read_modules

PRODUCTION = re.compile(r"prod|prd|production|live|main|master", re.I)
FAVOURITES = ("/health", "/healthz", "/ping", "/status", "/")  # paths that ask "are you there?"


@dataclass(frozen=True, kw_only=True)
class App:
    """`stages`: as config.json names them. `asked`: paths a plain GET reaches, no parameters,
    nothing that API Gateway guards. `has_api`: is there any route. `vendored`: normalised names
    below vendor/. `apart`: {stage: {function: ARNs of the layers that it has of its own}}.
    `automatic`: does Chalice make a layer of its own?. `imports`: the outermost names of all
    that its modules import. `misplaced`: members of `stages` that are no stage. `is_named`: does
    config.json say app_name?"""

    name: str
    stages: list[str]
    asked: list[str] = field(default_factory=list)
    has_api: bool = False
    vendored: set[str] = field(default_factory=set)
    apart: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    automatic: bool = False
    imports: set[str] = field(default_factory=set)
    misplaced: list[str] = field(default_factory=list)
    is_named: bool = True

    @property
    def stage(self) -> str:
        """The stage that a deploy means: prod, by whichever name, or the first there is."""
        others = [name for name in self.stages if name != "local"]
        main = [name for name in others if PRODUCTION.fullmatch(name)]
        return [*main, *others, "prod"][0]

    @property
    def smoke_path(self) -> str:
        """What to ask the deployed app for. `none` where nothing can be asked without parameters
        or a right."""
        return liked(self.asked)


def liked(paths: Sequence[str]) -> str:
    """Of paths that a plain GET reaches, the one to ask for. `none` of none."""
    favourites = [path for path in FAVOURITES if path in paths]
    return [*favourites, *paths, NONE][0]


def open_paths(there: Iterable[Route]) -> list[str]:
    """What a plain GET reaches: no parameters, nothing that API Gateway guards."""
    return [
        each.path
        for each in there
        if "GET" in each.methods and "{" not in each.path and not each.guard
    ]


def read_app(root: Path) -> App:
    """InputError where this is no Chalice app."""
    config = root / paths.CHALICE_CONFIG
    if not (config.is_file() and (root / APP).is_file()):
        raise _incomplete(root, paths.CHALICE_CONFIG if not config.is_file() else APP)
    table = chalice_config.load_config(config)
    chalice_config.refuse_unusable_name(config)
    modules = read_modules(root)
    there = list(declared.routes(modules))
    if not modules.use_chalice:
        from .child import asked  # with all that starts it

        there = asked.routes(root, [*table["stages"], "dev"][0])
    return App(
        name=str(table.get("app_name") or root.resolve().name),
        stages=list(table["stages"]),
        asked=open_paths(there),
        has_api=bool(there),
        vendored=_vendored(root / VENDOR),
        apart={
            name: own
            for name in table["stages"]
            if (own := chalice_config.own_layers(config, name))
        },
        automatic=any(each.get("automatic_layer") for each in (table, *table["stages"].values())),
        imports=modules.imported(),
        misplaced=config_schema.misplaced(json.loads(config.read_text(encoding="utf-8"))),
        is_named=bool(table.get("app_name")),
    )


def _incomplete(root: Path, missing: Path) -> InputError:
    """What to do where a file is made out of another, or the folder is another."""
    pattern = f"{missing.stem}*"
    others = [each.name for each in sorted((root / missing.parent).glob(pattern))]
    fix = (
        "run it in the folder that has app.py and .chalice/, or make an app: chalice new-project "
        "NAME"
    )
    if others and missing != APP:
        fix = f"make it as your deploys do, from {', '.join(others)}. Then run this again"
    return InputError(f"{root.resolve()} is no Chalice app: {missing} is not there", fix=fix)


def routes(root: Path) -> list[Route]:
    """As far as they are written out. [] where there is no app that can be read."""
    try:
        return list(declared.routes(read_modules(root)))
    except (FileNotFoundError, InputError):
        return []


def handlers(root: Path) -> list[Handler]:
    """The functions beside that of the routes, by their names in Chalice's state, as far as they
    are written out in the app's modules. [] where there is no app."""
    try:
        return list(declared.handlers(read_modules(root)))
    except (FileNotFoundError, InputError):
        return []


def functions(root: Path) -> list[str]:
    """Their names."""
    return [each.name for each in handlers(root)]


def unused_tools(root: Path) -> set[str]:
    """Packages for developers of which the app imports none: nothing of them is packed."""
    try:
        return developer_tools.unused(read_modules(root).imported())
    except (FileNotFoundError, InputError):
        return set(developer_tools.DEPLOYS)


def _vendored(folder: Path) -> set[str]:
    """Names that `vendor/` answers for: Chalice packs it, and it comes before the layer."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    bare = [re.sub(r"(\.py|-[^-]+\.dist-info)$", "", name) for name in names]
    return {canonical(name) for name in bare}
