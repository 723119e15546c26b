"""docker/inspect_installed.py: what was installed, by distribution, and what its code says."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import sandbox_scripts

SCRIPT = sandbox_scripts.FOLDER / "inspect_installed.py"


@pytest.fixture(scope="module")
def facts() -> ModuleType:
    return sandbox_scripts.load("inspect_installed")


# ---- what code says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("a/b.py", "import botocore.docs.service", "botocore.docs.service"),
        ("a/b.py", "import os, a.tests as t", "a.tests"),
        ("a/b.py", "from a.tests import helper", "a.tests.helper"),
        ("a/b.py", "from . import tests", "a.tests"),
        ("a/__init__.py", "from .tests import (\n    x,\n    y,\n)", "a.tests.y"),
        ("a/b/c.py", "from ..tests.data import x", "a.tests.data"),
        ("a/b.py", "def f():\n    from a import tests", "a.tests"),
        ("a/b.py", "try: from a import tests\nexcept ImportError: pass", "a.tests"),
        ("a/b.py", "load = import_module('a.docs.page')", "a.docs.page"),
        (
            "a/b.py",
            "def f():\n    from a import (  # (old)\n        x,  # see :)\n        tests,\n    )",
            "a.tests",
        ),
        ("a/b.py", "def f():\n    from a import x, \\\n        tests", "a.tests"),
        ("a/b.py", "def f():\n    from a.core \\\n        import tests", "a.core.tests"),
        ("a/b.py", "import os, \\\n    a.tests", "a.tests"),
        ("a/b.py", "import sys; from a.core import x; from a.tests import y", "a.tests.y"),
        ("a/b.py", "from a.core import x; import a.tests", "a.tests"),
        ("a/b.py", "from a import(tests)", "a.tests"),
        ("a/b.py", "from.tests import x", "a.tests.x"),
        ("a/b.py", "from .import tests", "a.tests"),
        ("a/b.py", "from importlib.resources import files\nfiles('tests')", "tests"),
    ],
)
def test_imports_are_seen(facts: ModuleType, path: str, text: str, name: str) -> None:
    """In every form that Python or importlib has."""
    assert name in facts.module_references.module(path, text)[0]


def test_imports_that_never_end_are_read_in_time(facts: ModuleType) -> None:
    """Each is looked at once, whatever it begins with."""
    started = time.process_time()
    for begins in ("from a import (", "from a import \\\n", "import a, \\\n", "from .", "from a "):
        for goes_on in ("# c (\n", "x, ", "\\\n", "#"):
            facts.module_references.module("a.py", (begins + goes_on * 9000) * 2)
    assert time.process_time() - started < 5


def test_words_are_not_imports(facts: ModuleType) -> None:
    """A sentence in a docstring keeps no folder."""
    text = '"""We import nothing from here, see tests."""\nx = "important tests"'
    imports = facts.module_references.module("a/b.py", text)[0]
    assert not {name for name in imports if "tests" in name}


def test_quoted_file_names_are_seen(facts: ModuleType) -> None:
    """Whole names and suffixes, without the words of a sentence."""
    text = """open("README.md"), glob('*.md'), "see README for x.md please" """
    files = facts.module_references.module("a.py", text)[1]
    assert {"README.md", "*.md"} <= set(files)
    assert "x.md" not in files


@pytest.mark.parametrize(
    "text",
    [
        "import x.y",
        "from x import y",
        "if True:\n    import x.y",
        "try:\n    import x.y\nexcept ImportError:\n    pass",
        "class A:\n    from x import y",
        "def f():\n    pass\nimport x.y",
        "def f(): pass\nif f:\n    import x.y",
        "a = 1; import x.y",
        "if (\n    a\n):\n    import x.y",
        "with a(\n    b,\n):\n    from x import y",
    ],
)
def test_what_is_imported_at_once_is_told_apart(facts: ModuleType, text: str) -> None:
    """At a module's top, or in what runs with it."""
    assert "x.y" in facts.module_references.module("a.py", text)[4]


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    import x.y",
        "async def f():\n    from x import y",
        "def f(\n    a,\n    b=(1, 2),\n) -> None:\n    import x.y",
        "def f(a,\n      b):\n    import x.y",
        "def f(\n        a,\n        b):\n    from x import y",
        "class A:\n    def f(\n        self,\n    ):\n        import x.y",
        "class A:\n    async def f(\n        self,\n    ) -> None:\n        from x import y",
        "def f():\n    if a:\n        try:\n            import x.y\n        except E: pass",
        "def f(\n    a,\n):\n    with b(\n        c,\n    ):\n        import x.y",
        "def f():\n    a = 1\n\n    import x.y",
        "def f():\n\timport x.y",
        "if a:\n    def f():\n        import x.y",
    ],
)
def test_what_a_function_imports_is_not_imported_at_once(facts: ModuleType, text: str) -> None:
    """However its signature is laid out; it is an import all the same."""
    imports, _, _, _, first = facts.module_references.module("a.py", text)
    assert "x.y" in imports
    assert first == []


def test_one_import_at_once_is_enough(facts: ModuleType) -> None:
    """Of a name that functions import too."""
    text = "def f():\n    import x\n\nimport x\n\ndef g():\n    import x"
    assert facts.module_references.module("a.py", text)[4] == ["x"]


def test_names_in_strings_are_not_imported_at_once(facts: ModuleType) -> None:
    """Nobody knows when import_module is called."""
    imports, _, _, _, first = facts.module_references.module("a.py", "import_module('x.y')")
    assert (imports, first) == (["x.y"], [])


def test_lazy_modules_are_known(facts: ModuleType) -> None:
    """They read their stubs as they run (lazy_loader)."""
    assert facts.module_references.module("a.py", "lazy.attach_stub(__name__, __file__)")[2]
    assert not facts.module_references.module("a.py", "import x")[2]


def test_only_code_of_running_programs_is_read(facts: ModuleType) -> None:
    """What compiles sources names them, and is no program that runs in Lambda."""
    names = ["b.py", "a.py", "a.pyi", "p/setup.py", "p/conftest.py", "data.json", "p/x.py"]
    assert sorted(filter(facts.is_code, names)) == ["a.py", "b.py", "p/x.py"]


def test_modules_that_say_nothing_are_left_out(facts: ModuleType, tmp_path: Path) -> None:
    """And those in a strange encoding are read as far as they can be."""
    (tmp_path / "empty.py").write_text("X = 1", encoding="utf-8")
    (tmp_path / "latin.py").write_bytes(b"# \xe9\nimport os\n")
    found = facts.read(tmp_path, ["k/empty.py", "k/latin.py"])
    assert [(name, said) for name, _, said in found] == [
        ("k/empty.py", ()),
        ("k/latin.py", (["os"], [], False, [], ["os"])),
    ]


def test_an_index_is_read_where_its_package_has_such_folders(
    facts: ModuleType, tmp_path: Path
) -> None:
    """Of others it is compared with RECORD alone: one package has a hundred megabytes of JSON."""
    (tmp_path / "x.json").write_text('["tests/a.csv"]', encoding="utf-8")
    for indexed, said in (((), ()), ({"k"}, ([], ["tests/a.csv"], False, [], []))):
        [(name, digest, found)] = facts.read(str(tmp_path), ["k/x.json"], indexed)
        assert (name, len(digest), found) == ("k/x.json", 64, said)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("open('a.txt'), open(\"b/c.dat\")", {"a.txt", "b/c.dat"}),
        (" \"no name.txt\" '.md' '*.md' ", {".md", "*.md"}),
        (" 'a.b'c.d'e.f' ", {"a.b", "e.f"}),  # c.d stands between two of them
        ("a.txt' 'b.txt", set()),
        ("'''doc.txt''' f'{x}.json' ", {"doc.txt", "{x}.json"}),
    ],
)
def test_file_names_stand_between_quotes(facts: ModuleType, text: str, names: set[str]) -> None:
    """Whichever quotes: what is seen too much keeps a file too many."""
    assert facts.module_references.quoted(text) == names


# ---- what was installed ---------------------------------------------------------------------


def install(
    work: Path, name: str, files: Mapping[str, str], more: str = "", version: str = "1.0"
) -> str:
    """Lay it as uv does with --target; its dist-info."""
    info = f"{name}-{version}.dist-info"
    named = {f"{info}/METADATA": f"Name: {name}\nVersion: {version}\n\nText\n", **files}
    record = "".join(f"{path},sha256=h,1\n" for path in named) + f"{info}/RECORD,,\n{more}"
    for path, text in {**named, f"{info}/RECORD": record}.items():
        target = work / "python" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return info


def run(work: Path, **keys: str) -> "subprocess.CompletedProcess[str]":
    (work / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
    words = ("python", "apart", "keys.json", "facts.json")
    return subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT, *(work / each for each in words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def read(work: Path, **keys: str) -> Any:
    done = run(work, **keys)
    assert done.returncode == 0, done.stderr
    return json.loads((work / "facts.json").read_text(encoding="utf-8"))


def lying(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )


def test_packages_and_entry_points_are_told(tmp_path: Path) -> None:
    """Small `__init__.py` whole, since another distribution may bring the same; modules that entry
    points name."""
    large = "# " + "x" * 3000
    declares = f"{large}\n__path__ = extend_path(__path__, __name__)\n"
    inits = {"p/__init__.py": "# a", "n/__init__.py": declares}
    info = install(tmp_path, "a", {**inits, "q/__init__.py": large, "r.py": "x"})
    points = "[console_scripts]\nrun = p.main:go [extra]\n[x.y]\nz=q\nnothing\n= :\n"
    (tmp_path / "python" / info / "entry_points.txt").write_text(points)
    found = read(tmp_path, a="k")["k"]
    assert (found["inits"], found["targets"]) == (inits, ["p.main", "q"])


def test_a_wheel_for_any_platform_is_told(tmp_path: Path) -> None:
    """By its tags, as debugpy's has two. One for this platform may call itself pure, too."""
    wheels = {"a": "py2-none-any\nTag: py3-none-any", "b": "py3-none-manylinux_2_28_x86_64"}
    for name, tag in wheels.items():
        folder = tmp_path / "python" / install(tmp_path, name, {f"{name}.py": ""})
        (folder / "WHEEL").write_text(f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
    install(tmp_path, "c", {"c.py": ""})
    found = read(tmp_path, a="a", b="b", c="c")
    assert [found[key]["pure"] for key in "abc"] == [True, False, False]


def test_a_file_without_a_hash_in_record_gets_one(tmp_path: Path) -> None:
    """uv writes such rows. Two that bring one and the same are no conflict then. Where both lie in
    one place, each may be another's."""
    install(tmp_path, "a", {"n/x.json": "1", "n/y.json": "2"}, more="n/x.json,,\nn/y.json,,\n")
    install(tmp_path, "b", {"n/y.json": "2"}, more="n/y.json,,\n")
    found = read(tmp_path, a="k1", b="k2")
    said = "sha256=a4ayc_80_OGda4BO_1o_V0etpOqiLx1JwB5S3beHW0s"  # of b"1"
    assert found["k1"]["hashes"]["n/x.json"] == said
    assert {found[key]["hashes"]["n/y.json"] for key in ("k1", "k2")} == {""}


def test_each_distribution_moves_to_its_key(tmp_path: Path) -> None:
    """With its facts; the installer finds nothing that would be in its way."""
    info = install(tmp_path, "My_Pkg", {"p/a.py": "import q\n", "p/data.txt": "abc"})
    install(tmp_path, "other", {"q.py": ""})
    found = read(tmp_path, **{"my-pkg": "k1", "other": "k2"})
    assert set(found) == {"k1", "k2"}
    one = found["k1"]
    assert (one["name"], one["version"], one["folder"]) == ("my-pkg", "1.0", info)
    assert lying(tmp_path / "apart/k1") == sorted(one["files"])
    assert sorted(one["files"]) == [f"{info}/METADATA", f"{info}/RECORD", "p/a.py", "p/data.txt"]
    assert one["files"]["p/data.txt"] == [3, 0]
    assert one["hashes"]["p/a.py"] == "sha256=h"
    assert one["hashes"][f"{info}/RECORD"] == ""
    assert one["texts"]["METADATA"].startswith("Name: My_Pkg")
    assert one["texts"]["RECORD"] == (tmp_path / "apart/k1" / info / "RECORD").read_text()
    assert one["modules"] == {"p/a.py": [["q"], [], False, [], ["q"]]}
    assert found["k2"]["modules"] == {}
    assert not (tmp_path / "python").exists()


@pytest.mark.parametrize("name", ["other", "{root}/victim", "../victim", "..", "."])
def test_a_distribution_nobody_asked_for_is_refused(tmp_path: Path, name: str) -> None:
    """A wheel can hold the metadata of another, whose name is any text: nothing is moved by it."""
    victim = tmp_path / "victim/q.py"
    victim.parent.mkdir()
    victim.write_text("mine", encoding="utf-8")
    install(tmp_path, "asked", {"a.py": ""})
    info = install(tmp_path, "other", {"q.py": "theirs"})
    metadata = f"Name: {name.format(root=tmp_path)}\n"
    (tmp_path / "python" / info / "METADATA").write_text(metadata, encoding="utf-8")
    found = read(tmp_path, asked="k1")
    assert found[info]["refused"] == {info: "is of a distribution nobody asked for"}
    assert found[info]["files"] == {}
    assert victim.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in (tmp_path / "apart").iterdir()] == ["k1"]


def test_many_modules_are_all_read(tmp_path: Path) -> None:
    """By several processes; as one alone would."""
    files = {f"p/m{n}.py": f"import x{n}\n" for n in range(150)}
    install(tmp_path, "p", files)
    modules = read(tmp_path, p="p")["p"]["modules"]
    assert modules == {f"p/m{n}.py": [[f"x{n}"], [], False, [], [f"x{n}"]] for n in range(150)}


def test_the_same_name_twice_is_an_error(tmp_path: Path) -> None:
    """Two versions over each other are neither."""
    install(tmp_path, "a-b", {"a.py": ""})
    install(tmp_path, "A_B", {"a.py": ""}, version="2.0")
    done = run(tmp_path, **{"a-b": "k"})
    assert done.returncode != 0
    assert "a-b was installed twice" in done.stderr


def test_a_file_of_two_distributions_goes_to_both(tmp_path: Path) -> None:
    """Namespace packages of old share an __init__.py."""
    install(tmp_path, "one", {"n/__init__.py": "", "n/a.py": ""})
    install(tmp_path, "two", {"n/__init__.py": "", "n/b.py": ""})
    found = read(tmp_path, one="one", two="two")
    for key, own in (("one", "n/a.py"), ("two", "n/b.py")):
        assert {"n/__init__.py", own} <= set(found[key]["files"])
        assert "n/__init__.py" in lying(tmp_path / "apart" / key)


def test_scripts_and_programs(tmp_path: Path) -> None:
    """RECORD names bin/ from where site-packages would be. A program is no script of Python's."""
    files = {
        "bin/script": "#!/x/bin/python3\n",
        "bin/shell": "#!/bin/sh\n",
        "bin/program": "\x7fELF",
    }
    info = install(tmp_path, "p", {})
    for name, text in files.items():
        path = tmp_path / "python" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    with (tmp_path / "python" / info / "RECORD").open("a", encoding="utf-8") as record:
        record.write("../../bin/script,sha256=s,1\n../../bin/program,sha256=t,1\n")
        record.write("../../bin/shell,sha256=u,1\n")
    one = read(tmp_path, p="p")["p"]
    assert one["files"]["bin/script"][1] == one["files"]["bin/program"][1] == 1
    assert one["programs"] == ["bin/program", "bin/shell"]
    assert one["hashes"]["bin/script"] == "sha256=s"


def test_programs_are_compared_too(tmp_path: Path) -> None:
    """Compiled ones as they are; scripts without what the installer writes, be that one line or
    three; what it makes of an entry point is its own."""
    rest = " \"$0\" \"$@\"\n' '''\n"
    trampoline = f"#!/bin/sh\n'''exec' '/a long/python3.12'{rest}"
    coded = f"#!/bin/sh\n# coding: utf8\n'''exec' \"$(printf %b '\\'0057 '\\'0142)\"{rest}"
    evil = f"#!/bin/sh\n'''exec' sh -c evil python3{rest}body"
    files = {
        "bin/program": "\x7fELF", "bin/shell": "#!/bin/sh\necho python\n",
        "bin/script": "#!/x/bin/python3\nbody", "bin/far": f"{trampoline}body",
        "bin/coded": f"{coded}body", "bin/evil": evil,
        "bin/made": "#!/x/bin/python3\nimport p", "bin/odd": "#!/usr/bin/env -S evil python\nx",
        "bin/late": "body\n#!/x/bin/python3\n", "bin/code.py": "#!/x/bin/python3\nimport a.b",
    }  # fmt: skip
    record = "".join(f"../../{name},sha256=h,1\n" for name in files)
    install(tmp_path, "p", {}, record)
    for name, text in {**files, "p-1.0.dist-info/entry_points.txt": POINTS}.items():
        path = tmp_path / "python" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    one = read(tmp_path, p="p")["p"]
    named = {name: digest for name, digest in one["contents"].items() if name[:4] == "bin/"}
    bodies = dict.fromkeys(("bin/script", "bin/far", "bin/coded"), "body")
    bodies["bin/code.py"] = "import a.b"
    behind = {f"{name} behind its first line": body for name, body in bodies.items()}
    others = ("bin/program", "bin/shell", "bin/odd", "bin/late", "bin/evil")
    whole = {name: files[name] for name in others}
    hashes = {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in (behind | whole).items()
    }
    assert named == hashes
    assert set(whole) <= set(one["altered"])  # RECORD says h of each
    assert list(one["modules"]) == ["bin/code.py"]
    assert "scripts" not in one


POINTS = (
    "[x]\nprogram = p:go\n[console_scripts]\nmade = p:go [extra]\n\n[gui_scripts]\nother=p:go\n"
)


def test_what_record_names_and_is_not_there_is_no_file(tmp_path: Path) -> None:
    """Bytecode of pip's, for example; names with commas are quoted."""
    more = 'p/__pycache__/a.pyc,,\n"p/a,b.txt",sha256=h,1\n'
    install(tmp_path, "p", {"p/a.py": ""}, more)
    (tmp_path / "python/p/a,b.txt").write_text("x", encoding="utf-8")
    one = read(tmp_path, p="p")["p"]
    assert "p/a,b.txt" in one["files"]
    assert "p/__pycache__/a.pyc" not in one["files"]


def test_links_lead_to_files_or_are_named(tmp_path: Path) -> None:
    """A zip for Lambda has none: inside they become the file, outside they are a fact."""
    install(tmp_path, "p", {"p/real.txt": "abc"}, "p/in.txt,,\np/out.txt,,\np/dead.py,,\n")
    outside = tmp_path / "secret.txt"
    outside.write_text("", encoding="utf-8")
    for name, goal in (("in.txt", "real.txt"), ("out.txt", str(outside)), ("dead.py", "gone.py")):
        (tmp_path / "python/p" / name).symlink_to(goal)
    one = read(tmp_path, p="p")["p"]
    assert one["links"] == {"p/out.txt": str(outside), "p/dead.py": "gone.py"}
    assert not (tmp_path / "apart/p/p/in.txt").is_symlink()
    assert one["files"]["p/in.txt"] == [3, 0]
    assert {"p/out.txt", "p/dead.py"} <= set(one["files"])


def test_metadata_may_be_missing(tmp_path: Path) -> None:
    """Then the folder's name has to do; bytes that are no UTF-8 survive."""
    info = tmp_path / "python/Some.Thing-3.dist-info"
    info.mkdir(parents=True)
    name = f"{info.name}/RECORD"
    (info / "RECORD").write_bytes(f"{name},,\nx\xff.txt,,\n".encode("latin-1"))
    one = read(tmp_path, **{"some-thing": "k"})["k"]
    assert (one["version"], list(one["files"])) == ("", [name])
    assert one["texts"]["RECORD"].encode(errors="surrogateescape") == (
        f"{name},,\nx\xff.txt,,\n".encode("latin-1")
    )


def strange(root: Path, name: str) -> dict[str, str]:
    """What is refused of a distribution whose RECORD names this, too."""
    info = install(root, "other", {"q.py": ""})
    with (root / "python" / info / "RECORD").open("a", encoding="utf-8") as record:
        record.write(f"{name},,\n")
    refused: dict[str, str] = read(root, other="other")["other"]["refused"]
    assert lying(root / "apart/other") == [f"{info}/METADATA", f"{info}/RECORD", "q.py"]
    return refused


@pytest.mark.parametrize("name", ["p/../../precious", "{root}/precious", "p/.."])
def test_what_record_names_outside_is_not_touched(tmp_path: Path, name: str) -> None:
    """Neither moved, nor read, nor removed."""
    (tmp_path / "precious").write_text("mine", encoding="utf-8")
    (tmp_path / "python/p").mkdir(parents=True)
    name = name.format(root=tmp_path)
    assert strange(tmp_path, name) == {name: "leads out of the layer"}
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "precious").stat().st_nlink == 1


def test_what_lies_behind_a_link_is_refused(tmp_path: Path) -> None:
    """A folder that is none of the tree's."""
    (tmp_path / "python").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/precious").write_text("mine", encoding="utf-8")
    (tmp_path / "python/p").symlink_to(tmp_path / "elsewhere")
    assert "behind a link" in strange(tmp_path, "p/precious")["p/precious"]


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6700])
def test_a_program_that_would_run_as_somebody_else_is_refused(tmp_path: Path, mode: int) -> None:
    """Lambda has no other users; whoever packs one has something else in mind."""
    (tmp_path / "python").mkdir()
    (tmp_path / "python/run").write_text("", encoding="utf-8")
    (tmp_path / "python/run").chmod(mode)
    assert "another user" in strange(tmp_path, "run")["run"]


@pytest.mark.parametrize(
    ("name", "most"), [("other-1.0.dist-info/entry_points.txt", 16), ("huge.py", 64)]
)
def test_what_is_too_large_to_be_read_is_refused(tmp_path: Path, name: str, most: int) -> None:
    """Metadata and modules are read as a whole: half a gigabyte of these took six of memory."""
    (tmp_path / "python").mkdir()
    info = install(tmp_path, "other", {"q.py": ""})
    path = tmp_path / "python" / name.replace("other-1.0.dist-info", info)
    path.touch()
    os.truncate(path, (most << 20) + 1)
    with (tmp_path / "python" / info / "RECORD").open("a", encoding="utf-8") as record:
        record.write(f"{path.name},,\n" if path.name == "huge.py" else "")
    [(told, why)] = read(tmp_path, other="other")["other"]["refused"].items()
    assert told == str(path.relative_to(tmp_path / "python"))
    assert why == f"is larger than {most} MB, and so no text that anybody wrote"


def test_a_text_that_nobody_wrote_is_read_once(tmp_path: Path) -> None:
    """Each took hours where a pattern began anew at every word of it."""
    texts = ("from" + " " * 500_000, "from ." + "." * 500_000, '"' + "tests/" * 100_000)
    (tmp_path / "python").mkdir()
    install(tmp_path, "other", {f"q{number}.py": text for number, text in enumerate(texts)})
    assert "refused" not in read(tmp_path, other="other")["other"]


def test_a_module_that_takes_too_long_is_refused(
    facts: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not passed over: what it names could be pruned."""

    def read_one(path: str, text: str) -> tuple[str]:
        while path == "slow.py":
            pass
        return (text,)

    for name in ("slow.py", "next.py"):
        (tmp_path / name).write_text("import a\n")
    monkeypatch.setattr(facts, "PATIENCE", 0.05)
    monkeypatch.setattr(facts.module_references, "module", read_one)
    before = signal.getsignal(signal.SIGVTALRM)
    try:
        heard = facts.read(str(tmp_path), ["key/slow.py", "key/next.py"])
    finally:
        signal.signal(signal.SIGVTALRM, before)
    digest = hashlib.sha256(b"import a\n").hexdigest()
    assert heard == [("key/slow.py", digest, None), ("key/next.py", digest, ("import a\n",))]
    found: dict[str, Any] = {"key": {"modules": {}, "contents": {}}}
    facts.take_in(found, "read", heard)
    assert found["key"]["contents"] == dict.fromkeys(["slow.py", "next.py"], digest)
    assert found["key"]["modules"] == {"next.py": ("import a\n",)}
    assert "no module that anybody wrote" in found["key"]["refused"]["slow.py"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Pipes, as devices and sockets."""
    (tmp_path / "python").mkdir()
    os.mkfifo(tmp_path / "python/pipe")
    assert strange(tmp_path, "pipe") == {"pipe": "is a device, pipe or socket"}
