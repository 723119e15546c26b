"""docker/license_files.py: texts of licences, told from code and data that are named alike."""

from pathlib import Path

import pytest

from tests import sandbox_scripts

license_files = sandbox_scripts.load("license_files")


@pytest.mark.parametrize(
    "path",
    [
        "a-1.dist-info/LICENSE",
        "a-1.dist-info/COPYING.LESSER",
        "a-1.dist-info/AUTHORS.rst",
        "a-1.dist-info/licenses/src/vendored.json",
        "a-1.dist-info/license_files/AUTHORS",
        "a/LICENSE-MIT",
        "a/_vendor/b/licence.md",
        "a/LICENSES/Apache-2.0.txt",
        "a/licenses/numpy.md",
        "a/docs/licenses/ISC.txt",
        "a/LICENSES_bundled.txt",
        "a/tests/data/NOTICE",
        "a/ThirdPartyNotices.txt",
        "a/mit-license.txt",
        "a/UNLICENSE",
        "a/COPYRIGHT.txt",
        "a/LICENSE.APACHE",
        "a/numpy.LICENSE",
        "a/COPYING.a1b2c3d4",  # whitenoise's hash
        "a/LICENSES/GPL-3.0-or-later",
        "a/LICENSES/BSD-3-Clause",
        "a/LICENSE-2.0",
        "a/license.html",
    ],
)
def test_a_text(path: str) -> None:
    """Whatever it is called, and wherever it lies."""
    assert license_files.is_license(path)


@pytest.mark.parametrize(
    "path",
    [
        "a-1.dist-info/METADATA",
        "a-1.dist-info/WHEEL",
        "a/license.py",
        "a/licenses/__init__.py",
        "a/licenses/index.txt",
        "a/license_data.json",
        "a/licensed.txt",
        "a/noticeable",
        "a/AUTHORS",
        "a/notices.js",
        "acme/locale/fr/licenses.mo",
        "acme/models/notice_classifier.bin",
        "acme/license_plate.onnx",
        "acme/license_plate.caffemodel",
        "acme/eula_fr.pdf",
        "flask_admin/copyleft.gif",
        "a/licenses/font.woff2",
        "a/licenses/badge.tga",
    ],
)
def test_no_text(path: str) -> None:
    """Code and data stay what the rules say of them."""
    assert not license_files.is_license(path)


def test_metadata_names_others() -> None:
    """License-File (PEP 639), in its headers alone; older tools put them beside METADATA."""
    named = license_files.named_by(
        "Name: a\nLicense-File: docs/legal.txt\n\nLicense-File: no.txt\n"
    )
    assert named == {"legal.txt"}
    assert license_files.is_license("a-1.dist-info/legal.txt", named)
    assert not license_files.is_license("a/legal.txt", named)


@pytest.mark.parametrize(
    ("content", "binary"),
    [
        (b"MIT License", False),
        (b"", False),
        ("MIT License".encode("utf-16"), False),
        (b"x" * 100 + b"\0", True),
    ],
)
def test_a_licence_is_a_text(tmp_path: Path, content: bytes, binary: bool) -> None:
    path = tmp_path / "LICENSE.x"
    path.write_bytes(content)
    assert license_files.is_binary(path) == binary
