"""Packages that cannot be a layer, and checks that do not pass: nothing leaves the machine."""

import zipfile
from pathlib import Path

import pytest

from tests.functional.test_bad_input import error
from tests.handmade_wheels import wheel
from tests.project import Project, Run, small

LIMIT = 262_144_000  # bytes unzipped, Lambda's


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Asks for every wheel that a test lays into `wheels/`."""
    return small(tmp_path / "project")


def build(project: Project) -> Run:
    """`doit build` of all wheels that lie there."""
    wheels = project.path / "wheels"
    names = [path.name.split("-")[0] for path in wheels.iterdir()]
    lines = [f"--find-links {wheels}", *names]
    project.write("requirements-all.txt", "\n".join(lines))
    return project.doit("build")


def refused(project: Project) -> str:
    """The error of a build that must not prove anything."""
    said = error(build(project))
    assert not (project.path / "build/verify/deps/record.json").exists()
    return said


def setting(project: Project, line: str) -> None:
    project.write("pyproject.toml", project.read("pyproject.toml") + line + "\n")


def test_a_layer_that_cannot_fit_even_pruned(project: Project) -> None:
    wheels = project.path / "wheels"
    wheel(wheels, "alpha", {"alpha/__init__.py": b"", "alpha/data.bin": bytes(LIMIT - 1000)})
    wheel(wheels, "beta", {"beta.py": b"x = 1\n" * 200_000})
    said = refused(project)
    assert "is over Lambda's 262.1 MB" in said
    assert said.index("262.1 MB  alpha") < said.index("1.2 MB  beta")


def test_two_distributions_that_write_the_same_file(project: Project) -> None:
    wheels = project.path / "wheels"
    wheel(wheels, "alpha", {"same.py": b"a = 1\n"})
    wheel(wheels, "beta", {"same.py": b"b = 2\n"})
    assert "alpha and beta both write same.py, differently" in refused(project)
    setting(project, 'prefer = ["beta: same.py"]')
    assert build(project).code == 0
    with zipfile.ZipFile(project.path / "build/deps.zip") as layer:
        assert layer.read("python/same.py") == b"b = 2\n"


def test_a_corrupt_wheel(project: Project) -> None:
    made = wheel(project.path / "wheels", "alpha", {"alpha.py": b"a = 1\n" * 50})
    data = bytearray(made.read_bytes())
    data[40:50] = b"\0" * 10
    made.write_bytes(data)
    said = refused(project)
    assert "alpha" in said
    assert "damaged" in said


@pytest.mark.parametrize(
    "name", ["alpha/a\\b.txt", "alpha/a\tb.txt", f"alpha/{'n' * 200}é{'x' * 60}"]
)
def test_a_file_name_that_a_zip_or_lambda_cannot_hold(project: Project, name: str) -> None:
    wheel(project.path / "wheels", "alpha", {"alpha/__init__.py": b"", name: b"data"})
    assert "alpha" in refused(project)


def test_a_backslash_can_be_dropped(project: Project) -> None:
    """The installer lays such a file down, a zip cannot hold it: the package is named, and the
    line that is proposed does."""
    files = {"alpha/__init__.py": b"", "alpha/back\\slash.txt": b"data"}
    wheel(project.path / "wheels", "alpha", files)
    said = refused(project)
    assert "alpha: 'alpha/back" in said
    assert "drop it: drop = [" in said
    setting(project, said.split("drop it: ")[1].split(" in [tool")[0])
    assert build(project).code == 0


def test_names_that_differ_in_case_alone(project: Project) -> None:
    """No folder on macOS or Windows holds both; `drop` takes one away."""
    files = {"alpha/__init__.py": b"", "alpha/Foo.py": b"x = 1\n", "alpha/foo.py": b"x = 2\n"}
    wheel(project.path / "wheels", "alpha", files)
    said = refused(project)
    assert "alpha: alpha/Foo.py and alpha/foo.py differ in case alone" in said
    assert 'drop it: drop = ["alpha/foo.py"]' in said
    setting(project, 'drop = ["alpha/foo.py"]')
    assert build(project).code == 0


@pytest.mark.parametrize(
    ("name", "mode", "data"),
    [
        ("../escaped.py", 0o100644, b"x"),
        ("{root}/escaped.py", 0o100644, b"x"),
        ("alpha/link", 0o120777, b"{root}/precious"),
        ("alpha/up", 0o120777, b"../../../precious"),
        ("alpha/run", 0o106755, b"#!/bin/sh\n"),
        ("alpha/null", 0o020666, b""),
    ],
    ids=["above", "absolute", "absolute link", "escaping link", "set-user-ID", "device"],
)
def test_what_a_hostile_wheel_holds_stays_in_no_layer(
    project: Project, name: str, mode: int, data: bytes
) -> None:
    """The installer makes plain files of it or leaves it out; nothing outside is read or written,
    and what is in the zip is a plain file that anybody may read."""
    root = project.path.parent
    (root / "precious").write_text("mine alone", encoding="utf-8")
    made = wheel(project.path / "wheels", "alpha", {"alpha/__init__.py": b""})
    entry = zipfile.ZipInfo(name.format(root=root))
    entry.create_system, entry.external_attr = 3, mode << 16
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr(entry, data.replace(b"{root}", str(root).encode()))
    run = build(project)
    assert "Traceback" not in run.output
    assert not [*root.rglob("escaped.py")]
    if run.code:
        assert error(run)
        return
    with zipfile.ZipFile(project.path / "build/deps.zip") as archive:
        assert {each.external_attr >> 16 for each in archive.infolist()} <= {0o100644, 0o100755}
        assert all(each.filename.startswith("python/") for each in archive.infolist())
        assert not any(b"mine alone" in archive.read(each) for each in archive.namelist())


@pytest.mark.parametrize("name", ["gamma", "{root}/victim", "../../victim"])
def test_a_wheel_with_the_metadata_of_another(project: Project, name: str) -> None:
    """Its name and RECORD speak of what is not theirs: refused, nothing outside is written."""
    victim = project.path.parent / "victim/file.txt"
    victim.parent.mkdir()
    victim.write_text("mine", encoding="utf-8")
    place = "beta-1.0.data/purelib"
    info = f"{place}/gamma-1.0.dist-info"
    metadata = f"Name: {name.format(root=victim.parents[1])}\nVersion: 1.0\n".encode()
    files = {f"{info}/METADATA": metadata, f"{info}/RECORD": b"file.txt,,\n"}
    wheel(project.path / "wheels", "beta", {**files, f"{place}/file.txt": b"theirs"})
    assert "'gamma-1.0.dist-info' is of a distribution nobody asked for" in refused(project)
    assert victim.read_text(encoding="utf-8") == "mine"


def test_a_keep_that_matches_nothing_is_a_warning(project: Project) -> None:
    wheel(project.path / "wheels", "alpha", {"alpha.py": b""})
    setting(project, 'keep = ["alhpa/**"]')
    run = build(project)
    assert run.code == 0, run.output
    assert "warning" in run.output
    assert "alhpa/**" in run.output


# ---- the project's own check ----


@pytest.mark.parametrize(
    ("script", "settings", "words"),
    [
        (b"import alpha\nassert alpha.VALUE == 2, 'value is not 2'\n", "", ["value is not 2"]),
        (b"import time\ntime.sleep(60)\n", "check-timeout = 1", ["did not end in 1 s"]),
        (None, "", ["no such file"]),
    ],
)
def test_a_check_that_fails_hangs_or_is_missing(
    project: Project, script: bytes | None, settings: str, words: list[str]
) -> None:
    wheel(project.path / "wheels", "alpha", {"alpha.py": b"VALUE = 1\n"})
    setting(project, f'check = "proof.py"\n{settings}')
    if script is not None:
        (project.path / "proof.py").write_bytes(script)
    said = refused(project)
    assert [word for word in words if word not in said] == []


def test_a_check_that_passes_runs_with_the_layer_alone(project: Project) -> None:
    wheel(project.path / "wheels", "alpha", {"alpha.py": b"VALUE = 1\n"})
    setting(project, 'check = "proof.py"')
    project.write("proof.py", "import alpha\nassert '/python/' in alpha.__file__\n")
    run = build(project)
    assert run.code == 0, run.output
    assert "check proof.py passed" in run.output


def test_a_file_that_the_code_needs_names_rule_and_remedy(project: Project) -> None:
    """`drop` takes what an import reads: the rule is found, and the line that puts it right
    does."""
    code = b"import pathlib\npathlib.Path(__file__).with_name('table.csv').read_text()\n"
    wheel(project.path / "wheels", "alpha", {"alpha/__init__.py": code, "alpha/table.csv": b"1"})
    setting(project, 'drop = ["alpha/*.csv"]')
    said = refused(project)
    assert "alpha: FileNotFoundError" in said
    assert "rule 'drop' took alpha/table.csv" in said
    setting(project, said.split("add to [tool.lambda-layer]: ")[1].splitlines()[0])
    assert build(project).code == 0
