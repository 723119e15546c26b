"""The report's facts: what the last build left, read from its records, its trees and its zip."""

from collections.abc import Mapping

from ..layer import input_hash, installed, part
from ..layer.archive import size_limit, sizes
from ..layer.prune import recipes
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import (
    InstallRecord,
    OptimizeRecord,
    PruneRecord,
    PublishRecord,
    VerifyRecord,
    ZipRecord,
)
from ..ui.console import size
from ..util import files as file_tools
from ..util.errors import BuildError
from . import facts
from .facts import Report


def gather(settings: Settings) -> Report:
    """The facts of the last build. BuildError when there is none."""
    install, pruned = records.read(settings, InstallRecord), records.read(settings, PruneRecord)
    optimized, packed = records.read(settings, OptimizeRecord), records.read(settings, ZipRecord)
    tree, layer = installed.load_installed(settings), paths.layer_zip(settings)
    if not (install and pruned and optimized and packed and tree and layer.is_file()):
        raise BuildError(f"layer {settings.layer} is not built", fix="run `./doitw`, then again")
    files = sizes.of_zip(layer)
    unzipped = {path: each.unzipped for path, each in files.items()}
    zipped = {path: each.zipped for path, each in files.items()}
    published = records.read(settings, PublishRecord)
    return Report(
        layer=settings.layer,
        stage=settings.stage,
        target=f"Python {settings.python} on {settings.architecture}",
        built=packed.built,
        sha256=packed.sha256,
        zipped=packed.bytes,
        budget=size_limit.spending(settings, packed.unzipped),
        published=published.arn if published else None,
        published_bytes=published.unzipped if published else None,
        rows=facts.package_rows(
            install.distributions,
            sizes.by_kind(tree.sizes, tree.owners),
            sizes.by_kind(unzipped, tree.owners),
            sizes.by_package(zipped, tree.owners),
            published.packages if published else {},
        ),
        work=facts.work(pruned, recipes.active(settings)),
        kept=pruned.kept_by,
        notes=[*part.summary(optimized), *_sources(pruned), f"built by {install.builder}"],
        offers=facts.offers(files, recipes.inactive(settings), settings.keep),
        imports=import_seconds(settings, packed.sha256),
    )


def _sources(pruned: PruneRecord) -> list[str]:
    """Which packages keep their sources with `bytecode = "only"`, and why."""
    lines = [f"{name} keeps its sources: {why}" for name, why in pruned.sources.items()]
    return lines + [
        f'never imported by trace: drop = ["{g}"], {size(n)}' for g, n in pruned.unused.items()
    ]


def import_seconds(settings: Settings, sha256: str) -> Mapping[str, float]:
    """Of the import test of this zip. {} where it is not tested (yet)."""
    proven = records.read(settings, VerifyRecord)
    return proven.imports if proven and proven.sha256 == sha256 else {}


def add_imports_to_page(settings: Settings) -> None:
    """The page is written before the import test, which may send people there: what the test
    measured is put in behind it."""
    from . import html

    page = paths.beside_zip(settings, ".report.html")
    if page.is_file():
        text = page.read_text(encoding="utf-8")
        seconds = import_seconds(settings, records.zip_sha256(settings))
        filled = html.put_imports(text, seconds)
        file_tools.write_atomic(page, filled.encode())


def is_stale(settings: Settings) -> bool:
    """Do the inputs, on any machine, make something else than the zip that lies here?"""
    packed = records.read(settings, ZipRecord)
    made_from = packed.input if packed else None
    return made_from not in [input_hash.input_hash(settings, each) for each in ("docker", "host")]
