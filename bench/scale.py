"""Time and memory against the layer's size, on wheels made up for it."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

from bench import chart, layers, peers
from bench.checkouts import Checkout
from bench.layers import Layer
from bench.measure import Measured, run
from bench.peers import UV
from bench.ratios import MEMORY, verdict
from bench.results import Result, Table, write
from bench.speed import builders
from tasks.context.settings import current
from tasks.sandbox.container import docker_engine
from tasks.ui.console import MB, size
from tasks.util.errors import BuildError
from tests import package_index

SERIES = {
    "distributions": [
        Layer(distributions=count, files=count * 50, bytes=count * MB // 2)
        for count in (1, 5, 20, 60)
    ],
    "files": [
        Layer(distributions=10, files=count, bytes=count * 2_000)
        for count in (1_000, 5_000, 20_000, 50_000)
    ],
    "MB unpacked": [
        Layer(distributions=20, files=2_000, bytes=count * MB) for count in (12, 50, 100, 200)
    ],
}
ONE_FILE = Layer(distributions=1, files=2, bytes=240 * MB)  # beside its `__init__.py`
FOUR_TIMES = (SERIES["MB unpacked"][1], SERIES["MB unpacked"][3])
MOST_GROWTH = 1.1  # of the peak of memory, from the one to the other
PLOT = "scale.svg"
LONG = 20.0  # seconds of the first full build, after which one measured run has to do
FULL, CHANGED, NOTHING, GUIDE = "from nothing", "one distribution changed", "nothing changed", "uv"


@dataclass(kw_only=True)
class Point:
    """{work: what was measured}. The first of each is the one whose memory was sampled."""

    layer: Layer
    runs: dict[str, list[Measured]] = field(default_factory=dict)

    def seconds(self, work: str) -> float:
        return statistics.median(each.seconds for each in self.runs[work][1:])

    def memory(self, *works: str) -> int:
        return max(self.runs[work][0].memory for work in works)


def main(runs: int) -> None:
    builder = next(builders(current()), "")
    if not builder:
        raise BuildError("no builder works here", fix="see the lines above")
    peers.ready(UV)
    checkout = Checkout("scale", builder)
    measured = {}
    layers.INDEX.mkdir(parents=True, exist_ok=True)
    with package_index.serving(layers.INDEX, _host(builder)) as served:
        for layer in {each: None for series in (*SERIES.values(), (ONE_FILE,)) for each in series}:
            layers.write(layer)
            measured[layer] = point(
                layer, checkout, served.url.replace("simple", f"{layer.name}/simple"), runs
            )
    series = {axis: [measured[each] for each in layers_] for axis, layers_ in SERIES.items()}
    show(series, measured[ONE_FILE], builder)


def _host(builder: str) -> str:
    """An address of this machine that the builder reaches, too."""
    if builder == "host":
        return "127.0.0.1"
    network = docker_engine.connect().networks.get("bridge").attrs
    return str(network["IPAM"]["Config"][0]["Gateway"])


def point(layer: Layer, checkout: Checkout, url: str, runs: int) -> Point:
    checkout.copy()  # without the last layer's lock, whose hashes would be kept
    variables = {"UV_DEFAULT_INDEX": url}
    before, after = (
        checkout.locked(layer.requirements(version), **variables) for version in ("1.0", "2.0")
    )
    found = Point(layer=layer)
    doitw, work = checkout.doitw(**variables), f"scale-{layer.name}"
    guide = peers.command(UV, work, variables)
    for turn in range(runs + 1):
        if turn > 1 and found.runs[FULL][0].seconds > LONG:
            break
        checkout.empty()
        for name, files in ((FULL, before), (NOTHING, {}), (CHANGED, after)):
            checkout.put(files)
            found.runs.setdefault(name, []).append(run(doitw, memory=turn == 0))
        peers.lay_out(UV, work, layer.requirements())
        found.runs.setdefault(GUIDE, []).append(run(guide, memory=turn == 0))
        said = ", ".join(f"{name} {each[-1].seconds:.1f} s" for name, each in found.runs.items())
        print(f"{layer.name}, round {turn} of {runs}: {said}", flush=True)
    return found


def show(series: Mapping[str, list[Point]], one_file: Point, builder: str) -> None:
    rows = [row(each) for points in (*series.values(), [one_file]) for each in points]
    works = (FULL, CHANGED, NOTHING)
    columns = ("distributions", "files", "unpacked", *works, "uv's guide + zip -r", "memory here")
    caption = (
        f"`./doitw` ({builder}) on layers of artificial wheels: medians (one run where a build "
        f"takes over {LONG:.0f} s), and the peak of the process tree's memory (PSS) over all of it."
    )
    chart.write(PLOT, chart.panels(plots(series)))
    table = Table(caption=caption, columns=columns, rows=rows)
    write(
        Result(
            part="scale",
            tables=[table, growth(series), large(one_file)],
            figures={axis: [asdict(each) for each in points] for axis, points in series.items()},
            plots=[PLOT],
        )
    )


def row(point: Point) -> list[str]:
    layer = point.layer
    return [
        str(layer.distributions), f"{layer.files:,}", size(layer.bytes),
        *(f"{point.seconds(work):.2f} s" for work in (FULL, CHANGED, NOTHING, GUIDE)),
        size(point.memory(FULL, CHANGED)),
    ]  # fmt: skip


def growth(series: Mapping[str, list[Point]]) -> Table:
    """Memory at four times the layer."""
    memory = {each.layer: each.memory(FULL, CHANGED) for each in series["MB unpacked"]}
    small, large = (memory[layer] for layer in FOUR_TIMES)
    work = " → ".join(size(layer.bytes) for layer in FOUR_TIMES)
    cells = [f"peak memory, {work}", size(small), size(large), *verdict(large / small, MOST_GROWTH)]
    columns = ("work", "layer", "four times the layer", "ratio", "goal", "")
    return Table(caption="Memory against size:", columns=columns, rows=[cells])


def large(point: Point) -> Table:
    """Memory of a file that is packed by itself."""
    memory = point.memory(FULL, CHANGED)
    cells = ["peak memory", size(memory), size(MEMORY), *verdict(memory / MEMORY, 1)]
    columns = ("work", "layer", "", "ratio", "goal", "")
    return Table(caption=f"One file of {size(point.layer.bytes)}:", columns=columns, rows=[cells])


LINES = {  # kind of line: what it is called, what it shows
    "a": ("./doitw, from nothing", FULL),
    "c": ("./doitw, one distribution changed", CHANGED),
    "b": ("uv's guide + zip -r, from nothing", GUIDE),
}


def plots(series: Mapping[str, list[Point]]) -> list[list[chart.Panel]]:
    """Seconds above, peak memory below. One column per axis."""
    measures: dict[str, Callable[[Point, str], float]] = {
        "seconds": Point.seconds,
        "peak memory in MB": lambda point, work: point.memory(work) / MB,
    }
    return [
        [
            chart.Panel(title=f"{title}, by {axis}", lines=lines(axis, points, measure))
            for axis, points in series.items()
        ]
        for title, measure in measures.items()
    ]


def lines(
    axis: str, points: list[Point], measure: Callable[[Point, str], float]
) -> list[chart.Line]:
    return [
        chart.Line(
            label=label,
            kind=kind,
            points=[(each.layer.along(axis), measure(each, work)) for each in points],
        )
        for kind, (label, work) in LINES.items()
    ]
