"""docker/build_wheel.py: what is taken from a package's build backend, and what is said of one that
does not keep to PEP 517."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests import sandbox_scripts

build_wheel = sandbox_scripts.load("build_wheel")

SCRIPT = Path(__file__).parents[3] / "docker/build_wheel.py"
WRITE = "    open(f'{folder}/a.whl', 'w').write('x')\n"


def built(tmp_path: Path, body: str, *, what: str = "wheel") -> "subprocess.CompletedProcess[str]":
    """The end of a backend with this body, in folders of its own."""
    hook = "build_wheel(folder, *_)" if what == "wheel" else "get_requires_for_build_wheel()"
    content = f"import os\ndef {hook}:\n{body}\n".encode()
    with tarfile.open(tmp_path / "a-1.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo("a-1/be.py")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return run(tmp_path, what)


def run(tmp_path: Path, what: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "tmp").mkdir()
    words = [what, str(tmp_path / "a-1.tar.gz"), str(tmp_path / "tmp")]
    words.append('{"build-backend": "be", "backend-path": ["."]}')
    return subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *words], capture_output=True, text=True, check=False
    )


def test_the_wheel_that_a_backend_names_is_handed_over(tmp_path: Path) -> None:
    """And nothing else that it left there."""
    done = built(tmp_path, f"{WRITE}    os.mkdir(f'{{folder}}/b.whl')\n    return 'a.whl'")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "tmp/built.whl").read_text() == "x"


def test_the_sources_folder_is_not_where_modules_are_looked_for(tmp_path: Path) -> None:
    """Unless the package says so (PEP 517, backend-path): it may have a json.py, or the name of
    what its backend imports."""
    source = tmp_path / "source"
    (source / "in").mkdir(parents=True)
    backend = (
        "import importlib.util, os\ndef build_wheel(folder):\n"
        "    return [importlib.util.find_spec('own') is None, os.path.isfile('own.py')]\n"
    )
    (source / "in/be.py").write_text(backend)
    for name in ("json", "own", "importlib"):
        (source / f"{name}.py").write_text("raise SystemExit('the source is imported')")
    said = '{"build-backend": "be", "backend-path": ["in"]}'
    found = build_wheel.call(source, str(tmp_path), said, "build_wheel", str(tmp_path))
    assert found == [True, True]


@pytest.mark.parametrize(
    ("waits", "why"),
    [
        ("os.kill(os.getpid(), signal.SIGSTOP)", "has done nothing for 0 s"),
        ("time.sleep(600)", "has done nothing for 0 s"),
        (
            "end = time.monotonic() + 1.5\n    while time.monotonic() < end: pass",
            "no file is there",
        ),
    ],
    ids=["stops itself", "waits for nothing", "works"],
)
def test_a_backend_that_does_nothing_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: str, why: str
) -> None:
    """One that works may take its time."""
    monkeypatch.setattr(build_wheel, "BEAT", 0.1)
    monkeypatch.setattr(build_wheel, "IDLE", 4)
    source = tmp_path / "source"
    source.mkdir()
    (source / "be.py").write_text(
        f"import os, signal, time\ndef build_wheel(folder):\n    {waits}\n    return 'a.whl'\n"
    )
    backend = '{"build-backend": "be", "backend-path": ["."]}'

    def build() -> None:
        name = build_wheel.call(source, str(tmp_path), backend, "build_wheel", str(tmp_path))
        build_wheel.hand_over(tmp_path, name, str(tmp_path))

    with pytest.raises(SystemExit, match=why):
        build()


@pytest.mark.parametrize(
    "body",
    [
        "    return None",
        "    return 'a.whl'",
        "    return 5",
        f"{WRITE}    return folder + '/a.whl'",
        f"{WRITE}    return '../wheel/a.whl'",
        "    return '..'",
        "    return ''",
        "    os.mkdir(f'{folder}/a.whl'); return 'a.whl'",
        "    os.symlink('/etc/passwd', f'{folder}/a.whl'); return 'a.whl'",
        "    os.mkfifo(f'{folder}/a.whl'); return 'a.whl'",
        "    os._exit(0)",
        "    open(folder + '/../result.json', 'w').write('{'); os._exit(0)",
        "    open(folder + '/../result.json', 'w').write('[' * 99999); os._exit(0)",
        "    open(folder + '/../result.json', 'wb').write(bytes([255])); os._exit(0)",
        "    os.mkdir(folder + '/../result.json'); os._exit(0)",
        "    os.mkfifo(folder + '/../result.json'); os._exit(0)",
        "    os.symlink('/dev/zero', folder + '/../result.json'); os._exit(0)",
    ],
)
def test_a_backend_against_the_rules_is_a_sentence(tmp_path: Path, body: str) -> None:
    """And no traceback of ours."""
    done = built(tmp_path, body)
    assert done.returncode == 1
    assert done.stderr.startswith("! its build backend")
    assert done.stderr.count("\n") == 1


def test_a_source_that_does_not_unpack_is_a_sentence(tmp_path: Path) -> None:
    """Whatever Python says of it."""
    (tmp_path / "a-1.tar.gz").write_bytes(b"\x1f\x8bjunk")
    done = run(tmp_path, "requires")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("! its source cannot be unpacked: ")


def test_what_a_backend_says_itself_stays(tmp_path: Path) -> None:
    """Its own traceback is what its author wants to see."""
    done = built(tmp_path, "    raise RuntimeError('no compiler')")
    assert done.returncode == 1
    assert "RuntimeError: no compiler" in done.stderr
    assert "! " not in done.stderr


def test_while_a_backend_works_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits hears that nobody stopped us."""
    monkeypatch.setattr(build_wheel, "BEAT", 0.01)
    running = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.5); exit(3)"])
    seen = [build_wheel.ended(running)]
    assert seen == [None]
    while seen[-1] is None:
        seen.append(build_wheel.ended(running))
    assert seen[-1] == 3
