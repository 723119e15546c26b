"""verify, shared objects and the project's own check: what an import does not reach."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.sandbox import isolation
from tasks.settings.model import Settings
from tests import handmade_layers
from tests.elves import ARM, X86, elf, with_numbers
from tests.handmade_layers import build, lay, refused


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return handmade_layers.project(tmp_path, monkeypatch)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return handmade_layers.listen(monkeypatch)


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
    assert build(settings).libraries == 1


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
    assert build(settings).libraries == 0
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


def test_a_library_for_a_newer_glibc_is_refused(settings: Settings) -> None:
    """Though nothing here calls what is missing: Lambda's image would not load it, whatever this
    machine does."""
    content = elf("libc.so.6", versions={"libc.so.6": ["GLIBC_2.36"]})
    lay(settings, {"pkg/__init__.py": "", "pkg/new.so": content})
    found = refused(settings)
    assert "pkg/new.so (pkg) needs glibc 2.36 (Amazon Linux 2023 has 2.34)" in found.problem
    assert "manylinux up to glibc 2.34" in found.fix


@pytest.mark.parametrize("isolated", [True, False])
def test_a_library_that_this_machine_has_and_lambda_has_not(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolated: bool
) -> None:
    """gcc's, for example: what a person imports loads it here, and would not there. bubblewrap
    hides what lies here, without it the table of Lambda's libraries knows."""
    if not isolated:
        monkeypatch.setattr(isolation, "lacking", lambda interpreter: "there is none")
    outside = tmp_path / "outside/libgone.so.1"
    library(outside, "int gone(void) { return 1; }", "-Wl,-soname,libgone.so.1")
    needs = library(
        tmp_path / "needs.so", "int gone(void); int f(void) { return gone(); }",
        f"-L{outside.parent}", "-l:libgone.so.1", f"-Wl,-rpath,{outside.parent}",
    )  # fmt: skip
    code = "import ctypes, pathlib\nctypes.CDLL(pathlib.Path(__file__).with_name('needs.so'))\n"
    lay(settings, {"pkg/__init__.py": code, "pkg/needs.so": needs})
    found = refused(settings)
    where = "OSError: libgone.so.1: cannot open shared object file"
    if not isolated:
        where = "libgone.so.1: cannot open shared object file (pkg/needs.so"
    assert f"pkg: {where}" in found.problem
    assert "Lambda's image has no libgone.so.1" in found.problem
    assert "auditwheel repair" in found.fix
    assert "pin versions" not in found.fix


@pytest.mark.parametrize("needs", [True, False])
@pytest.mark.parametrize("isolated", [True, False])
def test_a_library_that_only_c_code_asks_for(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str],
    needs: bool, isolated: bool,
) -> None:  # fmt: skip
    """As cffi's and plugins' are: what can do without it imports, the rest fails as in Lambda. With
    bubblewrap, and without it."""
    if not isolated:
        monkeypatch.setattr(isolation, "lacking", lambda interpreter: "there is none")
    source = (
        "void *dlopen(const char *, int); char *dlerror(void);\n"
        'char *load(void) { return dlopen("libcrypt.so.1", 2) ? "" : dlerror(); }'
    )
    code = (
        "import ctypes, pathlib\nlib = ctypes.CDLL(pathlib.Path(__file__).with_name('by_c.so'))\n"
        "lib.load.restype = ctypes.c_char_p\nerror = lib.load().decode()\n"
        f"if error and {needs}: raise ImportError(error)\n"
    )
    lay(settings, {"pkg/__init__.py": code, "pkg/by_c.so": library(tmp_path / "by_c.so", source)})
    if needs:
        found = refused(settings)
        assert "libcrypt.so.1: cannot open shared object file: No such file" in found.problem
        assert "Lambda's image has no libcrypt.so.1" in found.problem
    else:
        assert build(settings).modules == 1
        assert not any("libcrypt" in line for line in said)


def test_a_program_that_nothing_imports_is_a_warning(settings: Settings, said: list[str]) -> None:
    """It may never run: the layer ships."""
    node = elf("libatomic.so.1", program=True)
    lay(settings, {"pkg/__init__.py": "", "pkg/driver/node": node}, programs=["pkg/driver/node"])
    assert build(settings)
    assert any("warning: pkg/driver/node (pkg) needs libatomic.so.1" in line for line in said)


@pytest.mark.parametrize(("architecture", "machine"), [("x86_64", X86), ("arm64", ARM)])
def test_files_of_numbers_that_cannot_be_are_named(
    settings: Settings, said: list[str], architecture: str, machine: int
) -> None:
    """Whether the layer runs here or is only read: they stop nothing, and the layer ships."""
    content = elf("libc.so.6", machine=machine, versions={"libc.so.6": ["GLIBC_2.17"]})
    changes: list[dict[int | str, int]] = [{"VERNEEDNUM": 2**40}, {"STRSZ": 2**62}, {0x20: 2**63}]
    files: dict[str, str | bytes] = {"pkg/__init__.py": "", "pkg/good": content}
    bad = {f"pkg/bad{number}": with_numbers(content, each) for number, each in enumerate(changes)}
    lay(settings, {**files, **bad}, programs=["pkg/good", *bad])
    build(replace(settings, architecture=architecture))
    named = [line for line in said if "is no ELF file that can be read" in line]
    assert named == [f"warning: {path} (pkg) is no ELF file that can be read" for path in bad]


def test_a_compiled_file_is_read_whatever_its_name_and_mode(
    settings: Settings, said: list[str]
) -> None:
    """Node's modules, and programs of a wheel that was zipped without modes."""
    content = elf(program=True, versions={"libc.so.6": ["GLIBC_2.38"]})
    lay(settings, {"pkg/__init__.py": "", "pkg/addon.node": content, "pkg/tool": content})
    build(settings)
    for name in ("pkg/addon.node", "pkg/tool"):
        line = f"warning: {name} (pkg) needs glibc 2.38 (Amazon Linux 2023 has 2.34)"
        assert line in said


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
