"""Lambda's limit: 262,144,000 bytes unzipped for all layers and the function together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...aws import arn as layer_arns
from ...chalice_project import config
from ...settings import paths
from ...settings.model import LAMBDA_LIMIT, Settings
from ...ui.console import size
from ...util import files as file_tools
from ...util.errors import InputError, VerifyError
from ..installed import Installed
from . import sizes as kind_sizes

WARN = 0.9  # of the limit
APP = ("app.py", "chalicelib", "vendor")  # of what Chalice packs, beside its own runtime


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Bytes, unzipped, of the function with the most. `others`: {ARN: bytes, None where only AWS
    knows}."""

    layer: int
    function: int
    others: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.layer + self.function + sum(count or 0 for count in self.others.values())

    @property
    def share(self) -> float:
        return self.total / LAMBDA_LIMIT

    def sentences(self) -> list[str]:
        """How full it is, and what is not counted."""
        lines = [f"{size(self.total)} of {size(LAMBDA_LIMIT)} unzipped ({self.share:.0%})"]
        if self.share > WARN:
            lines.append(f"warning: over {WARN:.0%} of Lambda's limit; `./doitw report` shows what")
        unknown = [arn for arn, count in self.others.items() if count is None]
        return lines + [f"not counted, its size is known to AWS only: {arn}" for arn in unknown]


def largest(packages: Mapping[str, int], count: int = 10) -> list[str]:
    """The heaviest packages, a line each."""
    ranked = sorted(packages.items(), key=lambda item: (-item[1], item[0]))[:count]
    return [f"{size(length):>10}  {name}" for name, length in ranked]


def measure(settings: Settings, tree: Installed) -> dict[str, int]:
    """{package: bytes unzipped} of the zip; bytecode counts to its module's package."""
    files = kind_sizes.of_zip(paths.layer_zip(settings))
    unzipped = {path: each.unzipped for path, each in files.items()}
    sizes = kind_sizes.by_package(unzipped, tree.owners)
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0])))


def spending(settings: Settings, layer: int) -> Budget:
    """This layer, the function, and the stage's other layers as preflight measured them."""
    return Budget(layer=layer, function=function_size(), others=other_sizes(settings))


def other_sizes(settings: Settings) -> dict[str, int | None]:
    """{ARN: bytes} of the other layers, where they are heaviest: the stage's, or those that a
    function has of its own. None for what preflight has not measured."""
    asked = file_tools.read_record(paths.stage_record(settings, "preflight")) or {"sizes": {}}
    sizes: Mapping[str, int | None] = asked["sizes"]
    heaviest = max(
        _lists(settings), key=lambda arns: (sum(sizes.get(arn) or 0 for arn in arns), len(arns))
    )
    return {arn: sizes.get(arn) for arn in heaviest}


def others(settings: Settings) -> list[str]:
    """ARNs of the layers that are not this one, of the stage and of its functions."""
    return list(dict.fromkeys(arn for arns in _lists(settings) for arn in arns))


def _lists(settings: Settings) -> list[list[str]]:
    """The same, one list of each."""
    try:
        found = config.all_layers(paths.CHALICE_CONFIG, settings.stage)
    except InputError:
        return [[]]  # building needs no Chalice app; preflight is what complains
    looked_up = file_tools.read_record(paths.stage_record(settings, "lookup")) or {}
    if found[("layers",)] == looked_up.get("replaces"):  # a rollback's list, which goes
        found[("layers",)] = looked_up["own"]
    return [beside(arns, settings) for arns in found.values()]


def beside(arns: Iterable[str], settings: Settings) -> list[str]:
    """Those that are not this layer's."""
    known = [arn for arn in arns if layer_arns.LAYER_ARN.fullmatch(arn)]
    return [arn for arn in known if not layer_arns.is_of(arn, settings.layer)]


def function_size() -> int:
    """Bytes that Chalice packs, at most: the app's own files and the whole of chalice."""
    import importlib.util

    found = importlib.util.find_spec("chalice")
    roots = [Path(name) for name in APP]
    roots += [Path(found.origin).parent] if found and found.origin else []
    files = [
        path for root in roots for path in (file_tools.walk(root) if root.is_dir() else [root])
    ]
    return sum(path.stat().st_size for path in files if path.is_file() and path.suffix != ".pyc")


def refuse_over_limit(settings: Settings, spent: Budget, sizes: Mapping[str, int]) -> None:
    """VerifyError over the limit, or when the layer grew more than `max-growth` allows."""
    check_limit(settings, spent, sizes)
    _check_growth(settings, spent.layer)


def check_limit(settings: Settings, spent: Budget, sizes: Mapping[str, int]) -> None:
    """VerifyError over the limit, with the heaviest packages."""
    if spent.total > LAMBDA_LIMIT:
        others = {arn: count for arn, count in spent.others.items() if count}
        heaviest = "\n".join(largest({**sizes, **others}))
        raise VerifyError(
            f"{size(spent.total)} unzipped is over Lambda's {size(LAMBDA_LIMIT)}; the heaviest:\n"
            f"{heaviest}",
            fix="leave packages out, or files with `drop` and `recipes`: see ./doitw report"
            + (f"; or a layer of stage {settings.stage}" if others else ""),
        )


def check_published(settings: Settings) -> None:
    """VerifyError when the published version, proven alone, no longer fits beside the stage's
    other layers."""
    published = file_tools.read_record(paths.stage_record(settings, "publish")) or {}
    if published.get("unzipped"):
        spent = spending(settings, published["unzipped"])
        refuse_over_limit(settings, spent, published["packages"] or {})


def _check_growth(settings: Settings, layer: int) -> None:
    published = file_tools.read_record(paths.stage_record(settings, "publish")) or {}
    former = published.get("unzipped")
    if settings.max_growth and former:
        growth = 100 * (layer - former) / former
        if growth > settings.max_growth:
            raise VerifyError(
                f"the layer grew by {growth:.1f} % over {published['arn']} "
                f"({size(former)} → {size(layer)}); max-growth is {settings.max_growth} %",
                fix="see what grew with ./doitw report, or raise max-growth in pyproject.toml",
            )
