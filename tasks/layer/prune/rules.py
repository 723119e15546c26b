"""Built-in prune rules, as data: what no running function reads, in any package.

Each can be switched off by name (`rules-off`). A rule that would break a package spares it: by
`exceptions` where the package reads the files in a way nobody can see from outside, by `spare`
where a look at the code that stays tells (layer/prune/usage.py).
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

FOLDERS = ("tests", "test", "SelfTest", "conftest", "docs")  # names of modules that rules judge by
METADATA = "metadata"  # the rule that also cuts files down (layer/prune/dist_info.py)
LICENSES = "licenses"  # what the setting of that name removes
DROP = "drop"  # what the settings' own `drop` globs remove is counted under this name


class Spare(StrEnum):
    """A look at the tree that can save what a rule would take."""

    IMPORTED = "code that stays imports it"
    SHOWN = "examples of its documentation import it"
    PLUGINS = "the package around it lists its modules"
    SUITE = "it holds more than tests or documentation, or is read"
    DATA = "it lies among templates or data"
    NAMED = "code of the same package names the file"
    INTO = "code of the same package names a path into it"
    LISTED = "code of the same package reads files of its kind"
    FOLDER = "code around it reads what lies in folders"
    ONLY_FORM = "nothing beside it was made from it"
    READER = "code in the layer reads such files of any package"
    KEY = "code that is no test names a path to it"
    NO_LIBRARY = "nothing beside it is compiled"
    COMPILER = "its package brings a compiler"
    LAZY = "its package loads it at run time (lazy_loader.attach_stub)"
    LARGE = "it is too large to be bundled"
    CALLED = "code calls it by its path"
    PROGRAM = "it is a program, not a console script"
    CONTENT = "its name is none of a page for people"
    ASKED = "code asks distributions for it"


# Looks that judge each file, where the others judge what a glob names.
OF_FILES = (Spare.SHOWN, Spare.INTO, Spare.NAMED, Spare.LISTED)
# Looks that cannot know: whether anybody reads what they keep.
UNSURE = (
    Spare.SHOWN, Spare.PLUGINS, Spare.SUITE, Spare.DATA, Spare.FOLDER, Spare.NO_LIBRARY,
    Spare.COMPILER, Spare.CONTENT,
)  # fmt: skip
# What saves a file from each rule that judges by names.
SPARING = (
    Spare.IMPORTED, Spare.DATA, Spare.PLUGINS, Spare.SUITE, Spare.SHOWN, Spare.INTO, Spare.NAMED,
    Spare.LISTED, Spare.FOLDER, Spare.LAZY, Spare.ONLY_FORM, Spare.READER, Spare.NO_LIBRARY,
    Spare.COMPILER,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Globs as in layer/prune/globs.py. `breaks`: what stops
    working, for recipes. `source`: where this is known from."""

    name: str
    globs: tuple[str, ...]
    reason: str
    source: str
    exceptions: tuple[str, ...] = ()
    spare: tuple[Spare, ...] = field(default=())
    breaks: str = ""

    @cached_property
    def of_files(self) -> tuple[Spare, ...]:
        return tuple(each for each in self.spare if each in OF_FILES)

    @cached_property
    def of_folders(self) -> tuple[Spare, ...]:
        return tuple(each for each in self.spare if each not in OF_FILES)


# Packages that compile or generate C at run time, so their sources and headers are their data.
COMPILERS = (
    "Cython", "cffi", "cppyy*", "cuda", "cupy", "cupyx", "grpc_tools", "numba", "numba_cuda",
    "nanobind", "nvidia", "pybind11", "pycuda", "pyopencl", "pythran", "tensorflow", "torch",
    "triton", "ziglang",
)  # fmt: skip

# Of a dist-info; a file of any other name is read by who put it there.
NOTES = (
    "INSTALLER", "REQUESTED", "WHEEL", "RECORD.jws", "RECORD.p7s", "direct_url.json",
    "uv_cache.json", "uv_build.json", "metadata.json", "pydist.json", "DESCRIPTION.rst",
    "scm_version.json", "scm_file_list.json", "SOURCES.txt", "installed-files.txt",
    "dependency_links.txt", "namespace_packages.txt", "zip-safe", "not-zip-safe", "sboms",
)  # fmt: skip

RULES = (
    Rule(
        name="test-keys",
        globs=tuple(
            f"**/{folder}/**/*.{suffix}"
            for folder in ("tests", "test", "SelfTest")
            for suffix in ("pem", "pem.*", "key", "p12", "pfx", "jks")
        ),
        reason="private keys for tests, also where the tests stay: a layer with a key is refused",
        source="the wheels themselves: Twisted, tornado, future",
        spare=(Spare.KEY,),
    ),
    Rule(
        name="tests",
        globs=(
            "**/tests",
            "**/test",
            "**/SelfTest",
            "**/conftest.py",
            "**/_*_tests.*.so",
            "numpy/core/_simd.*.so",
            "numpy/_core/_simd.*.so",
        ),
        reason="tests of the packages themselves, and extension modules made for them",
        source="the classic script; numpy's NEP 38 (_simd is there to be tested); "
        "numpy/numpy#28936, amazon-braket-examples#819 for what is spared",
        exceptions=("django/test",),
        spare=SPARING,
    ),
    Rule(
        name="docs",
        globs=("**/docs",),
        reason="documentation",
        source="the classic script; powertools-lambda-python#7361 (botocore.docs is imported)",
        exceptions=("botocore/docs", "boto3/docs"),
        spare=SPARING,
    ),
    Rule(
        name="bytecode",
        globs=("**/__pycache__", "**/*.pyc", "**/*.pyo"),
        reason="compiled with the installer's times and paths; made anew after pruning",
        source="the classic script; aws-lambda-builders#924, serverless#13889",
        spare=(Spare.ONLY_FORM,),
    ),
    Rule(
        name="markdown",
        globs=("**/*.md",),
        reason="pages of documentation, as a readme or a changelog",
        source="the classic script",
        spare=(*SPARING, Spare.CONTENT),
    ),
    Rule(
        name=METADATA,
        globs=(
            *(f"**/*.{kind}-info/{name}" for kind in ("dist", "egg") for name in NOTES),
            ".lock",
        ),
        reason="what pip keeps for itself: installer notes, signatures, SBOMs (the layer's own "
        "bill has what they list); RECORD and METADATA are cut down to what importlib.metadata "
        "answers from",
        source="serverless-python-requirements#441, #216, #296; PyPA: recording installed projects",
        spare=(Spare.ASKED,),
    ),
    Rule(
        name="stubs",
        globs=("*-stubs", "**/*.pyi"),
        reason="type stubs, read by type checkers only",
        source="PEP 561; scientific-python/lazy-loader#38, librosa#1707 for what is spared",
        spare=SPARING,
    ),
    Rule(
        name="sources",
        globs=tuple(
            f"**/*.{suffix}"
            for suffix in ("c", "cc", "cpp", "cxx", "pyx", "pxd", "pxi", "pyx.in", "pxd.in", "f90")
        ),
        reason="C, C++, Cython and Fortran sources of modules that are here compiled",
        source="the wheels themselves: numpy, SQLAlchemy, greenlet, lxml",
        exceptions=COMPILERS,
        spare=SPARING,
    ),
    Rule(
        name="protos",
        globs=("**/*.proto",),
        reason="protobuf definitions; what runs are the modules generated from them",
        source="the wheels themselves: googleapis-common-protos, grpcio-status",
        exceptions=COMPILERS,
        spare=SPARING,
    ),
    Rule(
        name="headers",
        globs=("**/*.h", "**/*.hh", "**/*.hpp", "**/*.hxx", "**/*.a", "**/*.la"),
        reason="headers and static libraries: for compiling against a package, not for running it",
        source="the wheels themselves: numpy, greenlet, pyarrow",
        exceptions=COMPILERS,
        spare=SPARING,
    ),
    Rule(
        name="scripts",
        globs=("bin/*",),
        reason="console scripts: their first line names the installer's Python, and no PATH "
        "in Lambda leads here",
        source="Lambda's PATH has /opt/bin, not /opt/python/bin (AWS: Packaging layers)",
        spare=(Spare.PROGRAM, Spare.CALLED),
    ),
)

# No glob tells a licence (docker/license_files.py does), so no built-in rule takes one but these:
# {the setting's value: rules}.
_DROPPED = Rule(
    name=LICENSES,
    globs=(),
    reason="texts of licences, as `licenses` in the settings says",
    source="[tool.lambda-layer]",
    spare=(Spare.DATA, Spare.NAMED, Spare.FOLDER),
)
OF_LICENSES: dict[str, list[Rule]] = {
    "keep": [],
    "bundle": [replace(_DROPPED, spare=(*_DROPPED.spare, Spare.LARGE))],
    "drop": [_DROPPED],
}

NAMES = tuple(rule.name for rule in RULES)
# What built-in rules judge files by: the ends of their names.
SUFFIXES = tuple(
    glob.removeprefix("**/*")
    for rule in RULES
    for glob in rule.globs
    if glob.startswith("**/*.") and rule.name not in ("bytecode", METADATA)
)
