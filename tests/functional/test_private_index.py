"""An index that wants a password: it comes from uv's or pip's own configuration and stays there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import package_index, project, secret_leaks
from tests.package_index import Index
from tests.project import Project
from tests.secret_leaks import NAME, QUOTED, WORD, Processes


@dataclass(frozen=True, kw_only=True)
class Place:
    """`home`: the person's folder; `copy`: asks for `good`, which only the index has."""

    copy: Project
    home: Path
    index: Index
    processes: Processes

    def write(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    seen = Processes()
    with package_index.serving(
        tmp_path / "index", login=f"{NAME}:{WORD}", watch=seen.look
    ) as served:
        served.add("good", "1.0", "Requires-Dist: needed")
        served.add("needed", "1.0")
        copy = project.small(tmp_path / "copy", "good==1.0\n")
        copy.environment.update(
            secret_leaks.home(tmp_path / "home"), UV_CACHE_DIR=str(tmp_path / "cache")
        )
        yield Place(copy=copy, home=tmp_path / "home", index=served, processes=seen)


def by_variables_of_uv(place: Place) -> None:
    place.copy.environment.update(
        UV_DEFAULT_INDEX=f"inner={place.index.url}",
        UV_INDEX_INNER_USERNAME=NAME,
        UV_INDEX_INNER_PASSWORD=WORD,
    )


def by_variables_of_pip(place: Place) -> None:
    place.copy.environment["PIP_INDEX_URL"] = secret_leaks.address(place.index.url)


def by_uv_toml(place: Place) -> None:
    url = secret_leaks.address(place.index.url)
    place.write(".config/uv/uv.toml", f'[[index]]\nurl = "{url}"\ndefault = true\n')


def by_pip_conf(place: Place) -> None:
    url = secret_leaks.address(place.index.url)
    place.write(".config/pip/pip.conf", f"[global]\nindex-url = {url}\n")


def by_netrc(place: Place) -> None:
    place.write(".netrc", f"machine 127.0.0.1 login {NAME} password {WORD}\n")
    place.copy.environment["UV_DEFAULT_INDEX"] = place.index.url


def by_requirements(place: Place) -> None:
    url = secret_leaks.address(place.index.url, login="${INDEX_NAME}:${INDEX_WORD}")
    place.copy.write("requirements-all.txt", f"--index-url {url}\ngood==1.0\n")
    name, _, word = QUOTED.partition(":")
    place.copy.environment.update(INDEX_NAME=name, INDEX_WORD=word)


WAYS = [by_variables_of_uv, by_variables_of_pip, by_uv_toml, by_pip_conf, by_netrc, by_requirements]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_is_used_and_left_nowhere(place: Place, way: Callable[[Place], None]) -> None:
    """Resolved, locked, installed; no file, no output, no process's arguments have the word."""
    way(place)
    runs = [place.copy.doit(command) for command in ("install", "lock", "build")]
    assert [run.code for run in runs] == [0, 0, 0], "\n".join(run.output for run in runs)
    assert "needed==1.0" in place.copy.read("requirements-all.lock")
    assert secret_leaks.in_text("".join(run.output for run in runs)) == []
    assert secret_leaks.in_folder(place.copy.path) == []
    assert secret_leaks.in_folder(place.home.parent / "cache") == []
    assert place.processes.has("requirements.txt")  # it did see the installer
    assert not any(place.processes.has(form) for form in secret_leaks.FORMS)


def test_without_the_password_it_says_what_is_missing(place: Place) -> None:
    """The index's answer, and where credentials go; not that there is no such package."""
    place.copy.environment["UV_DEFAULT_INDEX"] = secret_leaks.address(
        place.index.url, f"{NAME}:wr0ng"
    )
    run = place.copy.doit("install")
    assert run.code == 1
    assert "401 Unauthorized" in run.output
    assert "the index wants other credentials" in run.output
    assert "wr0ng" not in run.output


def test_a_password_in_the_requirements_is_refused(place: Place) -> None:
    """They are in a repository; and the line is not repeated."""
    url = secret_leaks.address(place.index.url)
    place.copy.write("requirements-all.txt", f"good==1.0\n--extra-index-url {url}\n")
    run = place.copy.doit("install")
    assert run.code == 1
    assert "requirements-all.txt, line 2: an address with a password" in run.output
    assert secret_leaks.in_text(run.output) == []
    assert (
        secret_leaks.in_folder(place.copy.path, but=place.copy.path / "requirements-all.txt") == []
    )
