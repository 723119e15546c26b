"""tasks/sandbox/container/emulation.py: what the kernel says of the other architecture."""

from pathlib import Path
from typing import Any, cast

import pytest

from tasks.sandbox.container import emulation
from tasks.settings.model import Settings
from tasks.ui.finding import NOTE, Finding
from tasks.util.errors import BuildError

ARM = Settings(architecture="arm64")


class Engine:
    """What docker-py tells of one."""

    def __init__(self, machine: str, system: str = "Debian", url: str = "http+docker://x") -> None:
        self._about = {"Architecture": machine, "OperatingSystem": system}
        self.base_url = url

    @property
    def api(self) -> "Engine":
        return self

    def info(self) -> dict[str, str]:
        return self._about


def look(engine: Engine, settings: Settings) -> Finding | str:
    return emulation.check_emulation(cast(Any, engine), settings)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with binfmt_misc, and no handler yet."""
    (tmp_path / "status").write_text("enabled\n")
    monkeypatch.setattr(emulation, "HANDLERS", tmp_path)
    return tmp_path


def test_its_own_architecture_needs_nothing(kernel: Path) -> None:
    assert look(Engine("aarch64"), ARM) == "arm64, the engine's own"
    assert look(Engine("x86_64"), Settings()) == "x86_64, the engine's own"


def test_a_kernel_without_a_handler_says_how_to_get_one(kernel: Path) -> None:
    with pytest.raises(BuildError, match="x86_64 and does not emulate arm64") as caught:
        look(Engine("x86_64"), ARM)
    assert "tonistiigi/binfmt --install arm64" in caught.value.fix


def test_a_handler_is_emulation(kernel: Path) -> None:
    (kernel / "qemu-aarch64").write_text("enabled\ninterpreter /usr/bin/qemu-aarch64\n")
    assert look(Engine("x86_64"), ARM) == "arm64 on x86_64, emulated by QEMU"


def test_a_handler_that_is_switched_off_is_none(kernel: Path) -> None:
    (kernel / "qemu-aarch64").write_text("disabled\n")
    with pytest.raises(BuildError):
        look(Engine("x86_64"), ARM)


def test_docker_desktop_emulates() -> None:
    """By its documentation."""
    assert look(Engine("x86_64", "Docker Desktop"), ARM).__str__().startswith("arm64 on x86_64")


def test_another_machines_kernel_is_not_seen(kernel: Path) -> None:
    """So it is not judged."""
    found = look(Engine("x86_64", url="http://build.example:2375"), ARM)
    assert isinstance(found, Finding)
    assert found.mark == NOTE
    assert "binfmt" in found.fix
