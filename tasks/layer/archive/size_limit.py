"""Lambda's limit: 262,144,000 bytes unzipped for all layers and the function together."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...aws import arn as layer_arns
from ...chalice_project import config
from ...settings import paths, records
from ...settings.model import LAMBDA_LIMIT, Settings
from ...settings.step_records import LookupRecord, OptimizeRecord, PreflightRecord, PublishRecord
from ...ui.console import say, size
from ...util.errors import BuildError, InputError, VerifyError
from ..cache import MB
from ..installed import Installed
from ..prune import recipes
from ..prune.globs import matcher
from . import function_package
from . import sizes as kind_sizes

WARN = 0.9  # of the limit
FUNCTION = "the function"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Bytes, unzipped, of the function with the most. `others`: {ARN: bytes, None where only AWS
    knows}."""

    layer: int
    function: int
    others: Mapping[str, int | None] = field(default_factory=dict)
    limit: int = LAMBDA_LIMIT

    @property
    def total(self) -> int:
        return self.layer + self.function + sum(count or 0 for count in self.others.values())

    @property
    def beside(self) -> int:
        """What is not the layer's."""
        return self.total - self.layer

    @property
    def share(self) -> float:
        return self.total / self.limit

    def sentences(self) -> list[str]:
        """How full it is, and what is not counted."""
        lines = [f"{size(self.total)} of {size(self.limit)} unzipped ({self.share:.0%})"]
        if self.share > WARN:
            lines.append(f"warning: over {WARN:.0%} of Lambda's limit; `./doitw report` shows what")
        unknown = [arn for arn, count in self.others.items() if count is None]
        return lines + [f"not counted, its size is known to AWS only: {arn}" for arn in unknown]


def largest(packages: Mapping[str, int], count: int = 10) -> list[str]:
    """The heaviest packages, a line each."""
    ranked = sorted(packages.items(), key=lambda item: (-item[1], item[0]))[:count]
    return [f"{size(length):>10}  {name}" for name, length in ranked]


def measure(settings: Settings, tree: Installed) -> dict[str, int]:
    """{package: bytes unzipped} of the zip. Bytecode counts to its module's package."""
    files = kind_sizes.of_zip(paths.layer_zip(settings))
    unzipped = {path: each.unzipped for path, each in files.items()}
    sizes = kind_sizes.by_package(unzipped, tree.owners)
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0])))


def spending(settings: Settings, layer: int) -> Budget:
    """This layer, the function, and the stage's other layers as preflight measured them."""
    return Budget(
        layer=layer, function=function_size(settings), others=other_sizes(settings),
        limit=settings.limit,
    )  # fmt: skip


def other_sizes(settings: Settings) -> dict[str, int | None]:
    """{ARN: bytes} of the other layers, where they are heaviest: the stage's, or those that a
    function has of its own. None for what preflight has not measured."""
    asked = records.read(settings, PreflightRecord)
    sizes = asked.sizes if asked else {}
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
    looked_up = records.read(settings, LookupRecord)
    if looked_up and found[("layers",)] == looked_up.replaces:  # a rollback's list, which goes
        found[("layers",)] = [*(looked_up.own or ())]
    return [beside(arns, settings) for arns in found.values()]


def beside(arns: Iterable[str], settings: Settings) -> list[str]:
    """Those that are not this layer's."""
    known = [arn for arn in arns if layer_arns.LAYER_ARN.fullmatch(arn)]
    return [arn for arn in known if not layer_arns.is_of(arn, settings.layer)]


def function_size(settings: Settings) -> int:
    """Bytes of Chalice's package, unzipped. Without requirements.txt until that was measured."""
    return function_package.known(settings).bytes


def measure_function(settings: Settings) -> None:
    """Let Chalice pack requirements.txt, where it asks for something that was not measured. A
    warning where that cannot be: only a deploy needs it."""
    try:
        function_package.measured(settings)
    except BuildError as error:
        say(f"warning: the size of the function is not known: {error.problem}")


def refuse_over_limit(settings: Settings, spent: Budget, sizes: Mapping[str, int]) -> None:
    """VerifyError over the limit, or when the layer grew more than `max-growth` allows."""
    check_limit(settings, spent, sizes)
    _check_growth(settings, spent.layer)


def check_limit(settings: Settings, spent: Budget, sizes: Mapping[str, int]) -> None:
    """VerifyError over the limit, with the heaviest packages."""
    if spent.total > spent.limit:
        raise VerifyError(
            f"{size(spent.total)} unzipped is over Lambda's {size(spent.limit)}. The heaviest:\n"
            + "\n".join([*_heaviest(settings, spent, sizes), *_past_reserve(settings, spent)]),
            fix=_way_out(settings, spent, _bytecode(settings)),
        )


def _heaviest(settings: Settings, spent: Budget, sizes: Mapping[str, int]) -> list[str]:
    others = {arn: count for arn, count in spent.others.items() if count}
    own = {FUNCTION: spent.function} if spent.beside > settings.reserve * MB else {}
    return largest({**sizes, **others, **own})


def _past_reserve(settings: Settings, spent: Budget) -> list[str]:
    if spent.beside <= settings.reserve * MB:
        return []
    needed = f"the function and other layers need {size(spent.beside)}"
    return [f"{needed}; reserve = {settings.reserve} keeps {size(settings.reserve * MB)} for them"]


def _way_out(settings: Settings, spent: Budget, bytecode: int) -> str:
    """`bytecode`: bytes that the layer could do without: `reserve` makes
    room of no more."""
    grew, more = spent.beside > settings.reserve * MB, math.ceil(spent.beside / MB)
    ways = {
        f"set reserve = {more} in [tool.lambda-layer]: bytecode makes room": (
            grew and spent.total - bytecode <= spent.limit
        ),
        "leave packages out, or files with `drop` and `recipes`: see ./doitw report": True,
        "make the function smaller: vendor/, chalicelib/, requirements.txt": grew,
        f"a layer of stage {settings.stage}": any(spent.others.values()),
        'package = "image" (10 GB)': not settings.is_image,
    }
    return ". Or ".join(way for way, helps in ways.items() if helps)


def _bytecode(settings: Settings) -> int:
    """Bytes of the layer that was built."""
    made = records.read(settings, OptimizeRecord)
    return made.bytecode.bytes if made and made.bytecode else 0


def check_pruned(settings: Settings, tree: Installed, stay: Iterable[str]) -> None:
    """VerifyError where the layer cannot fit, however well it is stripped and without any bytecode:
    known before a minute is spent on that."""
    least = dict.fromkeys(stay, 0)
    for each in tree.distributions:
        for path in least.keys() & each.files.keys():
            slim = each.slim.get(path) if settings.strip else None
            least[path] = each.files[path][0] if slim is None else slim
    spent = spending(settings, sum(least.values()))
    if spent.total > spent.limit:
        sizes = kind_sizes.by_package(least, tree.owners)
        lines = [*_heaviest(settings, spent, sizes), *_past_reserve(settings, spent)]
        ways = _way_out(settings, spent, bytecode=0)
        raise VerifyError(
            f"{size(spent.total)} unzipped (stripped, without bytecode) is over Lambda's "
            f"{size(spent.limit)}. The heaviest:\n" + "\n".join(lines),
            fix=f"{size(spent.total - spent.limit)} must go. {_savings(settings, tree, stay)}. "
            f"{ways}",
        )


def _savings(settings: Settings, tree: Installed, stay: Iterable[str]) -> str:
    """What the recipes that are off would save, the most first."""
    left = list(stay)
    saved = {
        rule.name: sum(tree.sizes[path] for path in filter(matcher(rule.globs), left))
        for rule in recipes.inactive(settings)
        if rule.name in recipes.NAMES
    }
    ranked = sorted(((count, name) for name, count in saved.items() if count), reverse=True)
    listed = [f'recipes = ["{name}"] saves up to {size(count)}' for count, name in ranked[:3]]
    return ", ".join(listed) or "no recipe takes anything of these packages"


def check_published(settings: Settings) -> None:
    """VerifyError when the published version, proven alone, no longer fits beside the function as
    it is now and the stage's other layers. BuildError where the function cannot be packed."""
    if published := records.read(settings, PublishRecord):
        check_again(settings, published.unzipped, published.packages)


def check_again(settings: Settings, layer: int, packages: Mapping[str, int]) -> None:
    """The same of a layer of so many bytes."""
    function_package.measured(settings)
    refuse_over_limit(settings, spending(settings, layer), packages)


def _check_growth(settings: Settings, layer: int) -> None:
    published = records.read(settings, PublishRecord)
    if settings.max_growth and published and (former := published.unzipped):
        growth = 100 * (layer - former) / former
        if growth > settings.max_growth:
            raise VerifyError(
                f"the layer grew by {growth:.1f} % over {published.arn} "
                f"({size(former)} → {size(layer)}), and max-growth is {settings.max_growth} %",
                fix="see what grew with ./doitw report, or raise max-growth in pyproject.toml",
            )
