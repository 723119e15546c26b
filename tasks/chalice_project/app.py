"""A Chalice app's folder: what its files say, read and never run."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..requirements.file import canonical
from ..settings import paths
from ..settings.smoke_request import NONE
from ..util import input_files
from ..util.errors import InputError
from . import config as chalice_config

APP = Path("app.py")
LIBRARY = Path("chalicelib")
VENDOR = Path("vendor")
EVENTS = (
    "authorizer", "lambda_function", "on_cw_event", "on_dynamodb_record", "on_kinesis_record",
    "on_s3_event", "on_sns_message", "on_sqs_message", "schedule",
)  # decorators of which each makes a function of its own  # fmt: skip
FAVOURITES = ("/health", "/healthz", "/ping", "/status", "/")  # paths that ask "are you there?"


@dataclass(frozen=True, kw_only=True)
class Route:
    """`guard`: does API Gateway ask for more than the request (an authorizer, a key)?"""

    path: str
    methods: list[str]
    guard: bool = False


@dataclass(frozen=True, kw_only=True)
class App:
    """`stages`: as config.json names them; `asked`: paths a plain GET reaches, no parameters,
    nothing that API Gateway guards; `has_api`: is there any route; `vendored`: normalised names
    below vendor/; `apart`: {stage: {function: ARNs of the layers that it has of its own}};
    `automatic`: does Chalice make a layer of its own?"""

    name: str
    stages: list[str]
    asked: list[str] = field(default_factory=list)
    has_api: bool = False
    vendored: set[str] = field(default_factory=set)
    apart: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    automatic: bool = False

    @property
    def stage(self) -> str:
        """The stage that a deploy means: prod, or the first there is."""
        others = [name for name in self.stages if name != "local"]
        return "prod" if "prod" in others or not others else others[0]

    @property
    def smoke_path(self) -> str:
        """What to ask the deployed app for; `none` where nothing can be asked without parameters
        or a right."""
        return liked(self.asked)


def liked(paths: Sequence[str]) -> str:
    """Of paths that a plain GET reaches, the one to ask for; `none` of none."""
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
        missing = paths.CHALICE_CONFIG if not config.is_file() else APP
        raise InputError(
            f"{root.resolve()} is no Chalice app: {missing} is not there",
            fix="run it in the folder that has app.py and .chalice/, or make an app: "
            "chalice new-project NAME",
        )
    table = chalice_config.load_config(config)
    tree = _parsed(root / APP)
    if not _uses_chalice(tree):
        raise InputError(
            f"{root.resolve()} is no Chalice app: app.py does not import chalice",
            fix="run it in the folder of the app",
        )
    there = list(_routes(root, tree))
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
    )


def routes(root: Path) -> list[Route]:
    """As far as they are written out; [] where there is no app that can be read."""
    try:
        return list(_routes(root, _parsed(root / APP)))
    except (FileNotFoundError, InputError):
        return []


def functions(root: Path) -> list[str]:
    """The functions beside that of the routes, by their names in Chalice's state, as far as they
    are written out in the app and the blueprints that it registers; [] where there is no app."""
    try:
        app = _parsed(root / APP)
        modules = [_parsed(path) for path in sorted((root / LIBRARY).rglob("*.py"))]
    except (FileNotFoundError, InputError):
        return []
    prefixes = dict(_registered(app, "name_prefix"))
    return [
        prefixes.get(owner, "") + name
        for number, tree in enumerate([app, *modules])
        for name, owner in _handlers(tree)
        if not number or owner in prefixes
    ]


def _handlers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """`@owner.schedule(…, name="job") def work():` → (job, owner); without a name, work."""
    found = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    for function, call in ((each, call) for each in found for call in each.decorator_list):
        if isinstance(call, ast.Call) and any(_is_call(call, event) for event in EVENTS):
            owner = ast.unparse(call.func).rpartition(".")[0]
            yield _given(call, "name") or function.name, owner


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(input_files.read(path), filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"{path} is not Python: {error}", fix="correct it there") from None


def _uses_chalice(tree: ast.Module) -> bool:
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [getattr(node, "module", None) or node.names[0].name for node in imported]
    return any(name.partition(".")[0] == "chalice" for name in names)


def _routes(root: Path, app: ast.Module) -> Iterator[Route]:
    """Of the app and of the blueprints that it registers, as far as they are written out."""
    prefixes = dict(_registered(app, "url_prefix"))
    modules = [_parsed(path) for path in sorted((root / LIBRARY).rglob("*.py"))]
    for number, tree in enumerate([app, *modules]):
        for call, owner in _decorators(tree):
            if number and owner not in prefixes:
                continue  # a blueprint that nobody registers, or another module's app
            path = _joined(prefixes.get(owner, ""), ast.literal_eval(call.args[0]))
            yield Route(path=path, methods=_methods(call), guard=_is_guarded(call))


def _is_guarded(call: ast.Call) -> bool:
    """`authorizer=…`, `api_key_required=True`"""
    given = {word.arg: ast.unparse(word.value) for word in call.keywords}
    return given.get("authorizer", "None") != "None" or given.get("api_key_required") == "True"


def _joined(prefix: str, path: str) -> str:
    """A blueprint's route as Chalice registers it (chalice/app.py, _register_route)."""
    return f"{prefix.rstrip('/')}/{path.strip('/')}".rstrip("/") if prefix else path


def _decorators(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """`@owner.route("/path", …)`: (the call, owner)."""
    for node in ast.walk(tree):
        for call in getattr(node, "decorator_list", []):
            if _is_call(call, "route") and call.args and _is_text(call.args[0]):
                yield call, ast.unparse(call.func.value)


def _registered(tree: ast.Module, word: str) -> Iterator[tuple[str, str]]:
    """`app.register_blueprint(name, url_prefix="/orders")`: (name, what `word` is given as)."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _is_call(call, "register_blueprint") and call.args:
            name = ast.unparse(call.args[0]).rpartition(".")[2]
            yield name, _given(call, word)


def _given(call: ast.Call, name: str) -> str:
    """What a keyword is given as; '' where that is no text."""
    values = [word.value for word in call.keywords if word.arg == name and _is_text(word.value)]
    return str(ast.literal_eval(values[0])) if values else ""


def _is_call(node: ast.expr, method: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _methods(call: ast.Call) -> list[str]:
    given = [word.value for word in call.keywords if word.arg == "methods"]
    if not given:
        return ["GET"]
    return [text.upper() for text in re.findall(r"['\"](\w+)['\"]", ast.unparse(given[0]))]


def _vendored(folder: Path) -> set[str]:
    """Names that `vendor/` answers for: Chalice packs it, and it comes before the layer."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    bare = [re.sub(r"(\.py|-[^-]+\.dist-info)$", "", name) for name in names]
    return {canonical(name) for name in bare}
