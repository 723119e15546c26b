"""Which files of a distribution are licences (for inspect_installed.py). Most licences ask to be
shipped along. Standard library only.
"""

import re
from collections.abc import Collection
from pathlib import Path

START = 8192  # bytes that are looked at
LARGEST = 1_000_000  # bytes; one of more is no text that anybody bundles
_WORD = r"(.*[-_. ])?((un)?licen[sc]es?|copying|notices?|copyrights?|copyleft|eula)"
_NAME = re.compile(
    rf"{_WORD}([-_. ].*)?|third[-_ ]?party[-_ ]?(licen[sc]es?|notices?).*", re.IGNORECASE
)
# LICENSE.APACHE, COPYING.LESSER: behind the word alone stands which one it is, or a hash.
_ALONE = re.compile(rf"{_WORD}\.[\w-]+", re.IGNORECASE)
_FOLDERS = {"licenses", "licences", "license_files"}
_AUTHORS = re.compile(r"(authors|contributors|legal|patents)(\..*)?", re.IGNORECASE)
_NO_TEXT = (
    ".py", ".pyc", ".pyi", ".pyx", ".pxd", ".so", ".js", ".css", ".json", ".xml", ".yml", ".yaml",
    ".toml", ".svg", ".png", ".h", ".c", ".csv", ".mo", ".po", ".pot", ".bin", ".dat", ".db",
    ".gif", ".jpg", ".jpeg", ".tif", ".tiff", ".ico", ".webp", ".wav", ".mp3", ".mp4", ".pdf",
    ".ttf", ".otf", ".woff", ".woff2", ".onnx", ".pt", ".npy", ".npz", ".pkl", ".parquet", ".gz",
    ".bz2", ".xz", ".zip", ".whl", ".jar", ".map", ".scss", ".ts", ".vue", ".sql", ".proto",
)  # fmt: skip
# No suffix, a text's, or a version: Apache-2.0, GPL-3.0-or-later.
_TEXT = re.compile(
    r"[^.]*|.*\.(txt|text|md|markdown|rst|html?|rtf|adoc|asc|licen[sc]e|\d[\w+-]*)", re.IGNORECASE
)
_MARKS = (b"\xff\xfe", b"\xfe\xff")  # begin a text in UTF-16, which has zeros


def is_license(path: str, named: Collection[str] = ()) -> bool:
    """`named`: what METADATA says of them (License-File)."""
    *folders, file = path.split("/")
    if folders and folders[0].endswith(".dist-info"):
        if folders[1:] and folders[1] in _FOLDERS:
            return True  # whatever it is called
        if not folders[1:] and (file in named or _AUTHORS.fullmatch(file)):
            return True
    if file.lower().endswith(_NO_TEXT):
        return False
    among = any(each.lower() in _FOLDERS for each in folders) and not file.startswith("index.")
    named_so = among or bool(_NAME.fullmatch(file))
    return named_so and bool(_TEXT.fullmatch(file) or _ALONE.fullmatch(file))


def is_binary(path: Path) -> bool:
    """A model or a picture, whatever it is called."""
    with path.open("rb") as file:
        start = file.read(START)
    return b"\0" in start and not start.startswith(_MARKS)


def named_by(metadata: str) -> "set[str]":
    """File names that the headers give."""
    headers = re.split(r"\r?\n\r?\n", metadata, maxsplit=1)[0]
    found = re.findall(r"(?m)^License-File:(.*)$", headers)
    return {each.strip().rpartition("/")[2] for each in found}
