"""tasks/layer/archive/function_package.py: what Chalice packs, as Chalice itself packs it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tasks.layer.archive import function_package
from tasks.settings.model import Settings
from tasks.settings.step_records import InstallRecord
from tasks.util.errors import BuildError
from tests import handmade_layers, made_records
from tests.package_index import Index, serving

PACK = """
import sys
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import OSUtils, UI

osutils = OSUtils()
packager = LambdaDeploymentPackager(osutils, DependencyBuilder(osutils), UI(out=sys.stderr))
print(packager.create_deployment_package(".", "python3.12"))
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An app with each kind of file that Chalice packs."""
    settings = handmade_layers.project(tmp_path, monkeypatch)
    files = {
        "app.py": "x = 1\n",
        "chalicelib/__init__.py": "",
        "chalicelib/deep/table.csv": "1,2\n",
        "vendor/bought/__init__.py": "y = 1\n",
        "README.md": "is not packed",
        ".chalice/config.json": "{}",
    }
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    Path("elsewhere").mkdir()
    Path("elsewhere/linked.py").write_text("z = 1\n", encoding="utf-8")
    Path("vendor/link").symlink_to(Path("elsewhere").absolute())
    return settings


def packed_by_chalice() -> dict[str, int]:
    """{path: bytes} of the zip that `chalice deploy` would upload."""
    done = subprocess.run([sys.executable, "-c", PACK], capture_output=True, text=True, check=True)
    with zipfile.ZipFile(done.stdout.strip()) as archive:
        return {each.filename: each.file_size for each in archive.infolist()}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """The only index that pip knows; nothing of the person's own configuration."""
    with serving(tmp_path / "index") as found:
        found.add("big", "1.5", "Requires-Dist: small", files={"big/data.bin": b"x" * 5000})
        found.add("small", "2.0")
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", found.url)
        yield found


def test_without_requirements_nobody_is_asked(settings: Settings) -> None:
    """Comments ask for nothing; the files are Chalice's, and so is their size."""
    Path("requirements.txt").write_text("# nothing\n\n", encoding="utf-8")
    package = function_package.known(settings)
    assert package.files == packed_by_chalice()
    assert package.complete


@pytest.mark.parametrize("line", ["src==1", "needs-src", "here-only==1"])
def test_nothing_is_built_to_measure_it(
    settings: Settings, index: Index, tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package without a wheel for Lambda has scripts that would run as you, at each build. Also
    where another one brings it."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")  # nothing that could build it elsewhere
    index.add("needs-src", "1", "Requires-Dist: src")
    index.add("here-only", "1", tag="py3-none-linux_x86_64")
    for name in ("src", "here-only"):
        index.add_sdist(name, "1", f"open({str(tmp_path / 'canary')!r}, 'w').close()\n")
    Path("requirements.txt").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(BuildError, match="the index has no wheel of"):
        function_package.measured(settings)
    assert not (tmp_path / "canary").exists()
    assert not function_package.known(settings).complete


def test_requirements_count_with_what_they_need(settings: Settings, index: Index) -> None:
    """File by file as in Chalice's own zip."""
    Path("requirements.txt").write_text("big==1.5\n", encoding="utf-8")
    assert not function_package.known(settings).complete
    package = function_package.measured(settings)
    assert package.files == packed_by_chalice()
    assert package.distributions == {"big": "1.5", "small": "2.0"}
    assert package.bytes > 5000


def test_what_the_layer_has_is_not_packed(settings: Settings, index: Index) -> None:
    """As in a deploy; of a line `chalice` nothing is, either, and nobody is asked for it."""
    Path("requirements.txt").write_text("chalice\n", encoding="utf-8")
    assert function_package.known(settings).complete
    Path("requirements.txt").write_text("chalice\nbig\n", encoding="utf-8")
    small = made_records.distribution("small", "2.0")
    made_records.put(settings, InstallRecord, distributions=[small])
    assert function_package.measured(settings).distributions == {"big": "1.5"}


def test_what_was_measured_is_known(
    settings: Settings, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the file says something else; an included file counts, too."""
    Path("requirements.txt").write_text("-r more.txt\n", encoding="utf-8")
    Path("more.txt").write_text("small\n", encoding="utf-8")
    first = function_package.measured(settings)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    assert function_package.measured(settings) == first == function_package.known(settings)
    Path("more.txt").write_text("small\nbig\n", encoding="utf-8")
    assert not function_package.known(settings).complete


def test_what_cannot_be_packed_is_said_in_pips_words(settings: Settings, index: Index) -> None:
    """With the two files that a person can change."""
    Path("requirements.txt").write_text("nowhere==1\n", encoding="utf-8")
    with pytest.raises(BuildError, match="nowhere") as caught:
        function_package.measured(settings)
    assert "requirements.txt" in caught.value.problem
    assert settings.requirements in caught.value.fix


def test_the_answer_is_plain_json(settings: Settings, index: Index) -> None:
    """So that any version of the tool can read it again."""
    Path("requirements.txt").write_text("small\n", encoding="utf-8")
    function_package.measured(settings)
    (entry,) = Path("build/store/function").iterdir()
    assert set(json.loads(entry.read_bytes())) == {"files", "distributions"}
