"""What names of files say: tests, code, documentation, data. And names that are put together."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from .rules import FOLDERS

TESTS = re.compile(r"test.*\.py|.*_tests?\.py|conftest\.py")
# A module of tests, or for them: a/tests/x.py, a/testing.py, a/_testing/x.py, a/x_test.py.
HELPER = re.compile(r"(?:^|[/_])(?i:(?:self)?tests?(?:suite)?|testing|conftest)(?:[/_.]|$)")
CODE = re.compile(r".*\.(py|pyc|pyi|so|pyd)|py\.typed|\.gitkeep")
DOCUMENTATION = re.compile(
    r".*\.(py|pyc|md|rst|txt|html?|css|js|svg|png|jpe?g|gif|ico|pdf|ipynb|bib|ya?ml|cfg|toml|bat)"
    r"|Makefile|py\.typed|\.\w+"
)
# What a page of Markdown is called that is there for people.
PAGES = re.compile(
    r"[A-Z0-9_.-]+"
    r"|(?i:read[-_]?me|change|history|contribut|author|security|code[-_]of|release|news|todo"
    r"|install|upgrad|migrat|roadmap|maintain|develop|support|governance|credits|acknowledg)"
    r"[\w.-]*"
)
# Folders whose content is read, not run: what an app is made from, what pages are made of.
TEMPLATE = re.compile(r".*(template|skeleton|scaffold|boilerplate|cookiecutter|\{\{).*")
DATA = re.compile(rf"{TEMPLATE.pattern}|static|assets|data|include|resources?|public")
# What compilers read, and what they make libraries of.
HEADERS = (".h", ".hh", ".hpp", ".hxx", ".a", ".la")
SOURCES = tuple(
    f"{suffix}{more}"
    for suffix in (".c", ".cc", ".cpp", ".cxx", ".f90", ".pyx", ".pxd", ".pxi")
    for more in ("", ".in")
)
# A compiler, or what one is linked from: libclang-cpp.so.17, libnvrtc.so.12, warp-clang.so, tcc.
COMPILER = re.compile(
    r"(?i:lib)?(?i:warp-|opencl-)?(?i:clang(?:-cpp)?|llvm|nvrtc|nvvm|tcc|cling|pocl|ispc|zig|gcc|g\+\+"
    r"|nvcc|ptxas|ccl)(?:[-.]?\d[\d.]*)?(?:\.so(?:\.[\d.]+)?)?"
)
# (what the folder lies in)(the folder, and the path in it)
INTO = re.compile(rf"(?:.*?([\w-]*)/)?((?:{'|'.join(FOLDERS)})/.+?)/?")
# In names that are put together: "{name}_a.md", "%s_a.md", "%(x)s.md", "*_a.md", r"(\w+)\.md".
_SLASH = "\\"
_HOLE = re.compile(r"%(?:\(\w*\))?[\d.]*[a-z]|[}\])*?]")


@cache
def is_data(folder: str, *, made_from: bool = False) -> bool:
    """`made_from`: it lies beside what it describes, in whichever folder."""
    return bool((TEMPLATE if made_from else DATA).fullmatch(folder))


def ends_of(names: Iterable[str]) -> set[str]:
    """Of names that are put together at run time what stands behind the hole: `*_a.md`. Another
    name as it is: it may be put behind something, too."""
    split = ((name, _HOLE.split(name)) for name in names)
    return {name if len(found) == 1 else f"*{found[-1].lstrip(_SLASH)}" for name, found in split}


def ends(name: str) -> Iterator[str]:
    """What `ends_of` says where it may mean the file of this name: down to its suffix."""
    for start in range(max(name.rfind("."), 0) + 1):
        yield f"*{name[start:]}"
        if start and _begins_word(*name[start - 1 : start + 1]):
            yield name[start:]


def _begins_word(before: str, first: str) -> bool:
    return not (before.isalnum() and first.isalnum()) or (before.islower() and first.isupper())
