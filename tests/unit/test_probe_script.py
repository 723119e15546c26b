"""docker/probe.py by itself: workers that die or hang, what comes back, what is put back."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import scripts

SCRIPT = scripts.FOLDER / "probe.py"


@pytest.fixture
def probe() -> ModuleType:
    """The script as a module; its workers are real processes of it."""
    return scripts.load("probe")


@pytest.fixture
def opt(tmp_path: Path) -> Path:
    (tmp_path / "python").mkdir()
    return tmp_path


def lay(opt: Path, **modules: str) -> None:
    for name, text in modules.items():
        (opt / "python" / f"{name}.py").write_text(text, encoding="utf-8")


def imported(probe: Any, opt: Path, *names: str) -> dict[str, str]:
    found: dict[str, str] = probe.run_batch(str(opt), "import", list(names))[0]
    return found


def test_each_module_gets_its_answer(probe: ModuleType, opt: Path) -> None:
    """'' or one line; what is printed does not mix in."""
    lay(opt, good="print('{\"name\": 1}')", bad="raise ValueError('two\\nlines')")
    assert imported(probe, opt, "good", "bad", "gone") == {
        "good": "",
        "bad": "ValueError: two",
        "gone": "ModuleNotFoundError: No module named 'gone'",
    }


def test_a_crash_costs_one_module(probe: ModuleType, opt: Path) -> None:
    """A signal, an exit; those behind it are answered by another worker."""
    lay(
        opt,
        crash="import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        leave="import os; os._exit(0)",
        good="",
    )
    assert imported(probe, opt, "crash", "leave", "good") == {
        "crash": "exit status -11",
        "leave": "exit status 0",
        "good": "",
    }


def test_a_hang_costs_one_module(
    probe: ModuleType, opt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute; here sooner."""
    monkeypatch.setattr(probe, "HANG", 1.0)
    lay(opt, hang="import time; time.sleep(600)", good="")
    assert imported(probe, opt, "hang", "good") == {"hang": "no end after 1 s", "good": ""}


def test_a_thread_that_an_import_starts_is_not_waited_for(probe: ModuleType, opt: Path) -> None:
    """Some packages start one that never ends."""
    lay(
        opt, busy="import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()"
    )
    assert imported(probe, opt, "busy") == {"busy": ""}


def test_compiling_is_counted_only_below_opt(probe: ModuleType, opt: Path) -> None:
    """Nothing is written there."""
    lay(opt, a="import b", b="import json.tool")
    _, compiled = probe.run_batch(str(opt), "import", ["a"])
    assert compiled == 2
    assert not (opt / "python/__pycache__").exists()


def test_batches_are_all_answered(probe: ModuleType, opt: Path) -> None:
    """More of them than workers; an empty one, too."""
    lay(opt, **{f"m{n}": "" for n in range(5)})
    batches = {f"d{n}": [f"m{n}"] for n in range(5)} | {"none": []}
    found = probe.run_batches(str(opt), "import", batches)
    assert {name: errors for name, (errors, _) in found.items()} == {
        **{f"d{n}": {f"m{n}": ""} for n in range(5)},
        "none": {},
    }


def dist_info(opt: Path, folder: str, **files: str) -> None:
    path = opt / "python" / f"{folder}.dist-info"
    path.mkdir()
    for name, text in files.items():
        (path / name.replace("_txt", ".txt")).write_text(text, encoding="utf-8")


def test_metadata_is_asked_as_programs_ask(probe: ModuleType, opt: Path) -> None:
    """Version, requires, entry points; one that fails is named with why; twice is twice."""
    head = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n"
    dist_info(opt, "a_b-1", METADATA=head.format("A.b", 1))
    dist_info(opt, "a_b-2", METADATA=head.format("a-B", 2))
    dist_info(opt, "c-1", METADATA=head.format("c", 1), entry_points_txt="[x]\nno sign\n")
    found = probe.metadata(str(opt / "python"))
    assert found["twice"] == ["a-b"]
    assert set(found["distributions"]) == {"A.b", "a-B", "c"}
    assert set(found["metadata"]) == {"c"}


def test_a_library_for_a_newer_glibc_is_found(probe: ModuleType, opt: Path) -> None:
    """By the symbol versions it names, numerically."""
    (opt / "python/a.so").write_bytes(b"\0GLIBC_2.2.5\0GLIBC_2.9\0")
    (opt / "python/b.so").write_bytes(b"\0GLIBC_2.9\0GLIBC_2.1000\0")
    assert probe.newer(str(opt), "a.so") == ""
    assert probe.newer(str(opt), "b.so") == "2.1000"


@pytest.mark.parametrize("needed", [{7}, {0}, {31}, {0, 31}, {3, 4, 5}, set(range(0, 32, 5))])
def test_the_smallest_set_is_exactly_what_is_needed(probe: ModuleType, needed: set[int]) -> None:
    """Wherever it stands, however many there are."""
    paths = [str(n) for n in range(32)]
    wanted = {str(n) for n in needed}
    assert set(probe.smallest(paths, lambda some: wanted <= set(some))) == wanted


def test_the_search_ends(probe: ModuleType) -> None:
    """When everything is needed, too."""
    tries = 0

    def works(paths: list[str]) -> bool:
        nonlocal tries
        tries += 1
        return len(paths) == 5000

    assert len(probe.smallest([str(n) for n in range(5000)], works)) == 5000
    assert tries <= probe.TRIES


def test_what_is_put_back_can_be_taken_again(probe: ModuleType, opt: Path) -> None:
    """A removed file, and one that was changed."""
    lay(opt, changed="new")
    before = opt / "before/python"
    (before / "pkg").mkdir(parents=True)
    for name in ("changed.py", "pkg/gone.py"):
        (before / name).write_text("old", encoding="utf-8")
    undo = [probe.put_back(opt, name) for name in ("changed.py", "pkg/gone.py")]
    assert (opt / "python/changed.py").read_text() == "old"
    assert (opt / "python/pkg/gone.py").read_text() == "old"
    for each in undo:
        each()
    assert (opt / "python/changed.py").read_text() == "new"
    assert not (opt / "python/pkg/gone.py").exists()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_reads_a_question_and_writes_an_answer(opt: Path, tmp_path: Path) -> None:
    """JSON in, JSON out, nothing printed."""
    lay(opt, good="", bad="import gone")
    request, result = tmp_path / "request.json", tmp_path / "result.json"
    question = {"direct": {"d": ["good"]}, "modules": {"d": ["bad", "good"]}, "libraries": []}
    request.write_text(json.dumps(question), encoding="utf-8")
    done = run("prove", str(opt), str(request), str(result))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    answer = json.loads(result.read_text(encoding="utf-8"))
    assert answer["direct"] == {"d": {"good": ""}}
    assert list(answer["imports"]) == ["bad", "good"]
    assert answer["compiled"] == 3


def test_a_check_is_a_program(opt: Path, tmp_path: Path) -> None:
    """A file beside others of its folder, or a module of the layer; its exit code is the answer."""
    lay(opt, lib="x = 1", selftest="import sys, lib; print(sys.argv[0]); sys.exit(lib.x)")
    (tmp_path / "helper.py").write_text("y = 2", encoding="utf-8")
    check = tmp_path / "check.py"
    check.write_text("import helper, lib; print(__name__, lib.x + helper.y)", encoding="utf-8")
    assert run("check", str(opt), str(check)).stdout == "__main__ 3\n"
    assert run("check", str(opt), "selftest").returncode == 1
