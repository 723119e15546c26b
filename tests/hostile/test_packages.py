"""Wheels whose code wants out, through both builders: while they are proven, while the rule at
fault is looked for, while they hang. Several share a build; each says by itself what it reached."""

import pytest

from tests import reliability_counts as kinds
from tests.functional.test_words import is_harmless
from tests.hostile import ground
from tests.hostile.ground import Ground

pytestmark = pytest.mark.docker

# {package: its attacks}; all of them import well where nothing gets out.
PROVEN = {
    "writes_others_files": ("overwrite", "link"),
    "reads_keys": ("read",),
    "plants_modules": ("plant",),
    "replaces_results": ("replace",),
    "visits_neighbours": ("neighbours",),
    "calls_home": ("connect",),
    "asks_for_names": ("look_up",),
    "reads_environments": ("environments",),
    "takes_memory": ("memory",),
    "answers_for_others": ("answers",),
    "becomes_root": ("root",),
    "mounts": ("kernel",),
    "stays": ("stay",),
}
KINDS = {
    "writes_others_files": kinds.FILES, "reads_keys": kinds.FILES,
    "plants_modules": kinds.PLANTED, "replaces_results": kinds.PLANTED,
    "visits_neighbours": kinds.NEIGHBOURS, "calls_home": kinds.NETWORK,
    "asks_for_names": kinds.NETWORK, "reads_environments": kinds.FILES,
    "takes_memory": kinds.VERDICTS, "answers_for_others": kinds.VERDICTS,
    "becomes_root": kinds.ROOT, "mounts": kinds.ROOT, "stays": kinds.FLOODS,
}  # fmt: skip
ATTACK = "from .payload import run\nrun({0})\n"
# Its own tests are pruned, and then it does not import: so the rule at fault is looked for.
BLAMED = """
import importlib
importlib.import_module(__name__ + ".te" "sts.needed")
"""


# {package: its METADATA's headers}, and what lies beside: all that only describes.
DESCRIBED: dict[str, tuple[tuple[str, ...], dict[str, bytes]]] = {
    "deep_markers": ((f"Requires-Dist: six; {'(' * 150}python_version < '3'{')' * 150}",), {}),
    "escapes": (("License: \x1b]0;owned\x07", "Summary: a\x0bb", "Author: \u202eabc"), {}),
    "commands": (
        ("Summary: ::error::owned", "License: ::set-output name=a::b", "Home-page: ##[x]"),
        {},
    ),
    "markup": (("License: <script>alert(1)</script>", "Name: <img src=x onerror=alert(1)>"), {}),
    "many_needs": (
        tuple(f"Requires-Dist: p{n}[a{n}]>={n}; extra == 'e{n}'" for n in range(3000)),
        {},
    ),
    "long_fields": ((f"License: {'x' * 300_000}", f"Classifier: License :: {'y' * 300_000}"), {}),
    "entry_points": (
        (),
        {"{info}/entry_points.txt": b"[console_scripts]\nsh = a:b\nuv = a:b\n"},
    ),
    "direct_url": ((), {"{info}/direct_url.json": b"[" * 100_000}),
    "own_bill": ((), {"{info}/sboms/a.cdx.json": b'{"components":' * 50_000}),
    "noisy_bill": (
        (),
        {"{info}/sboms/b.cdx.json": b'{"components": [1, {"name": ' + b"1" * 5000 + b"}]}"},
    ),
    "licences": (("License-File: ../../../../etc/passwd", "License-File: /etc/shadow"), {}),
}


def attack(names: tuple[str, ...]) -> str:
    return ATTACK.format(", ".join(map(repr, names)))


def test_while_they_are_proven(grounds: Ground) -> None:
    """All in one build, and other builds after it."""
    before = grounds.seen()
    wanted = [grounds.package(name, attack(each)) for name, each in PROVEN.items()]
    with ground.held(KINDS.values()):
        _, run = grounds.build("proven", [*wanted, "victim==1.0"])
        assert run.code == 0, run.output
        grounds.check(before, run.output)


def test_while_they_are_described(grounds: Ground) -> None:
    """Bill, report and proof read what the packages say of themselves."""
    before, wanted = grounds.seen(), []
    for name, (headers, more) in DESCRIBED.items():
        files = {path.format(info=f"{name}-1.0.dist-info"): data for path, data in more.items()}
        wanted.append(grounds.package(name, "VALUE = 1\n", files, *headers))
    with ground.held([kinds.SHAPES] * len(wanted)):
        made, run = grounds.build("described", [*wanted, "victim==1.0"])
        assert run.code == 0, run.output
        assert is_harmless(run.output)
        assert "<script>alert" not in made.read("build/deps.report.html")
        assert "root:" not in made.read("build/deps.cdx.json")
        grounds.check(before, run.output)


def test_while_the_rule_at_fault_is_looked_for(grounds: Ground) -> None:
    """What is tried then: the distribution as installed, and the layer with files put back."""
    before, wanted = grounds.seen(), []
    for name in ("overwrite", "plant", "neighbours", "root", "kernel", "connect"):
        more = {f"blamed_{name}/tests/__init__.py": b"", f"blamed_{name}/tests/needed.py": b""}
        wanted.append(grounds.package(f"blamed_{name}", attack((name,)) + BLAMED, more))
    with ground.held([kinds.ROOT] * len(wanted)):
        _, run = grounds.build("blamed", [*wanted, "victim==1.0"])
        assert "✗ verify failed" in run.output, run.output
        grounds.check(before, run.output)
