"""tasks/sandbox/container/sandbox.py: jobs in real containers of the base image."""

import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.sandbox.container.sandbox import ContainerSandbox
from tasks.sandbox.job_users import INSPECT, INSTALL, PROOF
from tasks.sandbox.protocol import Job, Outcome
from tasks.sandbox.watch import OutOfTimeError
from tasks.settings.model import Settings
from tasks.util.errors import BuildError
from tests.project import ROOT

pytestmark = pytest.mark.docker
STRANGER = Path(__file__).parent / "stranger.pem"  # a certificate that signed no index's
FOREVER = "import time; print('working', flush=True); time.sleep(3600)"
SHOW = "import os; print(*(f'{n}={v}' for n, v in os.environ.items()), sep='\\n')"


@pytest.fixture
def sandbox(lambda_image: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContainerSandbox]:
    monkeypatch.chdir(ROOT)
    found = ContainerSandbox(Settings(image=lambda_image))
    yield found
    found.close()


def readable(name: str) -> zipfile.ZipInfo:
    """A member that others may read, as Lambda needs it."""
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o644 << 16
    return member


def python(script: str, **more: object) -> Job:
    return Job(argv=("{python}", "-c", script), **more)  # type: ignore[arg-type] # any values


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_code_and_output_come_back(sandbox: ContainerSandbox, stream: str) -> None:
    """Line by line, the last one without its end too, in letters of any script."""
    script = f"import sys; sys.{stream}.write('한글\\n\\nø…'); sys.exit(3)"
    heard: list[str] = []
    assert sandbox.run(python(script), heard.append) == Outcome(code=3, output="한글\n\nø…")
    assert heard == ["한글", "", "ø…"]


def test_lines_are_heard_while_the_job_runs(sandbox: ContainerSandbox) -> None:
    """And whoever listens can end it: this one would run for an hour."""

    def stop(line: str) -> None:
        raise InterruptedError(line)

    with pytest.raises(InterruptedError, match="working"):
        sandbox.run(python(FOREVER), stop)


def test_a_job_over_its_time_is_ended(sandbox: ContainerSandbox) -> None:
    """With what it had said until then."""
    with pytest.raises(TimeoutError, match="working"):
        sandbox.run(python(FOREVER, timeout=5))


OF_ITS_USER = """
import os, signal, sys, time
print("~ one two", flush=True)
time.sleep(0.5)  # what hands the line on is of this user, too
for each in os.listdir("/proc"):
    if each.isdigit() and int(each) != os.getpid():
        try:
            os.kill(int(each), getattr(signal, sys.argv[1]))
        except OSError:
            pass
time.sleep(3600)
"""


def test_a_package_that_stops_all_of_its_user_does_not_stop_the_clock(
    sandbox: ContainerSandbox,
) -> None:
    """Which is this side's."""
    job = python(OF_ITS_USER, kind=PROOF, silence=5, timeout=120)
    with pytest.raises(OutOfTimeError) as caught:
        sandbox.run(replace(job, argv=(*job.argv, "SIGSTOP")))
    assert (caught.value.trying, caught.value.silent) == ("one two", 5)


def test_a_package_that_kills_all_of_its_user_is_not_the_engine(sandbox: ContainerSandbox) -> None:
    """It is said what was tried, and the next job gets another container."""
    job = python(OF_ITS_USER, kind=PROOF, timeout=120)
    with pytest.raises(BuildError, match="killed, while it was at one two: ") as caught:
        sandbox.run(replace(job, argv=(*job.argv, "SIGKILL")))
    assert "a package that ends all processes" in caught.value.problem
    assert sandbox.run(python("print('done')", kind=PROOF)).output == "done\n"


def test_a_job_within_its_time_is_not(sandbox: ContainerSandbox) -> None:
    """The clock stops with the job."""
    assert sandbox.run(python("print('done')", timeout=60)).output == "done\n"


def test_what_is_fetched_belongs_to_the_caller(sandbox: ContainerSandbox, tmp_path: Path) -> None:
    """Whoever owns it in the container; what was in its place is gone."""
    script = """
import os
os.makedirs("{work}/out/deep")
open("{work}/out/deep/file", "w").write("new")
for name in ("{work}/out", "{work}/out/deep", "{work}/out/deep/file"):
    os.chown(name, 1234, 1234)
    os.chmod(name, 0o500)
"""
    target = tmp_path / "made" / "tree"
    (target / "old").mkdir(parents=True)
    sandbox.run(python(script, kind=INSPECT, fetch={"{work}/out": target}))
    found = sorted(target.rglob("*"))
    assert found == [target / "deep", target / "deep" / "file"]
    assert found[1].read_text() == "new"
    assert {path.stat().st_uid for path in (target, *found)} == {os.getuid()}
    assert {path.stat().st_gid for path in (target, *found)} == {os.getgid()}
    assert os.listdir(target.parent) == ["tree"]  # noqa: PTH208 - names, hidden ones too


def test_nothing_is_fetched_from_a_job_that_failed(
    sandbox: ContainerSandbox, tmp_path: Path
) -> None:
    """What was there stays."""
    (tmp_path / "out").write_text("old")
    script = "open('{work}/out', 'w').write('half'); raise SystemExit(1)"
    job = python(script, kind=INSPECT, fetch={"{work}/out": tmp_path / "out"})
    assert sandbox.run(job).code == 1
    assert (tmp_path / "out").read_text() == "old"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("pass", "no such|not find"),
        ("import os; os.symlink('/etc/passwd', '{work}/out')", "unsafe"),
        ("import os; os.mkfifo('{work}/out')", "unsafe"),
        (
            "open('{work}/out', 'w'); import os; os.chmod('{work}/out', 0o4755)",
            "'out' is a set-user",
        ),
        ("import os; os.mknod('{work}/out', 0o020666, os.makedev(1, 3))", "unsafe"),
    ],
    ids=["missing", "link", "pipe", "set-user-ID", "device"],
)
def test_a_fetch_that_fails_is_an_error(
    sandbox: ContainerSandbox, tmp_path: Path, script: str, words: str
) -> None:
    """Nothing half-done is left here either."""
    with pytest.raises(BuildError, match=f"(?i){words}"):
        sandbox.run(python(script, kind=INSPECT, fetch={"{work}/out": tmp_path / "out"}))
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - names, hidden ones too


def test_without_network_there_is_only_loopback(sandbox: ContainerSandbox) -> None:
    """And with it there is more: the interfaces tell."""
    script = "import os; print(*sorted(os.listdir('/sys/class/net')))"
    assert "eth" not in sandbox.run(python(script, kind=INSTALL)).output
    assert "eth" in sandbox.run(python(script, kind=INSTALL, network=True)).output
    assert "eth" not in sandbox.run(python(script, kind=INSTALL)).output
    assert "eth" not in sandbox.run(python(script)).output


def test_opt_holds_the_tree_and_is_read_only_as_in_lambda(
    sandbox: ContainerSandbox, tmp_path: Path
) -> None:
    """For whatever runs there."""
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        archive.writestr(readable("python/module.py"), "x = 1")
    script = """
import pathlib
print(pathlib.Path("/opt/python/module.py").read_text())
try:
    pathlib.Path("/opt/python/more.py").write_text("")
except OSError as error:
    print(error.strerror)
"""
    outcome = sandbox.run(python(script, opt=(tmp_path / "layer.zip",)))
    assert outcome.output == "x = 1\nPermission denied\n"


def test_zips_are_laid_over_each_other_in_their_order(
    sandbox: ContainerSandbox, tmp_path: Path
) -> None:
    """In place of what lay there before."""
    layers = (tmp_path / "one.zip", tmp_path / "two.zip")
    for number, path in enumerate(layers):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(readable("name"), f"{number}")
            archive.writestr(readable(f"only{number}"), "")
    with zipfile.ZipFile(tmp_path / "before.zip", "w") as archive:
        archive.writestr(readable("more"), "")
    assert sandbox.run(python("pass", opt=(tmp_path / "before.zip",))).code == 0
    look = "import os; print(open('/opt/name').read(), *sorted(os.listdir('/opt')))"
    assert sandbox.run(python(look, opt=layers)).output == "1 name only0 only1\n"


def test_the_work_folder_lasts_until_the_sandbox_is_closed(sandbox: ContainerSandbox) -> None:
    """Then nothing of it is there for the next."""
    write, look = "open('{work}/kept', 'w')", "import os; print(os.path.exists('{work}/kept'))"
    sandbox.run(python(write, kind=INSPECT))
    assert sandbox.run(python(look, kind=INSPECT)).output == "True\n"
    sandbox.close()
    assert sandbox.run(python(look, kind=INSPECT)).output == "False\n"


def test_inputs_lie_in_the_work_folder(sandbox: ContainerSandbox) -> None:
    """In folders too, and the job starts there."""
    script = "print(open('a/b.txt').read(), open('{work}/c').read())"
    job = python(script, inputs={"a/b.txt": b"1", "c": b"2"}, environment={"X": "{work}"})
    assert sandbox.run(job).output == "1 2\n"


def test_proxies_and_the_ca_bundle_reach_a_job_with_network(
    sandbox: ContainerSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only such a job."""
    (tmp_path / "bundle.pem").write_text("a company's certificates")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "bundle.pem"))
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "internal.test")
    script = f"{SHOW}; print(open(os.environ.get('SSL_CERT_FILE', '/dev/null')).read())"
    for kind in (PROOF, INSPECT):
        alone = sandbox.run(python(script, kind=kind)).output
        assert "proxy.test" not in alone
        assert "certificates" not in alone
    lines = sandbox.run(python(script, kind=INSTALL, network=True)).output.splitlines()
    assert {"https_proxy=http://proxy.test:3128", "NO_PROXY=internal.test"} <= set(lines)
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE"):
        assert any(re.fullmatch(f"{name}=/.+/.ca-bundle.pem", line) for line in lines)
    assert lines[-1] == "a company's certificates"


def test_the_installer_trusts_the_ca_bundle_and_no_other(
    sandbox: ContainerSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv finds it: with a bundle that vouches for nobody the index is not believed."""
    job = Job(
        argv=("{uv}", "pip", "install", "--no-cache", "--no-config", "--reinstall",
              "--target", "{work}/x", "--python", "/var/lang/bin/python3", "six"),
        kind=INSTALL,
        network=True,
    )  # fmt: skip
    assert sandbox.run(job).code == 0
    monkeypatch.setenv("SSL_CERT_FILE", str(STRANGER))
    outcome = sandbox.run(job)
    assert outcome.code != 0
    assert "certificate" in outcome.output


def test_a_layer_laid_out_ahead_is_there(sandbox: ContainerSandbox, tmp_path: Path) -> None:
    """The next job waits for it, and it is not laid out again: another zip with the same size and
    time is not looked at."""
    layer = tmp_path / "layer.zip"

    def write(text: str) -> None:
        with zipfile.ZipFile(layer, "w") as archive:
            archive.writestr(readable("python/a.txt"), text)

    write("laid")
    sandbox.run(python("pass", kind=INSPECT))
    sandbox.prepare(layer)
    sandbox.run(python("pass"))
    seen = layer.stat().st_mtime_ns
    write("late")
    os.utime(layer, ns=(seen, seen))
    look = python("print(open('/opt/python/a.txt').read())", opt=(layer,))
    assert sandbox.run(look).output == "laid\n"


def test_what_a_job_was_given_is_the_next_ones_where_it_is_the_same(
    sandbox: ContainerSandbox,
) -> None:
    """It is not sent again; what changed is."""
    show = "print(open('a.txt').read(), open('b.txt').read())"
    given = {"a.txt": b"one", "b.txt": b"two"}
    assert sandbox.run(python(show, inputs=given)).output == "one two\n"
    assert sandbox.run(python(show, inputs=given | {"b.txt": b"new"})).output == "one new\n"
    assert sandbox.run(python(show)).output == "one new\n"
