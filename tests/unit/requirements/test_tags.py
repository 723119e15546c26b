"""tasks/requirements/tags.py: Lambda's images as uv names platforms."""

import pytest

from tasks.requirements.tags import platform_tag
from tasks.settings.model import Settings


@pytest.mark.parametrize(
    ("python", "architecture", "tag"),
    [
        ("3.12", "x86_64", "x86_64-manylinux_2_34"),
        ("3.12", "arm64", "aarch64-manylinux_2_34"),
        ("3.13", "x86_64", "x86_64-manylinux_2_34"),
        ("3.11", "x86_64", "x86_64-manylinux_2_17"),
        ("3.9", "arm64", "aarch64-manylinux_2_17"),
    ],
)
def test_the_images_glibc_decides(python: str, architecture: str, tag: str) -> None:
    """Amazon Linux 2023 has 2.34, Amazon Linux 2 has 2.26 (below it, uv knows 2.17)."""
    assert platform_tag(Settings(python=python, architecture=architecture)) == tag
