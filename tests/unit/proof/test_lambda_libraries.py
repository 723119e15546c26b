"""tasks/proof/lambda_libraries.py: one table decides, whatever machine proves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks.layer.installed import Installed
from tasks.proof import lambda_libraries
from tasks.proof.cache import Proof
from tasks.settings.model import Settings
from tests import sandbox_scripts, stored_parts
from tests.elves import ARM, elf
from tests.unit.proof.test_verdict import answer

SETTINGS = Settings(python="3.12")


@pytest.mark.parametrize(("python", "version"), [("3.11", "3.7.17"), ("3.12", "3.40.0")])
def test_sqlite_is_that_of_lambdas_system(python: str, version: str) -> None:
    """A machine of its own has another one; an image has Lambda's, or what it was made with."""
    reported = {"_sqlite3": {"sqlite_version": version}}
    assert lambda_libraries.reported(Settings(python=python)) == reported


def proven(tmp_path: Path, files: Mapping[str, bytes], **more: Any) -> dict[str, Proof]:
    """One distribution of these ELF files, as the probe read them."""
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found = sandbox_scripts.load("elf").read_all(str(tmp_path), list(files))
    return {"pkg": Proof(after=answer(elf=found, **more))}


def wants(
    tmp_path: Path, files: Mapping[str, bytes], *, picks: bool = False,
    needs: Mapping[str, list[str]] = {}, **settings: Any,
) -> lambda_libraries.Wants:  # fmt: skip
    changed = Settings(**{"python": "3.12", **settings})
    return lambda_libraries.wants(
        changed, proven(tmp_path, files, needs=needs), {"pkg"} if picks else ()
    )


@pytest.mark.parametrize(
    ("library", "versions", "python", "words"),
    [
        ("libc.so.6", ["GLIBC_2.2.5", "GLIBC_2.34"], "3.12", ""),
        ("libc.so.6", ["GLIBC_2.36", "GLIBC_2.9"], "3.12", "glibc 2.36 (Amazon Linux 2023"),
        ("libm.so.6", ["GLIBC_2.29"], "3.12", ""),
        ("libm.so.6", ["GLIBC_2.29"], "3.11", "glibc 2.29 (Amazon Linux 2 has 2.26"),
        ("libstdc++.so.6", ["GLIBCXX_3.4.29", "CXXABI_1.3.13"], "3.12", ""),
        ("libstdc++.so.6", ["GLIBCXX_3.4.34"], "3.12",
         "GLIBCXX 3.4.34 of libstdc++ (Amazon Linux 2023 has 3.4.33"),
        ("libstdc++.so.6", ["CXXABI_1.3.16"], "3.13", "CXXABI 1.3.16 of libstdc++"),
        ("libstdc++.so.6", ["GLIBCXX_3.4.25"], "3.10", "GLIBCXX 3.4.25 of libstdc++"),
        ("libgcc_s.so.1", ["GCC_3.0", "GCC_7.0.0"], "3.12", ""),
        ("libgcc_s.so.1", ["GCC_11.0"], "3.12", ""),  # aarch64's own name
        ("libgcc_s.so.1", ["GCC_15.0.0"], "3.12", "GCC_15.0.0 of libgcc (Amazon Linux 2023 has 14"),
        ("libgcc_s.so.1", ["GCC_7.0.0"], "3.11", ""),
        ("libgcc_s.so.1", ["GCC_12.0.0"], "3.11", "GCC_12.0.0 of libgcc (Amazon Linux 2 has 7)"),
        ("libc.so.6", ["GLIBC_ABI_DT_RELR"], "3.12", "glibc 2.36 (Amazon Linux 2023"),
        ("libc.so.6", ["GLIBC_PRIVATE"], "3.12", ""),
    ],
)  # fmt: skip
def test_symbol_versions_that_are_too_new(
    tmp_path: Path, library: str, versions: list[str], python: str, words: str
) -> None:
    """Of glibc and libstdc++, per runtime; numbers, not texts."""
    content = elf(library, versions={library: versions})
    found = wants(tmp_path, {"pkg/x.so": content}, python=python)
    assert (words in str(found.errors)) if words else found.errors == []
    assert len(found.errors) == bool(words)
    assert found.doubts == []


@pytest.mark.parametrize(
    ("library", "version", "spelled"),
    [
        ("libstdc++.so.6", "GLIBCXX_3.4.30", "GLIBCXX 3.4.30 of libstdc++"),  # duckdb-node-neo#302
        ("libstdc++.so.6", "GLIBCXX_3.4.33", "GLIBCXX 3.4.33 of libstdc++"),
        ("libstdc++.so.6", "CXXABI_1.3.14", "CXXABI 1.3.14 of libstdc++"),
        ("libstdc++.so.6", "CXXABI_1.3.15", "CXXABI 1.3.15 of libstdc++"),
        ("libgcc_s.so.1", "GCC_12.0.0", "GCC_12.0.0 of libgcc"),
        ("libgcc_s.so.1", "GCC_14.0.0", "GCC_14.0.0 of libgcc"),
    ],
)
def test_what_only_newer_images_have_is_a_warning(
    tmp_path: Path, library: str, version: str, spelled: str
) -> None:
    """A function that was compiled in the newest one met an older Lambda
    (amazonlinux/container-images#132)."""
    found = wants(tmp_path, {"pkg/x.so": elf(library, versions={library: [version]})})
    assert found.errors == []
    [(_, line)] = found.doubts
    assert line == (
        f"pkg/x.so (pkg) needs {spelled}, which Amazon Linux 2023 has from its release "
        "2023.7.20250331 on: Lambda may have an older one"
    )


def test_what_is_newer_is_an_error_beside_it(tmp_path: Path) -> None:
    """Of one file: each library by itself."""
    versions = {"libc.so.6": ["GLIBC_2.38"], "libstdc++.so.6": ["GLIBCXX_3.4.31"]}
    found = wants(tmp_path, {"pkg/x.so": elf(*versions, versions=versions)})
    assert [line for _, line in found.errors] == [
        "pkg/x.so (pkg) needs glibc 2.38 (Amazon Linux 2023 has 2.34)"
    ]
    assert "GLIBCXX 3.4.31" in found.doubts[0][1]


def test_a_library_that_the_layer_brings_counts_for_itself(tmp_path: Path) -> None:
    """Its own libstdc++ may be as new as it likes."""
    files = {
        "pkg/x.so": elf("libstdc++.so.6", versions={"libstdc++.so.6": ["GLIBCXX_3.4.33"]}),
        "pkg.libs/libstdc++.so.6": elf("libc.so.6", soname="libstdc++.so.6"),
    }
    assert wants(tmp_path, files).errors == []


NEW = elf("libstdc++.so.6", versions={"libstdc++.so.6": ["GLIBCXX_3.4.34"]})
STDCXX = elf("libc.so.6", soname="libstdc++.so.6")


def of_two(
    tmp_path: Path, one: Mapping[str, bytes], other: Mapping[str, bytes], **needs: list[str]
) -> lambda_libraries.Wants:
    """Distributions, and what their imports load."""
    first = proven(tmp_path, one, needs=needs)["pkg"]
    found = {"pkg": first, "other": proven(tmp_path, other)["pkg"]}
    return lambda_libraries.wants(SETTINGS, found)


def test_a_strangers_library_is_not_found(tmp_path: Path) -> None:
    """The loader looks in folders, and by what is in the process: not in the whole layer."""
    found = of_two(tmp_path, {"a/x.so": NEW}, {"other/vendor/libstdc++.so.6": STDCXX})
    assert [line for _, line in found.errors] == [
        "a/x.so (pkg) needs GLIBCXX 3.4.34 of libstdc++ (Amazon Linux 2023 has 3.4.33)"
    ]
    user = elf("libgomp.so.1")
    found = of_two(tmp_path, {"a/y.so": user}, {"other/libgomp.so.1": elf()}, a=["a/y.so"])
    assert found.missing == {"a/y.so": ["libgomp.so.1"]}


@pytest.mark.parametrize("path", ["$ORIGIN/../../other/lib", "/opt/lib:${ORIGIN}/../../other/lib/"])
def test_a_library_of_another_package_is_found_by_a_run_path(tmp_path: Path, path: str) -> None:
    """As torch finds those of nvidia-…."""
    versions = {"libstdc++.so.6": ["GLIBCXX_3.4.34"]}
    content = elf("libstdc++.so.6", "libcublas.so.12", versions=versions, run_path=path)
    other = {"other/lib/libstdc++.so.6": STDCXX, "other/lib/libcublas.so.12": elf()}
    found = of_two(tmp_path, {"a/lib/x.so": content}, other, a=["a/lib/x.so"])
    assert (found.errors, found.missing) == ([], {})


def test_a_library_that_was_loaded_before_is_found(tmp_path: Path) -> None:
    """Packages load some by their paths, and others then find them by their names."""
    path = "other/libstdc++.so.6"
    assert of_two(tmp_path, {"a/x.so": NEW}, {path: STDCXX}, a=["a/x.so", path]).errors == []


@pytest.mark.parametrize("missing", ["libgomp.so.1", "libatomic.so.1", "libGL.so.1", "libpq.so.5"])
def test_libraries_that_lambda_has_not(tmp_path: Path, missing: str) -> None:
    """Named with who needs them; no error while nobody is known to import it."""
    found = wants(tmp_path, {"pkg/x.so": elf("libc.so.6", missing)})
    assert found.errors == []
    assert found.doubts == [("pkg", f"pkg/x.so (pkg) needs {missing}: Lambda's image has none")]


@pytest.mark.parametrize(
    "name",
    ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libgcc_s.so.1",
     "libstdc++.so.6", "libz.so.1", "ld-linux-x86-64.so.2", "libpython3.12.so.1.0"],
)  # fmt: skip
def test_what_every_wheel_may_rest_on_is_there(tmp_path: Path, name: str) -> None:
    """The policy of manylinux (PEP 600) names most of these."""
    assert wants(tmp_path, {"pkg/x.so": elf(name)}).doubts == []


def test_libraries_of_the_layer_are_found_by_either_name(tmp_path: Path) -> None:
    """Its file's, or the one that it gives itself; with a folder in front, too."""
    files = {
        "pkg/x.so": elf("libhelp-1a2b.so.1", "libother.so.2", "@rpath/libthird.so"),
        "pkg.libs/libhelp-1a2b.so.1": elf(),
        "more/file.so.2.1": elf(soname="libother.so.2"),
        "more/libthird.so": elf(),
    }
    assert wants(tmp_path, files).missing == {}


def test_a_program_is_a_doubt(tmp_path: Path) -> None:
    """Nothing imports it: playwright's node, for example."""
    versions = {"libc.so.6": ["GLIBC_2.38"]}
    content = elf("libatomic.so.1", "libc.so.6", program=True, versions=versions)
    found = wants(tmp_path, {"pkg/node": content})
    assert found.errors == []
    assert sorted(line for _, line in found.doubts) == [
        "pkg/node (pkg) needs glibc 2.38 (Amazon Linux 2023 has 2.34)",
        "pkg/node (pkg) needs libatomic.so.1: Lambda's image has none",
    ]


@pytest.mark.parametrize("soname", ["", "libQt6Core.so.6"])
def test_a_library_that_can_be_run_is_a_library(tmp_path: Path, soname: str) -> None:
    """Qt's, and glibc's own: they say their versions then."""
    content = elf(program=True, soname=soname, versions={"libc.so.6": ["GLIBC_2.38"]})
    [(_, line)] = wants(tmp_path, {"pkg/libQt6Core.so.6": content}).errors
    assert "glibc 2.38" in line


def test_a_wheel_for_any_platform_picks_at_run_time(tmp_path: Path) -> None:
    """debugpy's attach_linux_amd64.so, which gdb loads, in a layer for arm64 or an older Python.
    What an import has loaded it does need."""
    content = elf(versions={"libc.so.6": ["GLIBC_2.34"]})
    files = {"pkg/attach_linux_amd64.so": content}
    others: list[dict[str, Any]] = [{"architecture": "arm64"}, {"python": "3.11"}]
    for more in others:
        found = wants(tmp_path, files, picks=True, **more)
        assert found.errors == []
        assert len(found.doubts) == 1
        assert wants(tmp_path, files, **more).errors == found.doubts
    loaded = wants(tmp_path, files, picks=True, needs={"pkg": [*files]}, python="3.11")
    assert len(loaded.errors) == 1


@pytest.mark.parametrize(
    ("pure", "other", "picks"),
    [(True, "attach_amd64.dll", True), (True, "attach.py", False), (False, "x.dll", False)],
)
def test_what_picks_has_files_of_several_systems(*, pure: bool, other: str, picks: bool) -> None:
    """A library alone in a wheel for any platform is a wheel with a wrong tag."""
    files = {"pkg/attach_linux_amd64.so": b"", f"pkg/{other}": b""}
    tree = Installed((stored_parts.distribution("debugpy", files, pure=pure),))
    assert lambda_libraries.pickers(tree) == ({"debugpy"} if picks else set())


def test_a_library_by_another_name_is_a_doubt(tmp_path: Path) -> None:
    """What Python does not load: Node's modules, which nothing may call."""
    found = wants(tmp_path, {"pkg/x.node": elf(versions={"libc.so.6": ["GLIBC_2.38"]})})
    assert found.errors == []
    [(_, line)] = found.doubts
    assert line.startswith("pkg/x.node (pkg) needs glibc 2.38")


def test_another_machines_library_is_an_error(tmp_path: Path) -> None:
    """And what it needs there is no matter."""
    found = wants(tmp_path, {"pkg/x.so": elf(machine=ARM)})
    assert found.errors == [
        ("pkg", "pkg/x.so (pkg) is for aarch64, another machine than the layer's")
    ]
    assert wants(tmp_path, {"pkg/x.so": elf(machine=ARM)}, architecture="arm64").errors == []


def test_of_several_machines_libraries_a_package_picks_its_own(tmp_path: Path) -> None:
    """PuLP's cbc for i386, debugpy's attach_linux_x86.so."""
    files = {"pkg/linux/64/x.so": elf(), "pkg/linux/arm/x.so": elf(machine=ARM)}
    found = wants(tmp_path, files)
    assert found.errors == []
    line = "pkg/linux/arm/x.so (pkg) is for aarch64, another machine than the layer's"
    assert found.doubts == [("pkg", line)]


def test_what_people_import_must_load_there(tmp_path: Path) -> None:
    """Though it loads here: an import that loaded the library, and one that did not."""
    found = proven(
        tmp_path,
        {"pkg/x.so": elf("libgomp.so.1"), "pkg/y.so": elf("libgone.so")},
        needs={"pkg": ["pkg/x.so"]},
    )
    missing = lambda_libraries.wants(SETTINGS, found)
    assert lambda_libraries.unimportable(missing, found, {"pkg": ["pkg"]}) == {
        "pkg": "libgomp.so.1: cannot open shared object file (pkg/x.so needs it)"
    }
    assert lambda_libraries.unimportable(missing, found, {"pkg": ["other"], "no": ["no"]}) == {}
