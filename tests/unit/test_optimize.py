"""tasks/steps/optimize.py on this machine: a tree merged from prune's and what travelled back."""

import os
import shutil
from pathlib import Path

import pytest

from tasks.clients import sandboxes
from tasks.core import paths, records
from tasks.core.errors import BuildError
from tasks.core.sandbox import Job, OnLine, Outcome, Sandbox
from tasks.core.settings import Settings
from tasks.steps import optimize

DOCKER = Path(__file__).parents[2] / "docker"
OPTIONS = {"layer": "t", "builder": "host"}


class Failing:
    """A sandbox in which every command fails."""

    kind = "host"
    title = "a machine that is out of order"

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        return Outcome(code=1, output="first\nMemoryError\n")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A pruned tree in an empty project."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(DOCKER, paths.DOCKER)
    found = Settings(**OPTIONS)  # type: ignore[arg-type] # any values
    for name, text in {"m.py": "x = 1\n", "data.txt": "d"}.items():
        path = paths.tree(found, "prune") / "python" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    records.write(paths.record(found, "prune"), {"fingerprint": "f"})
    return found


def run(settings: Settings) -> records.Record:
    return optimize.run(settings, lambda: sandboxes.choose(settings))


def left(settings: Settings) -> set[str]:
    root = paths.tree(settings, "optimize") / "python"
    return {path.name for path in root.rglob("*") if path.is_file()}


def test_the_tree_is_prunes_with_bytecode(settings: Settings) -> None:
    """Sources stay; prune's tree is not written to; nothing else is left behind."""
    record = run(settings)
    assert left(settings) == {"m.py", "data.txt", "m.cpython-312.pyc"}
    pruned = paths.tree(settings, "prune")
    assert {path.name for path in pruned.rglob("*") if path.is_file()} == {"m.py", "data.txt"}
    assert record["files"] == 3
    assert record["bytes"] == 7 + record["bytecode"]["bytes"]
    assert record["fingerprint"] == optimize.fingerprint(settings)
    beside = {path.name for path in paths.record(settings, "optimize").parent.iterdir()}
    assert beside == {"opt", "record.json"}


def test_two_runs_give_the_same_tree(settings: Settings) -> None:
    """Digest over names, modes and contents."""
    assert run(settings) == run(settings)


def test_what_is_switched_off_needs_no_sandbox(settings: Settings) -> None:
    """Then the tree is prune's."""

    def none() -> Sandbox:
        raise AssertionError("no sandbox was needed")

    plain = Settings(**OPTIONS, strip=False, bytecode="none")  # type: ignore[arg-type] # any values
    record = optimize.run(plain, none)
    assert record["bytecode"] is record["strip"] is None
    assert left(plain) == {"m.py", "data.txt"}


def test_the_fingerprint_follows_settings_script_and_tree(settings: Settings) -> None:
    """Any of them makes other files."""
    seen = {optimize.fingerprint(settings)}
    seen.add(optimize.fingerprint(Settings(**OPTIONS, strip=False)))  # type: ignore[arg-type] # any values
    seen.add(optimize.fingerprint(Settings(**OPTIONS, bytecode="none")))  # type: ignore[arg-type] # any values
    seen.add(optimize.fingerprint(Settings(**OPTIONS, image="other")))  # type: ignore[arg-type] # any values
    records.write(paths.record(settings, "prune"), {"fingerprint": "g"})
    seen.add(optimize.fingerprint(settings))
    (paths.DOCKER / "optimize.py").write_text("", encoding="utf-8")
    seen.add(optimize.fingerprint(settings))
    assert len(seen) == 6


def test_a_failing_script_is_shown_and_leaves_no_record(settings: Settings) -> None:
    """With its last words and a way around it."""
    run(settings)
    with pytest.raises(BuildError, match="MemoryError") as caught:
        optimize.run(settings, Failing)
    assert 'bytecode = "none"' in caught.value.fix
    assert not paths.record(settings, "optimize").exists()


def test_without_prunes_tree_it_says_so(settings: Settings) -> None:
    """No traceback after someone tidied up."""
    shutil.rmtree(paths.tree(settings, "prune"))
    with pytest.raises(BuildError, match="not there"):
        run(settings)


def test_unchanged_files_take_no_space_twice(settings: Settings) -> None:
    """Hard links: build/ would be three times the layer otherwise."""
    run(settings)
    one, two = (paths.tree(settings, step) / "python/data.txt" for step in ("prune", "optimize"))
    assert os.path.samefile(one, two)  # noqa: PTH121 - Path.samefile reads less well here


def test_people_are_told_what_happened() -> None:
    """Also what was not done, and why."""
    record = {
        "strip": {"files": 2, "bytes": 3_000_000, "put_back": ["python/cv2.so"],
                  "left_alone": ["a", "b", "c"], "skipped": "there is no `strip`"},
        "bytecode": {"files": 0, "bytes": 0, "skipped": ["x.py"], "left_out": "over the limit"},
    }  # fmt: skip
    said = "\n".join(optimize.summary(record))
    for words in ("stripped 2 libraries, 3.0 MB saved", "3 left alone", "no `strip`", "cv2.so",
                  "1 files are not valid Python", "left out: over the limit"):  # fmt: skip
        assert words in said
