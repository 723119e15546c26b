"""python -m bench.loop: from a saved app.py to its answer, by `./doitw watch` and by a bare
`chalice deploy` to the same emulator.

docs/bench.md has the last figures. Saves alternate in blocks, not one by one: a bare deploy takes
away what the other knows of the function.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from bench.checkouts import Checkout
from bench.measure import run
from tasks.settings.local_access import Access
from tasks.util import files
from tasks.util.errors import BuildError
from tests.project import APP, SETTINGS, SIX, clean_environment

SAVES = 7
CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"


class Loop:
    """An app in a checkout. `save` writes another version of it."""

    def __init__(self) -> None:
        self.checkout = Checkout("loop", "host")
        self.checkout.put({"requirements-all.txt": SIX, "app.py": APP})
        (self.checkout.path / "requirements-all.lock").unlink()
        table = self.checkout.path / "pyproject.toml"
        text = table.read_text(encoding="utf-8").partition("[tool.lambda-layer]")[0]
        table.write_text(text + SETTINGS, encoding="utf-8")
        self.saves = 0
        run(self.checkout.doitw("deploy", "stage=local"))
        self.access = Access(
            **files.read_record(self.checkout.path / "build/local/server.json") or {}
        )

    def save(self) -> None:
        self.saves += 1
        self.checkout.put({"app.py": APP.replace("return {", f'return {{"save": {self.saves}, ')})


class Watching:
    """`./doitw watch`, and when it said what."""

    def __init__(self, loop: Loop) -> None:
        words = [sys.executable, "-u", "-m", "tasks", "watch", "builder=host"]
        self.process = subprocess.Popen(
            words,
            cwd=loop.checkout.path,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: list[tuple[float, str]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.append((time.monotonic(), line))

    def heard(self, words: str, since: float) -> float:
        """When it said this."""
        while True:
            found = [at for at, line in self._lines if at > since and words in line]
            if found:
                return found[0]
            if self.process.poll() is not None:
                raise BuildError(
                    "watch has ended:\n" + "".join(line for _, line in self._lines),
                    fix="run it by itself",
                )
            time.sleep(0.01)


def by_watch(loop: Loop) -> list[tuple[float, float]]:
    """[(seconds until it was deployed, until it had answered)] of each save."""
    watching, taken = Watching(loop), []
    watching.heard("waiting for", 0.0)
    for _ in range(SAVES):
        time.sleep(8)  # a person looks at the answer, and writes the next line
        start = time.monotonic()
        loop.save()
        deployed, answered = (watching.heard(f"✓ {x} ", start) for x in ("chalice-deploy", "smoke"))
        taken.append((deployed - start, answered - start))
        watching.heard("waiting for", start)
    watching.process.terminate()
    watching.process.wait()
    return taken


def by_chalice(loop: Loop) -> list[tuple[float, float]]:
    """The same. It calls nothing, so one call is added."""
    variables, taken = clean_environment() | loop.access.variables("ap-northeast-2"), []
    words = [sys.executable, "-c", CHALICE, "deploy", "--stage", "local"]
    for _ in range(SAVES):
        start = time.monotonic()
        loop.save()
        subprocess.run(
            words, cwd=loop.checkout.path, env=variables, check=True, stdout=subprocess.DEVNULL
        )
        deployed = time.monotonic()
        call(loop)
        taken.append((deployed - start, time.monotonic() - start))
    return taken


def call(loop: Loop) -> None:
    """The function, by the SDK. AssertionError where it is not the saved one."""
    from tasks.aws import sealed_session
    from tasks.chalice_project import api_event

    client = sealed_session.make(loop.access, "ap-northeast-2").create_client("lambda")
    payload = json.dumps(api_event.event("/health")).encode()
    answer = json.load(client.invoke(FunctionName="shuking-local", Payload=payload)["Payload"])
    assert json.loads(answer["body"])["save"] == loop.saves, answer


def main() -> None:
    loop = Loop()
    subjects: dict[str, Callable[[Loop], list[tuple[float, float]]]] = {
        "./doitw watch": by_watch, "chalice deploy, then a call": by_chalice,
    }  # fmt: skip
    print("| a saved app.py | deployed | has answered |\n|---|---|---|")
    for name, measure in subjects.items():
        deployed, answered = (statistics.median(each) for each in zip(*measure(loop), strict=True))
        print(f"| {name} | {deployed:.2f} s | {answered:.2f} s |", flush=True)
    loop.checkout.stop_aws()


if __name__ == "__main__":
    main()
