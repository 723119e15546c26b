"""tasks/requirements/uv.py: what uv is told."""

import pytest

from tasks.requirements.uv import installing, resolving
from tasks.settings.model import Settings


def test_in_the_image_the_platform_is_its_own() -> None:
    """It compiles nothing: who does is nobody, elsewhere."""
    words = installing(Settings(), "docker", hashed=True)
    assert words[:2] == ("pip", "install")
    assert {"--no-deps", "--no-config", "--no-compile-bytecode", "--require-hashes"} < {*words}
    assert "--python-platform" not in words
    assert words[words.index("--only-binary") + 1] == ":all:"


@pytest.mark.parametrize(
    ("architecture", "python", "platform"),
    [
        ("x86_64", "3.12", "x86_64-manylinux_2_34"),
        ("arm64", "3.13", "aarch64-manylinux_2_34"),
        ("x86_64", "3.11", "x86_64-manylinux_2_17"),
    ],
)
def test_on_this_machine_the_platform_is_named(
    architecture: str, python: str, platform: str
) -> None:
    """And wheels only: a build would be for this machine."""
    settings = Settings(architecture=architecture, python=python)
    for words in (installing(settings, "host", hashed=False), resolving(settings, "host")):
        text = " ".join(words)
        assert f"--python-platform {platform}" in text
        assert f"--python-version {python}" in text
        assert "--only-binary :all:" in text
        assert "--require-hashes" not in text


def test_what_is_resolved_has_hashes() -> None:
    """Known afterwards, so that they can be kept; and it installs nothing."""
    words = resolving(Settings(), "docker")
    assert words[:3] == ("pip", "compile", "{work}/requirements.txt")
    assert "--generate-hashes" in words
