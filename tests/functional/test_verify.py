"""verify over small trees made by hand, after the real prune, optimize and zip, on this machine."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.clients import sandboxes
from tasks.core import budget, paths, probing, records, trees
from tasks.core.errors import VerifyError
from tasks.core.settings import Settings
from tasks.steps import install, optimize, prune, verify
from tasks.steps import zip as zip_step

DOCKER = Path(__file__).parents[2] / "docker"
ARN = "arn:aws:lambda:ap-northeast-2:123456789012:layer:t:1"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty project whose sandbox is this machine."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(DOCKER, paths.DOCKER)
    Path("requirements-all.txt").write_text("pkg\n", encoding="utf-8")
    return Settings(layer="t", builder="host")


def metadata(name: str, version: str = "1.0", more: str = "") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}"


def lay(settings: Settings, files: dict[str, str | bytes], direct: str = "pkg") -> None:
    """install's tree and record: `files` below python/, each in its distribution's RECORD."""
    python = paths.tree(settings, "install") / "python"
    given = {f"{direct}-1.0.dist-info/METADATA": metadata(direct), **files}
    record_name = f"{direct}-1.0.dist-info/RECORD"
    given.setdefault(record_name, "".join(f"{name},,\n" for name in (*given, record_name)))
    for name, content in given.items():
        path = python / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    record = install.describe(paths.tree(settings, "install"), [direct])
    records.write(paths.record(settings, "install"), record)


def build(settings: Settings) -> Any:
    """verify's record, after everything before it."""
    prune.run(settings)
    optimize.run(settings, lambda: sandboxes.choose(settings))
    zip_step.run(settings)
    return verify.run(settings, lambda: sandboxes.choose(settings))


def refused(settings: Settings) -> VerifyError:
    """The error; nothing counts as proven, nothing is left lying about."""
    with pytest.raises(VerifyError) as caught:
        build(settings)
    assert not paths.record(settings, "verify").exists()
    assert [path.name for path in paths.BUILD.iterdir() if path.name.startswith(".")] == []
    return caught.value


# ---- what works ---------------------------------------------------------------------------------


def test_a_good_layer_is_proven(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """Every module imported, every distribution asked, nothing compiled anew."""
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": "from pkg import b", "pkg/b.py": "x = 1"})
    record = build(settings)
    assert (record["modules"], record["distributions"], record["libraries"]) == (3, 1, 0)
    assert record["compiled_anew"] == 0
    assert record["sha256"] == records.file_digest(paths.layer_zip(settings))
    assert set(record["packages"]) == {"pkg"}
    assert record["packages"]["pkg"] == record["unzipped"]
    assert record == records.read(paths.record(settings, "verify"))


def test_proving_writes_nothing_into_the_trees(settings: Settings) -> None:
    """Not even bytecode."""
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": ""})
    before = trees.measure(paths.tree(settings, "install"))
    build(settings)
    assert trees.measure(paths.tree(settings, "install")) == before
    assert [path for path in paths.BUILD.iterdir() if path.name.startswith(".")] == []


def test_what_is_installed_is_probed_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is kept while install's tree and the question are the same."""
    lay(settings, {"pkg/__init__.py": ""})
    build(settings)
    asked: list[Path] = []

    def note(sandbox: Any, opt: Path, request: Any) -> Any:
        asked.append(opt)
        return original(sandbox, opt, request)

    original = probing.prove
    monkeypatch.setattr(probing, "prove", note)
    verify.run(settings, lambda: sandboxes.choose(settings))
    assert [path.name for path in asked] == ["layer"]


def test_modules_that_never_imported_do_not_count(settings: Settings) -> None:
    """They want packages that nobody asked for."""
    lay(settings, {"pkg/__init__.py": "", "pkg/extra.py": "import not_installed_anywhere"})
    record = build(settings)
    assert (record["modules"], record["modules_that_never_imported"]) == (1, 1)


def test_a_module_that_ends_the_process_costs_only_itself(settings: Settings) -> None:
    """The next worker goes on behind it."""
    lay(settings, {
        "pkg/__init__.py": "", "pkg/a.py": "import os; os._exit(3)", "pkg/b.py": "",
        "pkg/c.py": "raise SystemExit", "pkg/d.py": "print('noise')",
    })  # fmt: skip
    record = build(settings)
    assert (record["modules"], record["modules_that_never_imported"]) == (3, 2)


# ---- what broke ---------------------------------------------------------------------------------


def test_a_rule_that_took_a_module_is_named(settings: Settings) -> None:
    """Rule, file, and the `keep` line that puts it right – which it does."""
    lay(settings, {
        "pkg/__init__.py": "import importlib; importlib.import_module('pkg.' + 'tests.need')",
        "pkg/tests/__init__.py": "", "pkg/tests/need.py": "", "pkg/tests/other.py": "",
    })  # fmt: skip
    dropping = replace(settings, drop=("pkg/tests/need.py",), rules_off=("tests",))
    found = refused(dropping)
    assert "pkg: ModuleNotFoundError: No module named 'pkg.tests.need'" in found.problem
    assert "rule 'drop' took pkg/tests/need.py" in found.problem
    assert found.fix == 'add to [tool.lambda-layer]: keep = ["pkg/tests/need.py"]'
    assert build(replace(dropping, keep=("pkg/tests/need.py",)))


def test_a_data_file_that_an_import_reads_is_named(settings: Settings) -> None:
    """Found by halving among many."""
    files: dict[str, str | bytes] = {f"pkg/data/{n}.txt": "x" for n in range(40)}
    code = "from pathlib import Path; Path(__file__).with_name('data').joinpath('17.txt').open()"
    lay(settings, {"pkg/__init__.py": "", "pkg/reads.py": code, **files})
    found = refused(replace(settings, drop=("pkg/data/*.txt",)))
    assert "pkg.reads: FileNotFoundError" in found.problem
    assert "rule 'drop' took pkg/data/17.txt" in found.problem
    assert found.fix == 'add to [tool.lambda-layer]: keep = ["pkg/data/17.txt"]'


def test_files_that_are_needed_together_are_named_together(settings: Settings) -> None:
    """Neither half is enough; no file is named that is not needed."""
    code = "from pathlib import Path\nfor n in (3, 39): Path(__file__).with_name(f'{n}.txt').open()"
    files: dict[str, str | bytes] = {f"pkg/{n}.txt": "x" for n in range(40)}
    lay(settings, {"pkg/__init__.py": code, **files})
    found = refused(replace(settings, drop=("pkg/*.txt",)))
    assert "rule 'drop' took pkg/3.txt, pkg/39.txt" in found.problem
    assert found.fix == 'add to [tool.lambda-layer]: keep = ["pkg/3.txt", "pkg/39.txt"]'


def test_two_rules_that_broke_it_together(settings: Settings) -> None:
    """Neither's files alone are enough; the fix names files of both."""
    reading = "for n in ('do' + 'cs/a.txt', 'b.x'): Path(__file__).parent.joinpath(n).open()"
    code = f"from pathlib import Path\n{reading}"
    lay(settings, {"pkg/__init__.py": "", "pkg/code.py": code, "pkg/docs/a.txt": "",
                   "pkg/b.x": ""})  # fmt: skip
    dropping = replace(settings, drop=("pkg/*.x",))
    found = refused(dropping)
    assert "rules 'docs' and 'drop' took " in found.problem
    assert build(replace(dropping, keep=tuple(json.loads(found.fix.partition("keep = ")[2]))))


def test_a_requirement_that_never_imported_is_no_fault_of_pruning(settings: Settings) -> None:
    """It would not work anywhere."""
    lay(settings, {"pkg/__init__.py": "import not_installed_anywhere"})
    found = refused(settings)
    assert "does not import, before any pruning:\npkg: ModuleNotFoundError" in found.problem
    assert "add the missing package" in found.fix


# ---- metadata -----------------------------------------------------------------------------------


def test_broken_metadata_is_named(settings: Settings) -> None:
    """What importlib.metadata cannot read."""
    lay(settings, {
        "pkg/__init__.py": "",
        "pkg-1.0.dist-info/entry_points.txt": "[console_scripts]\nno equals sign here\n",
    })  # fmt: skip
    assert "pkg: " in refused(settings).problem


def test_a_distribution_that_lost_its_version_is_named(settings: Settings) -> None:
    """A program that asks for it fails, though every import works."""
    lay(settings, {"pkg/__init__.py": ""})
    found = refused(replace(settings, drop=("*.dist-info/METADATA",)))
    assert "pkg" in found.problem
    assert "rules-off" in found.fix


def test_a_distribution_that_stands_twice_is_refused(settings: Settings) -> None:
    """Two versions laid over each other: which one answers is chance."""
    lay(settings, {"pkg/__init__.py": ""})
    prune.run(settings)
    optimize.run(settings, lambda: sandboxes.choose(settings))
    second = paths.tree(settings, "optimize") / "python" / "Pkg-2.0.dist-info" / "METADATA"
    second.parent.mkdir()
    second.write_text(metadata("Pkg", "2.0"), encoding="utf-8")
    zip_step.run(settings)
    with pytest.raises(VerifyError, match="pkg is in the layer twice"):
        verify.run(settings, lambda: sandboxes.choose(settings))


def test_modules_that_python_compiles_anew_are_counted(settings: Settings) -> None:
    """Bytecode that does not belong to its source costs time at each cold start."""
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": "x = 1"})
    prune.run(settings)
    optimize.run(settings, lambda: sandboxes.choose(settings))
    [bytecode] = (paths.tree(settings, "optimize") / "python/pkg").glob("__pycache__/a.*.pyc")
    bytecode.unlink()
    zip_step.run(settings)
    with pytest.raises(VerifyError, match=r"compiles [1-9] modules anew") as caught:
        verify.run(settings, lambda: sandboxes.choose(settings))
    assert 'bytecode = "none"' in caught.value.fix


def test_without_bytecode_the_count_is_only_reported(settings: Settings) -> None:
    """It was asked for."""
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": ""})
    assert build(replace(settings, bytecode="none"))["compiled_anew"] >= 2


# ---- shared objects -----------------------------------------------------------------------------


def library(target: Path, source: str, *flags: str) -> bytes:
    """Compiled here."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(target), *flags]
    subprocess.run(command, input=source.encode(), check=True)
    return target.read_bytes()


def test_a_library_that_loads_is_counted(settings: Settings, tmp_path: Path) -> None:
    """With every library it needs."""
    lay(settings, {"pkg/__init__.py": "", "pkg/one.so": library(tmp_path / "one.so", "int a;")})
    assert build(settings)["libraries"] == 1


def test_a_library_that_is_missing_everywhere_is_a_warning(
    settings: Settings, tmp_path: Path, said: list[str]
) -> None:
    """The image does not bring it, nor does the layer: it may never be needed."""
    library(tmp_path / "libgone.so", "int gone(void) { return 1; }")
    needs = library(
        tmp_path / "needs.so", "int gone(void); int f(void) { return gone(); }",
        f"-L{tmp_path}", "-lgone",
    )  # fmt: skip
    lay(settings, {"pkg/__init__.py": "", "pkg/needs.so": needs})
    assert build(settings)["libraries"] == 0
    assert any("warning: pkg/needs.so: " in line and "libgone.so" in line for line in said)


def test_a_library_that_a_rule_took_is_an_error(settings: Settings, tmp_path: Path) -> None:
    """It loaded as installed."""
    library(tmp_path / "libhelp.so", "int help(void) { return 1; }", "-Wl,-soname,libhelp.so")
    needs = library(
        tmp_path / "needs.so", "int help(void); int f(void) { return help(); }",
        f"-L{tmp_path}", "-lhelp", "-Wl,-rpath,$ORIGIN",
    )  # fmt: skip
    helper = (tmp_path / "libhelp.so").read_bytes()
    lay(settings, {"pkg/__init__.py": "", "pkg/needs.so": needs, "pkg/libhelp.so": helper})
    found = refused(replace(settings, drop=("pkg/libhelp.so",)))
    assert "pkg/needs.so: OSError" in found.problem
    assert found.fix == 'add to [tool.lambda-layer]: keep = ["pkg/libhelp.so"]'


def test_a_library_for_a_newer_glibc_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Though nothing here calls what is missing: Lambda's image would not load it."""
    name = library(tmp_path / "new.so", 'const char *v = "GLIBC_2.99";')
    lay(settings, {"pkg/__init__.py": "", "pkg/new.so": name})
    assert "pkg/new.so needs glibc 2.99" in refused(settings).problem


# ---- the project's own check --------------------------------------------------------------------


def test_a_check_that_passes(settings: Settings) -> None:
    """A file of the project; it sees the layer."""
    lay(settings, {"pkg/__init__.py": "x = 1"})
    Path("check.py").write_text("import pkg\nassert pkg.x == 1\n", encoding="utf-8")
    assert build(replace(settings, check="check.py"))


def test_a_check_that_is_a_module_of_the_layer(settings: Settings) -> None:
    """Run as `python -m`."""
    lay(settings, {"pkg/__init__.py": "", "pkg/selftest.py": "raise SystemExit('no good')"})
    found = refused(replace(settings, check="pkg.selftest"))
    assert "check = 'pkg.selftest' failed:\nno good" in found.problem


def test_a_check_that_fails_shows_its_last_lines(settings: Settings) -> None:
    """And nothing is shipped."""
    lay(settings, {"pkg/__init__.py": "x = 1"})
    Path("check.py").write_text("import pkg\nassert pkg.x == 2, 'two'\n", encoding="utf-8")
    found = refused(replace(settings, check="check.py"))
    assert "check = 'check.py' failed" in found.problem
    assert "AssertionError: two" in found.problem


def test_a_check_that_hangs_is_ended(settings: Settings) -> None:
    """After check-timeout; what it said is shown."""
    lay(settings, {"pkg/__init__.py": ""})
    code = "import time\nprint('waiting', flush=True)\ntime.sleep(600)\n"
    Path("check.py").write_text(code, encoding="utf-8")
    found = refused(replace(settings, check="check.py", check_timeout=1))
    assert "check = 'check.py' did not end in 1 s\nwaiting" in found.problem
    assert "check-timeout allows more" in found.fix


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("none.py", "check = 'none.py': no such file"),
        ("pkg.none", "No module named pkg.none"),
    ],
)
def test_a_check_that_is_missing(settings: Settings, check: str, words: str) -> None:
    """A file, a module."""
    lay(settings, {"pkg/__init__.py": ""})
    assert words in refused(replace(settings, check=check)).problem


# ---- the budget ---------------------------------------------------------------------------------


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What verify tells a person."""
    lines: list[str] = []
    monkeypatch.setattr(verify, "say", lines.append)
    return lines


def test_over_the_limit_the_ten_largest_are_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Largest first, and no sandbox is started for it."""
    others: dict[str, str | bytes] = {}
    for n in range(12):
        info = f"p{n}-1.0.dist-info"
        others[f"p{n}/__init__.py"] = "#" * 1000 * (n + 1)
        others[f"{info}/METADATA"] = metadata(f"p{n}")
        others[f"{info}/RECORD"] = f"p{n}/__init__.py,,\n"
    lay(settings, {"pkg/__init__.py": "", **others})
    monkeypatch.setattr(budget, "LAMBDA_LIMIT", 50_000)
    found = refused(replace(settings, bytecode="none", strip=False))
    lines = found.problem.splitlines()
    assert "is over Lambda's 50.0 kB; the heaviest:" in lines[0]
    assert [line.split()[-1] for line in lines[1:]] == [f"p{n}" for n in range(11, 1, -1)]
    assert "`drop` and `recipes`" in found.fix


def test_the_function_counts_as_well(settings: Settings) -> None:
    """The limit is for all layers and the function together."""
    Path("app.py").write_text("#" * 5000, encoding="utf-8")
    with_app = budget.function_size()
    Path("app.py").unlink()
    assert with_app == budget.function_size() + 5000


def test_over_90_percent_is_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    """It still ships."""
    lay(settings, {"pkg/__init__.py": "#" * 9000})
    monkeypatch.setattr(budget, "function_size", lambda: 0)
    monkeypatch.setattr(budget, "LAMBDA_LIMIT", 10_000)
    assert build(replace(settings, bytecode="none", strip=False))
    assert any(line.startswith("warning: over 90% of Lambda's limit") for line in said)


def test_another_layers_size_is_said_to_be_unknown(settings: Settings, said: list[str]) -> None:
    """Only AWS knows it."""
    foreign = ARN.replace(":t:", ":extension:")
    paths.CHALICE_CONFIG.parent.mkdir()
    config = {"stages": {"prod": {"layers": [ARN, foreign]}}}
    paths.CHALICE_CONFIG.write_text(json.dumps(config), encoding="utf-8")
    lay(settings, {"pkg/__init__.py": ""})
    build(settings)
    assert f"not counted, its size is known to AWS only: {foreign}" in said
    assert not any(ARN in line for line in said)


@pytest.mark.parametrize(("allowed", "passes"), [(0, True), (400, True), (50, False)])
def test_growth_over_the_published_version(settings: Settings, allowed: int, passes: bool) -> None:
    """In percent; 0 is no limit."""
    lay(settings, {"pkg/__init__.py": "#" * 3000})
    published = {"unzipped": 1000, "arn": ARN}
    records.write(paths.stage_record(settings, "publish"), published)
    limited = replace(settings, max_growth=allowed, bytecode="none", strip=False)
    if passes:
        assert build(limited)
    else:
        found = refused(limited)
        assert f"% over {ARN} (1.0 kB → 3." in found.problem
        assert "max-growth is 50 %" in found.problem
