"""CI jobs read from their YAML files, and run as a runner would: commands in their order, caches
put back and kept. What actions do beside that (Python, credentials) is here already."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # no stubs; a test reads three files with it

from bench.checkouts import lend_tools
from tests.project import ROOT, STARTED

EXPRESSION = re.compile(r"\${{\s*(.*?)\s*}}")


@dataclass(frozen=True, kw_only=True)
class Job:
    """`commands`: (script, variables of its own), in order; `cached`: paths kept between runs;
    `variables`: the job's."""

    commands: list[tuple[str, dict[str, str]]]
    cached: list[str]
    variables: dict[str, str] = field(default_factory=dict)


def github(workflow: str, job: str, root: Path = ROOT, **inputs: str) -> Job:
    """A job of .github/workflows/. `inputs`: what a person typed into the form."""
    document = load(str(root / f".github/workflows/{workflow}"))
    commands, cached = [], []
    for step in document["jobs"][job]["steps"]:
        if "run" in step:
            given = {name: _value(str(text), inputs) for name, text in step.get("env", {}).items()}
            commands.append((step["run"], given))
        elif step["uses"].startswith("$/"):  # this repository, at the commit that runs
            cached += _cached(load(f"{step['uses'].removeprefix('$/')}/action.yml"))
    return Job(commands=commands, cached=cached)


def _value(text: str, inputs: Mapping[str, str]) -> str:
    return EXPRESSION.sub(lambda found: inputs.get(found[1].removeprefix("inputs."), ""), text)


def _cached(action: Any) -> list[str]:
    steps = [step for step in action["runs"]["steps"] if "actions/cache@" in step["uses"]]
    return [path for step in steps for path in step["with"]["path"].split()]


def gitlab(job: str) -> Job:
    """A job of docs/gitlab-ci.yml, with what it extends."""
    document = load("docs/gitlab-ci.yml")
    whole: dict[str, Any] = {}
    name: str | None = job
    while name:
        whole = {**document[name], **whole}
        name = document[name].get("extends")
    script = "\n".join([*whole.get("before_script", []), *whole["script"]])
    store = {"LAYER_STORE": whole["variables"]["LAYER_STORE"]}  # the others: where its engine is
    return Job(commands=[(script, {})], cached=whole["cache"]["paths"], variables=store)


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Clones `origin` anew for every job, with an empty home. `cache` lives as long as it does."""

    origin: Path
    folder: Path
    environment: dict[str, str]
    cache: dict[str, Path] = field(default_factory=dict)

    def run(self, job: Job, **more: str) -> "Done":
        """Every command must succeed."""
        number = len(list(self.folder.iterdir()))
        place = self.folder / str(number)
        clone, home = place / "clone", place / "home"
        home.mkdir(parents=True)
        subprocess.run(["git", "clone", "-q", self.origin, clone], check=True)
        lend_tools(clone)
        self._restore(job, clone, home)
        told = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "output"}
        files = {name: str(place / file) for name, file in told.items()}
        around = {"HOME": str(home), "XDG_CACHE_HOME": "", "RUNNER_TEMP": str(place)}
        common = self.environment | around | files | job.variables | more
        outputs = [shell(script, clone, common | own) for script, own in job.commands]
        self._save(job, clone, home)
        return Done(clone=clone, place=place, outputs=outputs)

    def forget(self) -> None:
        """The cache is gone: too old, or another machine's."""
        shutil.rmtree(self.origin.parent / "cache", ignore_errors=True)
        self.cache.clear()

    def _restore(self, job: Job, clone: Path, home: Path) -> None:
        for path in job.cached:
            if path in self.cache:
                _copy(self.cache[path], _place(path, clone, home))

    def _save(self, job: Job, clone: Path, home: Path) -> None:
        for path in job.cached:
            kept = self.cache.setdefault(path, self.origin.parent / "cache" / path)
            _copy(_place(path, clone, home), kept)


def _place(path: str, clone: Path, home: Path) -> Path:
    """A cached path, on the runner."""
    return home / path.removeprefix("~/") if path.startswith("~/") else clone / path


@dataclass(frozen=True, kw_only=True)
class Done:
    """A job that ran. `outputs`: one a command; `steps`: the tasks that did something, in order."""

    clone: Path
    place: Path
    outputs: list[str]

    @property
    def output(self) -> str:
        return "".join(self.outputs)

    @property
    def steps(self) -> list[str]:
        return STARTED.findall(self.output)


def shell(script: str, clone: Path, environment: dict[str, str]) -> str:
    """As GitHub and GitLab start scripts: the first command that fails ends it."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=clone,
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stdout}"
    return done.stdout


def _copy(source: Path, target: Path) -> None:
    """With times, as a cache's archive has them."""
    if target.is_dir():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    elif source.exists():
        shutil.copy2(source, target)


def repository(project: Path, *files: str) -> None:
    """Make a project's copy a git repository, with more files of this one."""
    for name in files:
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(ROOT / name, target)
    _git(project, "init", "-q", "-b", "main")
    _commit(project)


def change(project: Path, name: str, text: str) -> None:
    """One file, committed."""
    (project / name).write_text(text, encoding="utf-8")
    _commit(project)


def _commit(project: Path) -> None:
    _git(project, "add", "-A")
    _git(project, "commit", "-q", "-m", "all")


def _git(project: Path, *command: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", *who, *command], cwd=project, check=True, env=clean)
