"""Which files of a distribution are licences (for inspect_installed.py). Most licences ask to be
shipped along. Standard library only.
"""

import re
from collections.abc import Collection

LARGEST = 1_000_000  # bytes; one of more is no text that anybody bundles
_NAME = re.compile(
    r"(.*[-_. ])?((un)?licen[sc]es?|copying|notices?|copyrights?|copyleft|eula)([-_. ].*)?"
    r"|third[-_ ]?party[-_ ]?(licen[sc]es?|notices?).*",
    re.IGNORECASE,
)
_FOLDERS = {"licenses", "licences", "license_files"}
_AUTHORS = re.compile(r"(authors|contributors|legal|patents)(\..*)?", re.IGNORECASE)
_NO_TEXT = (
    ".py", ".pyc", ".pyi", ".pyx", ".pxd", ".so", ".js", ".css", ".json", ".xml", ".yml", ".yaml",
    ".toml", ".svg", ".png", ".h", ".c", ".csv",
)  # fmt: skip


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
    return among or bool(_NAME.fullmatch(file))


def named_by(metadata: str) -> "set[str]":
    """File names that the headers give."""
    headers = re.split(r"\r?\n\r?\n", metadata, maxsplit=1)[0]
    found = re.findall(r"(?m)^License-File:(.*)$", headers)
    return {each.strip().rpartition("/")[2] for each in found}
