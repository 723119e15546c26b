"""Words of others on their way to people: what a package, a file, a pin says steers nothing."""

import re
import unicodedata
from pathlib import Path

import pytest

from tests.functional.test_bad_packages import build
from tests.handmade_wheels import wheel
from tests.project import Project, small
from tests.unit.ui.test_visible import is_command

ESCAPE = "\x1b]0;owned\x07\x9b31m\r\u202e\u200b"
LINES = f"A{ESCAPE}B\n::error::forged\n  ::stop-commands::x\n##[error]y\n<img src=x>|`"
SHOWN = r"A\x1b]0;owned\x07\x9b31m\x0d\u202e\u200b"
OURS = re.compile(r"::(group|error|endgroup)\b")


def is_harmless(output: str) -> bool:
    """No hidden character, no command but our own, which none of the words ends or begins."""
    hidden = {c for c in output if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    commands = [line for line in output.split("\n") if is_command(line)]
    forged = [line for line in commands if not OURS.match(line)]
    assert hidden <= {"\n", "\t"}, output
    assert not forged, forged
    return True


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """In GitHub's CI."""
    made = small(tmp_path / "project")
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    made.environment.update(github)
    return made


def test_what_a_package_says(project: Project) -> None:
    """While it is imported, and as the error of it: also in the job's summary."""
    code = f"import os\nwords = {LINES!r}\nprint(words)\nos.write(1, words.encode())\n"
    code += "os.write(2, words.encode())\n"
    tells = (
        f"try: open(f'/proc/{{os.getppid()}}/fd/1', 'w').write(words)\nexcept OSError: pass\n{code}"
    )
    code += f"{tells}raise ImportError(words)\n"
    wheel(project.path / "wheels", "alpha", {"alpha.py": code.encode()})
    run = build(project)
    assert run.code != 0
    assert is_harmless(run.output)
    assert f"ImportError: {SHOWN[:24]}" in run.output
    summary = (project.path.parent / "summary.md").read_text(encoding="utf-8")
    assert is_harmless(summary)
    assert "<img" not in re.sub(r"```.*?```", "", summary, flags=re.S)


def test_what_a_file_says(project: Project) -> None:
    """Requirements, settings, config.json, app.py; their names."""
    hostile = {
        "requirements-all.txt": f"six=={ESCAPE}::error::forged\n{ESCAPE}\n::error::forged\n",
        ".chalice/config.json": '{"app_name": "shuking", "stages": {"local": {"a\x1b": 1,}}}',
        "pyproject.toml": f'[tool.lambda-layer]\n"a{ESCAPE[2:-4]}" = "::error::forged"\n'.replace(
            "\r", ""
        ),
        "app.py": f"app = '{ESCAPE}'\nname = ::error::forged\n",
    }
    for name, text in hostile.items():
        before = project.read(name)
        project.write(name, text)
        for command in ("build", "plan"):
            run = project.doit(command, "stage=local")
            assert is_harmless(run.output), name
            assert "Traceback" not in run.output
        project.write(name, before)
    named = project.write(f"a{ESCAPE[:5]}.txt", "::error::forged\n")
    assert is_harmless(project.doit("build", f"requirements={named.name}").output)
    assert is_harmless(project.doit(f"bui{ESCAPE}ld\n::error::forged").output)
    assert is_harmless(project.doit("list", f"stage={ESCAPE}\n::error::forged").output)


def test_why_a_stage_was_rolled_back(project: Project) -> None:
    """The reason lies in S3, where others wrote it; it is one line's part."""
    try:
        project.deploy()
        wheel(project.path / "wheels", "alpha", {"alpha.py": b""})
        project.write("requirements-all.txt", "six==1.17.0\n")
        project.deploy()
        reason = f"reason={LINES}\n✓ verify done"
        runs = [project.doit("rollback", "stage=local", "version=1", reason)]
        runs += [
            project.doit(each, "stage=local") for each in ("deploy", "status", "history", "plan")
        ]
    finally:
        project.doit("local-stop")
    for run in runs:
        assert run.code in (0, 2), run.output
        assert is_harmless(run.output)
        assert not re.search(r"^✓ verify done", run.output, re.M)
    assert any(SHOWN in run.output for run in runs)
    assert is_harmless((project.path.parent / "summary.md").read_text(encoding="utf-8"))


def test_the_page(project: Project) -> None:
    """build/<layer>.report.html of a wheel whose metadata is markup."""
    metadata = f"Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\nLicense: <b>{ESCAPE}\n"
    files = {"alpha.py": b"", "alpha-1.0.dist-info/METADATA": metadata.encode()}
    files |= {"alpha_<img src=x onerror=alert(1)>\u202e.dat": b"1"}
    wheel(project.path / "wheels", "alpha", files)
    run = build(project)
    assert is_harmless(run.output)
    page = project.path / "build/deps.report.html"
    if page.exists():
        text = page.read_text(encoding="utf-8")
        assert is_harmless(text)
        assert "<img src=x" not in text
