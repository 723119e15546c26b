"""What Lambda's own system has of shared libraries, per runtime, and what a layer wants beyond it.

One table, whatever image or machine proves. Sources:

- Amazon Linux 2023 (Python 3.12 and later): packages of the minimal container image, on which
  Lambda's image rests (docs.aws.amazon.com/linux/al2023/ug/al2023-container-image-types.html and
  minimal-container.html). Versions: glibc 2.34 in all releases (docs.aws.amazon.com/linux/al2023/
  ug/core-glibc.html). The libstdc++ and libgcc of gcc 11 up to 2023.6, of gcc 14 from
  2023.7.20250331 on (docker-library/official-images#14357 and #18759: libstdc++-14.2.1). Lambda
  takes a release over later: functions met an older one in April 2025
  (amazonlinux/container-images#132), and no source says which one Lambda has today.
- Amazon Linux 2 (Python 3.10 and 3.11): docker-library/repo-info,
  repos/amazonlinux/local/2.0.20260831.0.md: glibc-2.26, libstdc++ of gcc 7.3.
- Which symbol versions a libstdc++ has: gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html (gcc 7.2:
  GLIBCXX_3.4.24, CXXABI_1.3.11. Gcc 11: GLIBCXX_3.4.29, CXXABI_1.3.13. Gcc 14: GLIBCXX_3.4.33,
  CXXABI_1.3.15). A libgcc has those up to its gcc (libgcc/config/libgcc-glibc.ver: GCC_7.0.0,
  GCC_12.0.0, GCC_13.0.0, GCC_14.0.0. For aarch64 config/aarch64/libgcc-softfp.ver: GCC_11.0).
- Neither has gcc, and so no libgomp, libatomic, libgfortran, libquadmath (lightgbm, Open3D#4933).
- SQLite, which Lambda's Python has from the system: sqlite-libs-3.40.0 in all of Amazon Linux 2023
  (the same lists, and its release notes), 3.7.17 in Amazon Linux 2 (aws/aws-lambda-base-images#116,
  chroma-core/chroma#1985). What its OpenSSL, expat and zlib call themselves changes with each
  security update: of these nothing is said. 1.1.1 is the least OpenSSL that any of them has
  (urllib3's migration guide), and of no package is known that it wants more.
- Lambda's Python is in /var/lang/lib, which is on LD_LIBRARY_PATH (aws/aws-lambda-base-images).
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..layer.installed import Installed
from ..requirements.tags import AL2, MACHINES
from ..settings.model import Settings
from .cache import Proof

_VERSION = re.compile(r"(GLIBC|GLIBCXX|CXXABI|GCC)_(\d+(?:\.\d+)*)")
_ABI = "GLIBC_ABI_"  # begins names without numbers: DT_RELR is of glibc 2.36, others are newer
_ABI_SINCE = "GLIBC_2.36"
_OF_OTHERS = (".dll", ".dylib", ".exe", ".pyd")  # ends of names, of systems that Lambda is not
_GLIBC = (
    "ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2", "libBrokenLocale.so.1", "libanl.so.1",
    "libc.so.6", "libdl.so.2", "libm.so.6", "libmvec.so.1", "libpthread.so.0", "libresolv.so.2",
    "librt.so.1", "libthread_db.so.1", "libutil.so.1", "linux-vdso.so.1",
)  # fmt: skip
_BOTH = (
    "libacl.so.1", "libattr.so.1", "libaudit.so.1", "libblkid.so.1", "libbz2.so.1",
    "libcap-ng.so.0", "libcap.so.2", "libcom_err.so.2", "libcurl.so.4", "libgcc_s.so.1",
    "libgcrypt.so.20",
    "libgio-2.0.so.0", "libglib-2.0.so.0", "libgmodule-2.0.so.0", "libgmp.so.10",
    "libgobject-2.0.so.0", "libgpg-error.so.0", "libgssapi_krb5.so.2", "libgthread-2.0.so.0",
    "libidn2.so.0", "libk5crypto.so.3", "libkeyutils.so.1", "libkrb5.so.3", "libkrb5support.so.0",
    "liblzma.so.5", "libmount.so.1", "libncurses.so.6", "libncursesw.so.6", "libnghttp2.so.14",
    "libp11-kit.so.0", "libpopt.so.0", "libselinux.so.1", "libsqlite3.so.0", "libstdc++.so.6",
    "libtasn1.so.6", "libtinfo.so.6", "libuuid.so.1", "libverto.so.1", "libxml2.so.2", "libz.so.1",
)  # fmt: skip
_AL2023 = (
    "libarchive.so.13", "libcrypt.so.2", "libcrypto.so.3", "libffi.so.8", "libjson-c.so.5",
    "liblz4.so.1", "libmpfr.so.6", "libpcre2-8.so.0", "libpsl.so.5", "libreadline.so.8",
    "libsepol.so.2", "libsigsegv.so.2", "libsmartcols.so.1", "libssl.so.3", "libunistring.so.2",
    "libyaml-0.so.2", "libzstd.so.1",
)  # fmt: skip
_AL2 = (
    "libcrypt.so.1", "libcrypto.so.10", "libdb-5.3.so", "libelf.so.1", "libexpat.so.1",
    "libffi.so.6", "liblber-2.4.so.2", "libldap-2.4.so.2", "liblua-5.1.so", "libnsl.so.1",
    "libnspr4.so", "libnss3.so", "libnssutil3.so", "libpcre.so.1", "libplc4.so", "libplds4.so",
    "libreadline.so.6", "libsasl2.so.3", "libsepol.so.1", "libsmime3.so", "libssh2.so.1",
    "libssl.so.10", "libssl3.so", "libunistring.so.0",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class System:
    """`versions`: {prefix of symbol versions: the newest that each release has}, as far as the
    numbers go. `later`: the same of releases from `since` on. `sqlite`: its version."""

    name: str
    sqlite: str
    libraries: frozenset[str]
    versions: Mapping[str, tuple[int, ...]]
    later: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    since: str = ""

    def has(self, kind: str, number: tuple[int, ...]) -> bool:
        """In each release?"""
        limit = self.versions[kind]
        return number[: len(limit)] <= limit

    def will_have(self, kind: str, number: tuple[int, ...]) -> bool:
        """In releases that Lambda may have."""
        limit = self.later.get(kind, ())
        return number[: len(limit)] <= limit if limit else self.has(kind, number)

    def newest(self, kind: str) -> str:
        return _dotted(self.later.get(kind) or self.versions[kind])


AMAZON_LINUX_2023 = System(
    name="Amazon Linux 2023",
    sqlite="3.40.0",
    libraries=frozenset([*_GLIBC, *_BOTH, *_AL2023]),
    versions={"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (11,)},
    later={"GLIBCXX": (3, 4, 33), "CXXABI": (1, 3, 15), "GCC": (14,)},
    since="2023.7.20250331",
)
AMAZON_LINUX_2 = System(
    name="Amazon Linux 2",
    sqlite="3.7.17",
    libraries=frozenset([*_GLIBC, *_BOTH, *_AL2]),
    versions={"GLIBC": (2, 26), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7,)},
)


def system(settings: Settings) -> System:
    """Of the layer's runtime."""
    return AMAZON_LINUX_2 if settings.python in AL2 else AMAZON_LINUX_2023


def reported(settings: Settings) -> dict[str, dict[str, str]]:
    """{module: {attribute: what it is in Lambda}}: a machine of its own has it otherwise."""
    return {"_sqlite3": {"sqlite_version": system(settings).sqlite}}


@dataclass(kw_only=True)
class Wants:
    """What the layer's files want and Lambda has not, each a package and a sentence: `errors`, and
    `doubts` about what nobody may need. `missing`: {path: [libraries that are nowhere]}."""

    errors: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[tuple[str, str]] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)


def pickers(tree: Installed) -> set[str]:
    """Those whose wheel is for any platform, and which bring files for several: debugpy."""
    return {
        each.name
        for each in tree.distributions
        if each.pure and any(path.endswith(_OF_OTHERS) for path in each.files)
    }


def wants(settings: Settings, proofs: Mapping[str, Proof], pickers: Collection[str] = ()) -> Wants:
    """Of every shared object and program. What a package brings for several machines it picks
    from at run time. What is for another one is no error then. `pickers`: they pick
    for an older system, too, unless an import has loaded it."""
    here, machine = system(settings), MACHINES[settings.architecture]
    layer, found = _Layer(proofs), Wants()
    for owner, proof in proofs.items():
        picks = any(facts["machine"] == machine for facts in proof.after["elf"].values())
        for path, facts in proof.after["elf"].items():
            foreign = facts["machine"] != machine
            wrong, perhaps = _too_new(facts, here, layer.finds(owner, path))
            if foreign:
                wrong = [f"is for {facts['machine']}, another machine than the layer's"]
            picked = (owner in pickers and not layer.has_loaded(path)) or (foreign and picks)
            listed = found.errors if is_library(path) and not picked else found.doubts
            if facts.get("damaged"):
                found.doubts.append((owner, f"{path} ({owner}) is no ELF file that can be read"))
            listed += [(owner, f"{path} ({owner}) {each}") for each in wrong]
            found.doubts += [
                (owner, f"{path} ({owner}) {each}") for each in perhaps * (not foreign)
            ]
            if missing := _missing(facts, here, layer.may_find(owner, path), settings.python):
                found.missing[path] = missing
                names = ", ".join(missing)
                line = f"{path} ({owner}) needs {names}: Lambda's image has none"
                found.doubts.append((owner, line))
    return found


def is_library(path: str) -> bool:
    """A shared object by its name, versioned ones included. Some can be run, too: libc.so.6."""
    return path.endswith(".so") or ".so." in path


class _Layer:
    """Where the loader finds the layer's own libraries."""

    def __init__(self, proofs: Mapping[str, Proof]) -> None:
        self._files = {path: x for each in proofs.values() for path, x in each.after["elf"].items()}
        self._owned = {name: provided(each.after["elf"]) for name, each in proofs.items()}
        self._all = provided(self._files)
        self._folders = defaultdict[str, set[str]](set)
        for path, facts in self._files.items():
            self._folders[path.rpartition("/")[0]] |= provided({path: facts})
        imports = [paths for each in proofs.values() for paths in each.after["needs"].values()]
        self._beside = defaultdict[str, set[str]](set)
        for paths in imports:
            names = provided({path: self._files[path] for path in paths if path in self._files})
            for path in paths:
                self._beside[path] |= names

    def has_loaded(self, path: str) -> bool:
        """Has an import?"""
        return path in self._beside

    def finds(self, owner: str, path: str) -> set[str]:
        """Names of what lies where it looks, of its own package's, and of what was loaded in the
        same process. A stranger's library is none of these."""
        near = (self._folders.get(each, set()) for each in _run_folders(path, self._files[path]))
        return self._owned[owner].union(self._beside.get(path, ()), *near)

    def may_find(self, owner: str, path: str) -> set[str]:
        """The same, and where no import has loaded it any: a package may load what it needs
        first, when it is called."""
        return self.finds(owner, path) if self.has_loaded(path) else self._all


def _run_folders(path: str, facts: Mapping[str, Any]) -> Iterator[str]:
    """Of the layer, below python/, where the loader looks for what a file needs (ld.so(8))."""
    top = "/opt/python/"
    for each in ":".join(facts.get("run_paths", ())).split(":"):
        place = each.replace("${ORIGIN}", "$ORIGIN").replace(
            "$ORIGIN", top + path.rpartition("/")[0]
        )
        if (folder := posixpath.normpath(place) + "/").startswith(top):
            yield folder.removeprefix(top).rstrip("/")


def provided(files: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Names under which these libraries are found."""
    names = {path.rpartition("/")[2] for path in files}
    return names | {str(facts["soname"]) for facts in files.values()} - {""}


def _missing(
    facts: Mapping[str, Any], here: System, brought: Collection[str], python: str
) -> list[str]:
    """Libraries that neither Lambda nor the layer has."""
    own = (f"libpython{python}.so.1.0", "libpython3.so")
    return [
        name
        for name in (each.rpartition("/")[2] for each in facts["needed"])
        if name not in here.libraries and name not in brought and name not in own
    ]


def _too_new(
    facts: Mapping[str, Any], here: System, brought: Collection[str]
) -> tuple[list[str], list[str]]:
    """`needs glibc 2.36 (Amazon Linux 2023 has 2.34)` of each kind, the newest: certainly, and
    perhaps. What it finds a library of the layer for is no matter."""
    newest: dict[str, tuple[int, ...]] = {}
    for library, names in facts["versions"].items():
        for name in names if library not in brought else ():
            if match := _VERSION.fullmatch(_ABI_SINCE if name.startswith(_ABI) else name):
                number = tuple(map(int, match[2].split(".")))
                newest[match[1]] = max(number, newest.get(match[1], ()))
    wanted = sorted(newest.items())
    wrong = [
        f"needs {_spelled(*each)} ({here.name} has {here.newest(each[0])})"
        for each in wanted
        if not here.will_have(*each)
    ]
    perhaps = [
        f"needs {_spelled(*each)}, which {here.name} has from its release {here.since} on: Lambda "
        "may have an older one"
        for each in wanted
        if here.will_have(*each) and not here.has(*each)
    ]
    return wrong, perhaps


def _spelled(kind: str, number: Iterable[int]) -> str:
    dotted = _dotted(number)
    if kind == "GCC":
        return f"GCC_{dotted} of libgcc"
    return f"glibc {dotted}" if kind == "GLIBC" else f"{kind} {dotted} of libstdc++"


def _dotted(number: Iterable[int]) -> str:
    return ".".join(map(str, number))


def unimportable(
    found: Wants, proofs: Mapping[str, Proof], direct: Mapping[str, Iterable[str]]
) -> dict[str, str]:
    """{direct requirement: why} where what a person imports loads a library that Lambda cannot
    load: here, or in the image, something brings what is missing."""
    errors = {}
    for name, outer in direct.items():
        needs = proofs[name].after["needs"] if name in proofs else {}
        for module in outer:
            for path in needs.get(module, ()):
                for library in found.missing.get(path, ()):
                    errors[name] = f"{library}: cannot open shared object file ({path} needs it)"
    return errors
