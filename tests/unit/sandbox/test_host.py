"""tasks/sandbox/host.py: jobs on this machine, and what is left of them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.commands.doctor import builder_checks
from tasks.layer.cache import Store
from tasks.requirements import host_python
from tasks.sandbox import choose, host, isolation, lambda_system, temp_dirs
from tasks.sandbox.host import HostSandbox
from tasks.sandbox.job_users import INSPECT, INSTALL, PROOF
from tasks.sandbox.protocol import Job, Outcome
from tasks.sandbox.watch import OutOfTimeError
from tasks.settings import paths, store_folder
from tasks.settings.model import Settings
from tasks.ui.finding import GOOD, NOTE
from tasks.util.errors import BuildError
from tests import handmade_layers, sandbox_scripts


def run(code: str, *arguments: str, **more: Any) -> Outcome:
    """A Python script as the only job of a sandbox."""
    sandbox = HostSandbox(Settings())
    try:
        return sandbox.run(script(code, *arguments, **more))
    finally:
        sandbox.close()


def script(code: str, *arguments: str, **more: Any) -> Job:
    """As a job."""
    inputs = {"script.py": code.encode(), **more.pop("inputs", {})}
    more = {"kind": INSPECT, **more}
    return Job(argv=("{python}", "{work}/script.py", *arguments), inputs=inputs, **more)


@pytest.fixture
def sandbox() -> Iterator[HostSandbox]:
    """For several jobs."""
    made = HostSandbox(Settings())
    yield made
    made.close()


def layer(path: Path, files: Mapping[str, str], *, programs: Collection[str] = ()) -> Path:
    """A zip for {opt}."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name in programs else 0o100644) << 16
            archive.writestr(info, text)
    return path


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where sandboxes have their folders; empty again after each."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)
    paths.WORK.mkdir(parents=True)
    return paths.WORK


def test_output_and_code_come_back(scratch: Path) -> None:
    """Both streams in order; a failure is an outcome; nothing is left."""
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr); sys.exit(3)"
    assert run(code) == Outcome(code=3, output="one\ntwo\n")
    assert handmade_layers.left_in(scratch) == []


def test_work_lasts_from_job_to_job(sandbox: HostSandbox, scratch: Path) -> None:
    """Until it is closed; the next one begins anew."""
    sandbox.run(script("open('left', 'w').write('x')"))
    look = script("import os; print(os.path.exists('left'))")
    assert sandbox.run(look).output == "True\n"
    sandbox.close()
    assert handmade_layers.left_in(scratch) == []
    assert sandbox.run(look).output == "False\n"


def test_closing_twice_or_before_the_first_job_is_fine(scratch: Path) -> None:
    """Whoever tidies up need not ask."""
    sandbox = HostSandbox(Settings())
    sandbox.close()
    sandbox.run(script("print()"))
    sandbox.close()
    sandbox.close()
    assert handmade_layers.left_in(scratch) == []


def test_lines_come_while_it_runs(sandbox: HostSandbox) -> None:
    """For people who watch."""
    seen: list[str] = []
    job = Job(argv=("{python}", "-c", "print('a'); print('b')"), kind=INSPECT)
    sandbox.run(job, seen.append)
    assert seen == ["a", "b"]


def test_inputs_in_results_out(tmp_path: Path) -> None:
    """Folders are made; a file and a folder travel back."""
    code = (
        "import sys, pathlib\nwork = pathlib.Path(sys.argv[1])\n"
        "text = (work / 'deep/in.txt').read_text()\n"
        "(work / 'out').mkdir(); (work / 'out/a').write_text(text)\n"
        "(work / 'one').write_text('1')\n"
    )
    fetch = {"{work}/out": tmp_path / "got/out", "{work}/one": tmp_path / "got/one"}
    assert run(code, "{work}", inputs={"deep/in.txt": b"hello"}, fetch=fetch).code == 0
    assert (tmp_path / "got/out/a").read_text() == "hello"
    assert (tmp_path / "got/one").read_text() == "1"


def test_a_failed_job_brings_nothing(tmp_path: Path) -> None:
    """What lay there stays."""
    (tmp_path / "one").write_text("before")
    code = "import sys; open(sys.argv[1] + '/one', 'w').write('half'); sys.exit(1)"
    run(code, "{work}", fetch={"{work}/one": tmp_path / "one"})
    assert (tmp_path / "one").read_text() == "before"


def test_the_layer_is_a_copy(tmp_path: Path) -> None:
    """Whatever a job does to it, our zip stays; modes are kept."""
    files = {"python/a.py": "x = 1", "bin/run": "#!"}
    path = layer(tmp_path / "l.zip", files, programs=["bin/run"])
    before = path.read_bytes()
    code = (
        "import os, sys\nopt = sys.argv[1]\n"
        "print(os.access(opt + '/bin/run', os.X_OK), os.stat(opt + '/python/a.py').st_mode & 1)\n"
        "try:\n    open(opt + '/python/a.py', 'w').write('evil')\n"
        "    open(opt + '/python/new.py', 'w')\nexcept PermissionError:\n    pass\n"
    )
    found = run(code, "{opt}", opt=(path,))
    assert found == Outcome(code=0, output="True 0\n")
    assert path.read_bytes() == before


def test_a_layer_is_read_only(tmp_path: Path, scratch: Path) -> None:
    """Files and folders; it is removed all the same."""
    path = layer(tmp_path / "l.zip", {"python/a.py": "x = 1"})
    code = (
        "import os, sys\nfor name in ('', '/python', '/python/a.py'):\n"
        "    print(os.stat(sys.argv[1] + name).st_mode & 0o222 & 0o200)\n"
    )
    outcome = run(code, "{opt}", opt=(path,))
    assert outcome.output.split() == ["0"] * 3
    assert handmade_layers.left_in(scratch) == []


LIST = """
import pathlib, sys
opt = pathlib.Path(sys.argv[1])
for path in sorted(opt.rglob('*')):
    if path.is_file():
        print(path.relative_to(opt), path.read_text())
"""


def test_layers_lie_over_each_other(tmp_path: Path) -> None:
    """The later ones cover the earlier, as in Lambda."""
    one = layer(tmp_path / "1.zip", {"python/a.py": "1", "python/b.py": "1"})
    two = layer(tmp_path / "2.zip", {"python/b.py": "2", "lib/c": "2"})
    outcome = run(LIST, "{opt}", opt=(one, two))
    assert outcome.output.splitlines() == ["lib/c 2", "python/a.py 1", "python/b.py 2"]


def test_the_next_layer_takes_the_place_of_the_last(tmp_path: Path, sandbox: HostSandbox) -> None:
    """A changed zip, too; a job that names none sees what lies there."""
    path = layer(tmp_path / "1.zip", {"a": "1"})
    assert sandbox.run(script(LIST, "{opt}", opt=(path,))).output == "a 1\n"
    layer(path, {"b": "2"})
    os.utime(path, (1, 1))
    assert sandbox.run(script(LIST, "{opt}", opt=(path,))).output == "b 2\n"
    assert sandbox.run(script(LIST, "{opt}")).output == "b 2\n"


def test_the_same_layer_is_laid_once(tmp_path: Path, sandbox: HostSandbox) -> None:
    """Unpacking is most of the work."""
    path = layer(tmp_path / "1.zip", {"a": "1"})
    look = script("import os, sys; print(os.stat(sys.argv[1]).st_ino)", "{opt}", opt=(path,))
    first, mark = sandbox.run(look), tmp_path / "build"
    opt = next(mark.rglob("opt"))
    opt.chmod(0o755)
    (opt / "mark").touch()
    assert sandbox.run(look) == first
    assert (opt / "mark").exists()


def test_nothing_of_the_tools_own_packages_is_importable() -> None:
    """The layer has to bring all it needs."""
    assert "ModuleNotFoundError" in run("import doit").output


def test_the_environment_is_its_own(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys of anybody, no PYTHONPATH; index variables only for installers."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index")
    code = "import os; print(sorted(os.environ.items()))"
    plain = run(code, environment={"MINE": "{work}/x"}).output
    assert "secret" not in plain
    assert "PYTHONPATH" not in plain
    assert "https://index" not in plain
    assert f"{scratch.absolute()}/" in plain
    assert "/work/x'" in plain
    assert "('UV_INDEX_URL', 'https://index')" in run(code, kind=INSTALL, indexes=True).output


def test_a_job_that_takes_too_long_is_ended(scratch: Path) -> None:
    """With all it started; what it said comes with the error."""
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True); time.sleep(600)\n"
    )
    started = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        run(code, timeout=1.0)
    assert time.monotonic() - started < 30
    assert is_gone(int(str(caught.value)))
    assert handmade_layers.left_in(scratch) == []


def test_a_job_that_is_stopped_is_ended_by_its_silence() -> None:
    """Whatever it was that stopped it: this one does so itself."""
    code = (
        "import os, signal\nprint('said', flush=True)\nprint('~ a b', flush=True)\n"
        "os.kill(0, signal.SIGSTOP)\n"
    )
    started = time.monotonic()
    with pytest.raises(OutOfTimeError, match=r"^said$") as caught:
        run(code, silence=1.0)
    assert caught.value.trying == "a b"
    assert time.monotonic() - started < 30


def test_what_a_job_leaves_running_is_ended() -> None:
    """A daemon that closed its output."""
    code = (
        "import subprocess, sys\nnull = subprocess.DEVNULL\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "print(subprocess.Popen(sleep, stdin=null, stdout=null, stderr=null).pid)\n"
    )
    assert is_gone(int(run(code).output))


def test_a_reader_that_fails_ends_the_job(sandbox: HostSandbox) -> None:
    """Ctrl-C in the middle of a build, too."""
    seen: list[str] = []

    def stop(line: str) -> None:
        seen.append(line)
        raise KeyboardInterrupt

    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(KeyboardInterrupt):
        sandbox.run(Job(argv=("{python}", "-c", code), kind=INSPECT), stop)
    assert is_gone(int(seen[0]))


def is_gone(process: int) -> bool:
    """Dead within five seconds; a zombie that nobody has collected yet is dead."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    os.kill(process, signal.SIGKILL)
    return False


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An x86_64 machine, no Python here but ours."""
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(host_python, "_candidates", lambda python, home: [])
    host_python._found.cache_clear()
    yield
    host_python._found.cache_clear()


@pytest.mark.parametrize(
    "other", [{"python": "3.9"}, {"architecture": "arm64"}], ids=["python", "architecture"]
)
def test_what_this_machine_does_not_run_it_builds_but_not_for_stage_local(
    other: dict[str, str], alone: None
) -> None:
    """Whose function runs here."""
    settings = replace(Settings(), **other)  # type: ignore[arg-type] # any values
    host.check_host(settings)
    with pytest.raises(BuildError, match="stage=local would run the function on this") as caught:
        host.check_host(replace(settings, stage="local"))
    assert "start Docker" in caught.value.fix


def test_doctor_says_what_is_left_out(alone: None) -> None:
    """A deploy can work; what it would not prove is worth a look."""
    [found] = builder_checks.check_builder(Settings(builder="host", architecture="arm64"))
    assert found.mark == NOTE
    assert "for Python 3.12 on arm64 from wheels alone, which this machine does not" in found.found
    assert "builder=docker tests it" in found.fix
    [found] = builder_checks.check_builder(Settings(builder="host"))
    assert found.mark == GOOD


def test_a_mac_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has other ways to end what a job started."""
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(BuildError, match="builds on Linux, this machine is Darwin"):
        host.check_host(Settings())


def test_what_is_laid_out_ahead_is_there(sandbox: HostSandbox, tmp_path: Path) -> None:
    """Not laid out again: another zip with the same size and time is not looked at."""
    whole = layer(tmp_path / "layer.zip", {"python/a.txt": "laid"})
    sandbox.run(script("pass"))  # before the first job there is nothing to begin with
    sandbox.prepare(whole)
    sandbox.run(script("pass"))  # waits for it
    seen = whole.stat().st_mtime_ns
    layer(whole, {"python/a.txt": "late"})
    os.utime(whole, ns=(seen, seen))
    look = script("import sys; print(open(f'{sys.argv[1]}/python/a.txt').read())", "{opt}")
    assert sandbox.run(replace(look, opt=(whole,))).output == "laid\n"


def test_what_could_not_be_laid_out_ahead_is_told_to_the_job(
    sandbox: HostSandbox, tmp_path: Path
) -> None:
    """Which wants it, and so says what is wrong."""
    broken = tmp_path / "layer.zip"
    broken.write_bytes(b"no zip")
    sandbox.run(script("pass"))
    sandbox.prepare(broken)
    sandbox.run(script("pass"))
    with pytest.raises(BuildError, match="could not be unpacked"):
        sandbox.run(replace(script("pass"), opt=(broken,)))


# ---- what packages bring ------------------------------------------------------------------------

OUT = """
import os, socket, sys
work, opt, tmp, checkout, home = sys.argv[1:]
for folder in (work, opt, checkout, "/etc", "/usr", os.path.expanduser("~")):
    try:
        open(os.path.join(folder, "canary"), "w").close()
        print("wrote to", folder)
    except OSError:
        pass
print(sorted(os.listdir(home)), os.path.exists(os.path.expanduser("~")))
print([name for name in ("/run/docker.sock", "/run/user") if os.path.exists(name)])
print([name for name in os.listdir("/proc") if name.isdigit() and int(name) > 20])
print(sorted(name for _, name in socket.if_nameindex()))
open(os.path.join(tmp, "own"), "w").close()
print(os.path.exists("/tmp/own"), "secret" in str(os.environ))
"""


def test_what_packages_bring_sees_and_changes_nothing_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the checkout, nor what our own jobs left, nor the home, services and network."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws/credentials").write_text("secret", encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    isolation.lacking.cache_clear()
    assert isolation.lacking(host_python.interpreter("3.12")) == "", "these tests need bubblewrap"
    path = layer(tmp_path / "l.zip", {"python/a.py": ""})
    names = ("{work}", "{opt}", "{tmp}", str(tmp_path), str(home))
    found = run(OUT, *names, kind=PROOF, opt=(path,))
    assert found.output.splitlines() == ["[] False", "[]", "[]", "['lo']", "True False"]
    assert not list(tmp_path.rglob("canary"))


REACHED = """
import os, socket, sys
found = []
for top, folders, files in os.walk("/"):
    folders[:] = [] if top in ("/proc", "/sys", "/usr") else folders
    found += [os.path.join(top, name) for name in files]
for path in sys.argv[1:]:
    try:
        print(open(path).read())
    except OSError:
        pass
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print("connected to", path)
    except OSError:
        pass
print(len([path for path in found if path.endswith(("credentials", ".sock", "server.json"))]))
open("/tmp/written", "w").write("as in Lambda")
"""


def test_a_folder_that_goes_while_a_job_begins_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of the system's gets a mount: one that is gone by then cannot be made anew."""
    assert isolation.lacking(host_python.interpreter("3.12")) == ""
    folder, wrapped = Path(tempfile.mkdtemp(dir="/usr")), isolation.wrapped

    def lose(*words: Any, **named: Any) -> list[str]:
        found = wrapped(*words, **named)
        folder.rmdir() if folder.exists() else None
        return found

    monkeypatch.setattr(isolation, "wrapped", lose)
    assert run("print(1)", kind=PROOF) == Outcome(code=0, output="1\n")


@pytest.mark.parametrize(
    ("where", "home"),
    [("/", "."), ("/", ".."), ("/home", "deep"), ("/home", "../beside"), ("/var", "/"),
     ("/usr", "/"), ("/usr/local", "."), ("/usr/local", "..")],
)  # fmt: skip
def test_a_checkout_is_not_seen_wherever_it_lies(
    monkeypatch: pytest.MonkeyPatch, where: str, home: str
) -> None:
    """Nor its emulator's key and socket, nor another checkout's, nor a home: that may be the
    checkout itself (HOME=$WORKSPACE), hold it, or lie in it."""
    assert os.geteuid() == 0, "this test makes folders beside the system's"
    outside = Path(tempfile.mkdtemp(dir=where))
    outside.chmod(0o755)
    checkout = outside / "checkout"
    secrets = [checkout / "build/local/server.json"]
    secrets += [outside / "other/build/local/server.json"]
    secrets += [checkout / home / ".aws/credentials"] if home != "/" else []
    try:
        for path in secrets:
            path.parent.mkdir(parents=True)
            path.write_text("secret", encoding="utf-8")
        shutil.copytree(sandbox_scripts.FOLDER, checkout / paths.DOCKER)
        monkeypatch.chdir(checkout)
        monkeypatch.setenv("HOME", os.path.normpath(checkout / home))
        isolation.lacking.cache_clear()
        assert isolation.lacking(host_python.interpreter("3.12")) == ""
        with socket.socket(socket.AF_UNIX) as listening:
            place = checkout / "s.sock"
            listening.bind(str(place))
            listening.listen()
            found = run(REACHED, *map(os.path.realpath, [*secrets, place]), kind=PROOF)
        assert found == Outcome(code=0, output="0\n")
    finally:
        monkeypatch.chdir("/")
        temp_dirs._settle()
        shutil.rmtree(outside)


def test_a_checkout_where_a_function_lies_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container of Lambda's image, whose folder that is: nothing is isolated there."""
    monkeypatch.setattr(Path, "cwd", lambda: Path("/var/task/app"))
    isolation.lacking.cache_clear()
    assert "where a function has its own" in isolation.lacking("python")
    isolation.lacking.cache_clear()


@pytest.mark.parametrize("above", [0, 1])
def test_a_python_in_a_home_is_seen_without_the_home(
    monkeypatch: pytest.MonkeyPatch, above: int
) -> None:
    """`--prefix=$HOME`, `--prefix=$HOME/.local`: bin and lib, and not what lies beside them."""
    prefix = Path(sys.executable).resolve().parents[1]
    monkeypatch.setenv("HOME", str([prefix, *prefix.parents][above]))
    isolation.lacking.cache_clear()
    assert isolation.lacking(host_python.interpreter("3.12")) == ""
    code = "import os, sys; print(sorted(os.listdir(sys.prefix)), os.path.exists(sys.argv[1]))"
    assert run(code, str(prefix), kind=PROOF).output == "['bin', 'lib'] True\n"


def test_of_etc_no_key_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red Hat's subscription has its own below /etc/pki, and servers' lie beside certificates."""
    keys = ["pki/consumer/key.pem", "pki/entitlement/1-key.pem", "pki/nssdb/key4.db",
            "ssl/server.key", "ssl/certs/a.key", "ssl/private/b.pem", "ssl/certs/both.pem",
            "pki/tls/private/c.pem", "pki/tls/certs/d.p12"]  # fmt: skip
    public = ["ssl/certs/x.pem", "ssl/openssl.cnf", "pki/tls/certs/ca-bundle.crt", "protocols",
              "pki/tls/cert.pem", "pki/ca-trust/extracted/pem/tls-ca-bundle.pem"]  # fmt: skip
    for name in (*keys, *public):
        (tmp_path / "etc" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "etc" / name).write_text("-----BEGIN PRIVATE KEY-----" * (name in keys))
    monkeypatch.setattr(lambda_system, "ETC", tmp_path / "etc")
    lambda_system._lay_out_etc(tmp_path / "copy", "3.12")
    made = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*")}
    assert made.isdisjoint(keys)
    assert {*public} <= made


@pytest.mark.parametrize(
    "path",
    ["/nix/var", "/gnu/etc", "/usr/local/var", "/usr/local/etc", "/usr/local/mysql", "/usr/app",
     "/usr/src", "/usr/local/share", "/home", "/run", "/opt", "/root", "/var"],
)  # fmt: skip
def test_folders_of_services_are_not_seen(path: str) -> None:
    """Nix's daemon listens at /nix/var/nix/daemon-socket for everybody, and builds with a network.
    What is made by hand keeps its sockets below /usr/local/var."""
    assert not isolation.SEEN.fullmatch(path)
    assert isolation.SEEN.fullmatch("/nix/store")
    assert isolation.SEEN.fullmatch("/usr/local/lib64")


def test_homebrews_services_are_not_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Their databases and sockets lie in var/, beside the loader that its Pythons need."""
    for name in ("lib", "opt", "Cellar", "var", "etc", "bin"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(isolation, "BREW", tmp_path)
    seen = [path.name for path in isolation.seen_by(sys.executable) if path.parent == tmp_path]
    assert seen == ["lib", "opt", "Cellar"]


def test_a_python_that_needs_the_loaders_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As setup-python's on a runner of your own: without LD_LIBRARY_PATH its library is not found
    (actions/setup-python#871). Jobs of ours and of packages get it, and the trial nothing else."""
    real = Path(sys.executable).resolve()
    prefix = tmp_path / "python"
    for name in ("bin", "lib"):
        (prefix / name).mkdir(parents=True)
    program = prefix / "bin/python3.12"
    wants = f'[ "${{LD_LIBRARY_PATH##*:}}" = "{prefix}/lib" ] || {{ echo none >&2; exit 127; }}'
    program.write_text(f'#!/bin/sh\n{wants}\nexec "{real}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{prefix}/lib")
    assert isolation.loading({}, str(program)) == {"LD_LIBRARY_PATH": f"{prefix}/lib"}
    own = isolation.loading({"LD_LIBRARY_PATH": "/opt/lib"}, str(program))
    assert own == {"LD_LIBRARY_PATH": f"/opt/lib:{prefix}/lib"}
    assert isolation.loading({"A": "b"}, sys.executable) == {"A": "b"}
    seen = isolation.seen_by(str(real))
    monkeypatch.setattr(isolation, "seen_by", lambda name: [*seen, prefix])
    isolation.lacking.cache_clear()
    assert isolation.lacking(str(program)) == ""
    monkeypatch.delenv("LD_LIBRARY_PATH")
    isolation.lacking.cache_clear()
    assert "none" in isolation.lacking(str(program))
    isolation.lacking.cache_clear()


SYSTEM = """
import os, platform, pwd, shutil, socket, ssl
assert sorted(os.listdir("/var")) == ["lang", "runtime", "task"], os.listdir("/var")
assert os.listdir("/var/task") == [] and "bootstrap.py" in os.listdir("/var/runtime")
for path in ("/etc/debian_version", "/etc/machine-id", "/etc/mime.types", "/etc/hostname",
             "/etc/ssl/certs/ca-certificates.crt", "/etc/shadow", "/usr/include/stdio.h"):
    assert not os.path.exists(path), path
for folder in ("/etc", "/var", "/var/task", "/var/runtime", "/usr/share/fonts"):
    try:
        open(folder + "/canary", "w")
    except OSError:
        continue
    raise AssertionError(folder)
assert platform.freedesktop_os_release()["ID"] == "amzn"
assert pwd.getpwuid(os.getuid()).pw_name == "sbx_user1051"
assert socket.gethostbyname("localhost") == "127.0.0.1"
assert os.environ["PATH"].startswith("/var/lang/bin:/usr/local/bin:/usr/bin:/bin:")
assert shutil.which("python3") == "/var/lang/bin/python3"
open("/dev/stdout", "w").write("as Lambda's")
"""


def test_what_packages_bring_finds_the_folders_of_lambda(tmp_path: Path) -> None:
    """/etc and /var are not this machine's; the runtime lies where it does there."""
    path = layer(tmp_path / "l.zip", {"python/a.py": ""})
    environment = {"LAMBDA_RUNTIME_DIR": "{runtime}"}
    found = run(SYSTEM, kind=PROOF, opt=(path,), environment=environment)
    assert found == Outcome(code=0, output="as Lambda's")


def test_the_jobs_variables_are_of_what_runs_inside_alone(tmp_path: Path) -> None:
    """bubblewrap is started as you, outside, where the loader would obey LD_PRELOAD and the like;
    here it would tell what it loads for whom. Nor can others read values among its arguments."""
    code = "import os; print(os.environ['TOKEN']); print(open('/proc/self/cmdline').read())"
    environment = {"LD_DEBUG": "files", "TOKEN": "a b=ü", "LD_PRELOAD": ""}
    outside = subprocess.run(
        [shutil.which("bwrap") or "", "--version"], env={"LD_DEBUG": "files"}, capture_output=True,
        text=True, check=True,
    ).stderr  # fmt: skip
    assert "bwrap" in outside
    found = run(code, kind=PROOF, environment=environment)
    assert "a b=ü" in found.output.splitlines()
    assert "python" in found.output  # the loader told of what runs inside
    assert "bwrap" not in found.output
    opened = [os.path.realpath(path) for path in Path("/proc/self/fd").iterdir()]
    assert not [path for path in opened if "memfd:environment" in path]


@pytest.mark.parametrize("home", [True, False], ids=["in the home", "elsewhere"])
def test_the_store_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, home: bool
) -> None:
    """For what packages bring: not to be written, nor to be read. Ours need no look into it."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    place = tmp_path / "home" if home else tmp_path  # the project, which is to be seen
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "caches"))
    entry = Store(root=store_folder.locate(Settings()), limit=1).put_bytes("k", "a", b"x")
    code = f"import os; print(os.path.exists({str(entry.absolute())!r}))"
    assert run(code).output.startswith("True")
    assert run(code, kind=PROOF).output.startswith("False")


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By whoever tried it: it may be there, and refused by the kernel."""
    isolation.lacking.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no bubblewrap" in isolation.lacking("python")
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2; exit 1\n")
    refusing.chmod(0o755)
    isolation.lacking.cache_clear()
    interpreter = host_python.interpreter("3.12")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert "uid map: Permission denied" in isolation.lacking(interpreter)
    [said] = choose.not_isolated(Settings(builder="host"))
    assert "runs as you, with your files and your network (bubblewrap does not work" in said
    assert run("print('runs')", kind=PROOF).output == "runs\n"
    isolation.lacking.cache_clear()
