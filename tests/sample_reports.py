"""Reports made up: what is in a layer that nobody built."""

from dataclasses import replace

from tasks.layer.archive.size_limit import Budget
from tasks.layer.archive.sizes import Kind
from tasks.layer.prune.rules import Spare
from tasks.report.facts import Offer, Report, Row, Work

OTHER = "arn:aws:lambda:x:1:layer:other:3"
OURS = "arn:aws:lambda:x:1:layer:l:4"


def row(package: str, before: int, after: int, published: int | None = None) -> Row:
    return Row(
        package=package,
        version="1.0",
        direct=False,
        installed={Kind.LIBRARY: before // 2, Kind.DATA: before - before // 2},
        layer={Kind.LIBRARY: after} if after else {},
        zipped=after // 2,
        published=published,
    )


def example(**changes: object) -> Report:
    """Two packages, a published version, one of everything."""
    found = Report(
        layer="l",
        stage="prod",
        target="Python 3.12 on x86_64",
        built="20250102-030405",
        sha256="0" * 64,
        zipped=40_000_000,
        budget=Budget(layer=90_000_000, function=1_000_000, others={OTHER: None}),
        published=OURS,
        published_bytes=80_000_000,
        rows=[
            row("big", 99_000_000, 80_000_000, 75_000_000),
            row("[/small]", 11_000_000, 9_000_000),
        ],
        work=[Work(rule="tests", reason="tests & such", files=3, cut=1, bytes=21_000_000,
                   spared={"a/tests": Spare.IMPORTED, "b/tests": Spare.IMPORTED,
                           "c/tests": Spare.IMPORTED})],
        kept=["a/x.md"],
        notes=["put back, it no longer loaded: python/cv2.so"],
        offers=[Offer(rule="numpy-build", reason="for building", breaks="numpy.f2py", files=2,
                      bytes=1_100_000, zipped=353_800)],
    )  # fmt: skip
    return replace(found, **changes)  # type: ignore[arg-type] # any values


def many(count: int) -> Report:
    """Packages of every size with long names, one word of them: the hardest for a narrow page."""
    rows = [
        row(f"a_{'very_' * (place % 4)}long_name_{place}", 90_000_000 // place, 60_000_000 // place)
        for place in range(1, count + 1)
    ]
    return example(layer="a-layer-with-a-name-as-long-as-lambda-allows-" + "x" * 90, rows=rows)
