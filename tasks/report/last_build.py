"""The report's facts: what the last build left, read from its records, its trees and its zip."""

from ..layer import input_hash, installed, part
from ..layer.archive import size_limit, sizes
from ..layer.prune import recipes
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import size
from ..util import files as file_tools
from ..util.errors import BuildError
from . import facts
from .facts import Report


def gather(settings: Settings) -> Report:
    """The facts of the last build. BuildError when there is none."""
    made = _records(settings)
    tree, layer = installed.load_installed(settings), paths.layer_zip(settings)
    if not made or tree is None or not layer.is_file():
        raise BuildError(f"layer {settings.layer} is not built", fix="run `./doitw`, then again")
    files = sizes.of_zip(layer)
    unzipped = {path: each.unzipped for path, each in files.items()}
    zipped = {path: each.zipped for path, each in files.items()}
    published = file_tools.read_record(paths.stage_record(settings, "publish")) or {}
    return Report(
        layer=settings.layer,
        stage=settings.stage,
        target=f"Python {settings.python} on {settings.architecture}",
        built=made["zip"]["built"],
        sha256=made["zip"]["sha256"],
        zipped=made["zip"]["bytes"],
        budget=size_limit.spending(settings, made["zip"]["unzipped"]),
        published=published.get("arn"),
        published_bytes=published.get("unzipped"),
        rows=facts.package_rows(
            made["install"]["distributions"],
            sizes.by_kind(tree.sizes, tree.owners),
            sizes.by_kind(unzipped, tree.owners),
            sizes.by_package(zipped, tree.owners),
            published.get("packages") or {},
        ),
        work=facts.work(made["prune"], recipes.active(settings)),
        kept=made["prune"]["kept_by"],
        notes=[
            *part.summary(made["optimize"]),
            *_sources(made["prune"]),
            f"built by {made['install']['builder']}",
        ],
        offers=facts.offers(files, recipes.inactive(settings), settings.keep),
        imports=import_seconds(settings, made["zip"]["sha256"]),
    )


def _sources(pruned: file_tools.Record) -> list[str]:
    """Which packages keep their sources with `bytecode = "only"`, and why."""
    kept: dict[str, str] = pruned.get("sources", {})
    lines = [f"{name} keeps its sources: {why}" for name, why in kept.items()]
    unused: dict[str, int] = pruned.get("unused", {})
    return lines + [
        f'never imported by trace: drop = ["{g}"], {size(n)}' for g, n in unused.items()
    ]


def import_seconds(settings: Settings, sha256: str) -> dict[str, float]:
    """Of the import test of this zip. {} where it is not tested (yet)."""
    proven = file_tools.read_record(paths.record(settings, "verify")) or {}
    found: dict[str, float] = proven.get("imports", {}) if proven.get("sha256") == sha256 else {}
    return found


def add_imports_to_page(settings: Settings) -> None:
    """The page is written before the import test, which may send people there: what the test
    measured is put in behind it."""
    from . import html

    page = paths.beside_zip(settings, ".report.html")
    packed = file_tools.read_record(paths.record(settings, "zip")) or {}
    if page.is_file():
        text = page.read_text(encoding="utf-8")
        filled = html.put_imports(text, import_seconds(settings, packed["sha256"]))
        file_tools.write_atomic(page, filled.encode())


def _records(settings: Settings) -> dict[str, file_tools.Record]:
    """{step: record}. Empty when one is missing."""
    made = {step: file_tools.read_record(paths.record(settings, step)) for step in paths.REPORTED}
    found = {step: record for step, record in made.items() if record is not None}
    return found if len(found) == len(paths.REPORTED) else {}


def is_stale(settings: Settings) -> bool:
    """Do the inputs, on any machine, make something else than the zip that lies here?"""
    made_from = (file_tools.read_record(paths.record(settings, "zip")) or {}).get("input")
    return made_from not in [input_hash.input_hash(settings, each) for each in ("docker", "host")]
