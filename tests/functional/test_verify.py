"""verify: what is proven, what broke, and whose fault it is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.layer import builder
from tasks.layer.builder import LayerBuilder
from tasks.layer.installed import Installed
from tasks.proof import verdict
from tasks.settings import paths, records
from tasks.settings.model import Settings
from tasks.settings.step_records import VerifyRecord
from tasks.steps import sbom, verify
from tasks.util import files as file_tools
from tasks.util.errors import VerifyError
from tests import handmade_layers
from tests.handmade_layers import build, lay, metadata, pack, refused


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return handmade_layers.project(tmp_path, monkeypatch)


# ---- what works ---------------------------------------------------------------------------------


def test_a_good_layer_is_proven(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """Every module imported, every distribution asked, nothing compiled anew."""
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": "from pkg import b", "pkg/b.py": "x = 1"})
    record = build(settings)
    assert (record.modules, record.distributions, record.libraries) == (3, 1, 0)
    assert record.compiled_anew == 0
    assert record.sha256 == file_tools.file_digest(paths.layer_zip(settings))
    assert set(record.packages) == {"pkg"}
    assert record.packages["pkg"] == record.unzipped
    assert record == records.read(settings, VerifyRecord)


def test_the_target_of_an_entry_point_is_imported(settings: Settings) -> None:
    """Where a rule would take it for a test (networkx names such a backend), and what it needs is
    gone. Nothing else imports it."""
    files = {
        "pkg/__init__.py": "",
        "pkg/tests/__init__.py": "",
        "pkg/tests/test_x.py": "import unittest\n",
        "pkg/tests/backend.py": "open(__file__.rpartition('/')[0] + '/y' + '.csv').close()\n",
        "pkg/tests/y.csv": "x",
        "pkg-1.0.dist-info/entry_points.txt": "[pkg.backends]\nloop = pkg.tests.backend:Loop\n",
    }
    lay(settings, files)
    assert build(settings).modules == 4
    error = refused(replace(settings, drop=("pkg/tests/y.csv",)))
    assert "pkg.tests.backend" in error.problem


def test_what_was_proven_is_not_proven_again(settings: Settings) -> None:
    """The proof is kept with everything that it rests on: no sandbox is asked for."""
    lay(settings, {"pkg/__init__.py": "", "pkg/extra.py": "import not_installed_anywhere"})
    first = build(settings)

    def none() -> LayerBuilder:
        raise AssertionError

    assert verify.run(settings, none) == first


def test_modules_that_never_imported_do_not_count(settings: Settings) -> None:
    """They want packages that nobody asked for."""
    lay(settings, {"pkg/__init__.py": "", "pkg/extra.py": "import not_installed_anywhere"})
    record = build(settings)
    assert (record.modules, record.modules_that_never_imported) == (1, 1)


def test_credentials_and_an_import_that_fails_are_said_together(settings: Settings) -> None:
    """Each with its way out."""
    lay(settings, {"pkg/__init__.py": "import absent", "pkg/.netrc": "login me"})
    found = refused(settings)
    assert "what looks like credentials:" in found.problem
    assert "pkg: ModuleNotFoundError: No module named 'absent'" in found.problem
    assert "\n→ add the missing package" in found.fix


def test_a_second_module_that_fails_is_a_warning_until_the_app_imports_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named with its error; what the proof said stands, and the app alone decides."""
    lay(settings, {"pkg/__init__.py": "", "clr.py": "{}.attribute"})
    lines = handmade_layers.listen(monkeypatch)
    assert build(settings).fail == ["clr"]
    error = "AttributeError: 'dict' object has no attribute 'attribute'"
    assert f"warning: `import clr` fails, and did before pruning (pkg): {error}" in lines
    assert "1 module not imported before pruning either" in "\n".join(lines)
    assert not verify.imported_in_vain(settings)
    Path("app.py").write_text("import clr", encoding="utf-8")
    assert verify.imported_in_vain(settings)
    found = refused(settings)
    assert f"clr of pkg: {error}" in found.problem


def test_a_module_that_the_app_imports_has_to_import(settings: Settings) -> None:
    """Also one inside a package, as starlette's testclient or PIL's ImageTk. What wants the
    function's own modules is not known to fail."""
    lay(settings, {
        "pkg/__init__.py": "", "pkg/testclient.py": "import not_installed_anywhere",
        "pkg/of_chalice.py": "import chalice", "pkg/of_app.py": "import chalicelib.x",
    })  # fmt: skip
    assert build(settings).modules_that_never_imported == 3
    Path("app.py").write_text("import chalice\nfrom pkg import of_chalice, of_app")
    assert not verify.imported_in_vain(settings)
    build(settings)
    Path("app.py").write_text("import chalice\nfrom pkg import testclient")
    assert verify.imported_in_vain(settings)
    found = refused(settings)
    assert "pkg.testclient of pkg: ModuleNotFoundError: No module named" in found.problem
    Path("app.py").write_text("try:\n    from pkg import testclient\nexcept ImportError:\n    pass")
    build(settings)


def test_what_the_app_sets_up_before_is_tested_once(settings: Settings) -> None:
    """Django's modules, say: a warning, and no reason to test the layer in each run."""
    said = "raise RuntimeError('Working outside of application context.')"
    lay(settings, {"pkg/__init__.py": "", "pkg/views.py": said})
    Path("app.py").write_text("import pkg.views\n")
    build(settings)
    assert not verify.imported_in_vain(settings)


def test_an_attribute_of_the_name_of_a_broken_module_is_what_the_app_imports(
    settings: Settings,
) -> None:
    """As packages do without an optional module. `import pkg.extra` wants the module itself."""
    lay(settings, {
        "pkg/__init__.py": "try:\n    from .extra import extra\nexcept ImportError:\n"
        "    extra = None\n",
        "pkg/extra.py": "import not_installed_anywhere\nextra = 1\n",
    })  # fmt: skip
    Path("app.py").write_text("from pkg import extra\n")
    assert build(settings).attributes == ["pkg.extra"]
    assert not verify.imported_in_vain(settings)
    Path("app.py").write_text("import pkg.extra\n")
    assert verify.imported_in_vain(settings)
    assert "pkg.extra of pkg: ModuleNotFoundError" in refused(settings).problem


def test_metadata_that_came_broken_is_no_fault_of_pruning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its package works; who asks for it fails as before. The bill is written."""
    content = b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\nSummary: J\xf6rg\n"
    lay(settings, {"pkg/__init__.py": "", "pkg-1.0.dist-info/METADATA": content})
    lines = handmade_layers.listen(monkeypatch)
    build(settings)
    warned = "warning: importlib.metadata fails on it, and did before pruning: pkg: "
    assert [line for line in lines if line.startswith(f"{warned}UnicodeDecodeError")]
    assert sbom.run(settings).components == 1


def test_a_module_that_ends_the_process_costs_only_itself(settings: Settings) -> None:
    """The next worker goes on behind it."""
    lay(settings, {
        "pkg/__init__.py": "", "pkg/a.py": "import os; os._exit(3)", "pkg/b.py": "",
        "pkg/c.py": "raise SystemExit", "pkg/d.py": "print('noise')",
    })  # fmt: skip
    record = build(settings)
    assert (record.modules, record.modules_that_never_imported) == (3, 2)


# ---- what broke ---------------------------------------------------------------------------------


def test_a_rule_that_took_a_module_is_named(settings: Settings) -> None:
    """Rule, file, and the `keep` line that puts it right – which it does."""
    lay(settings, {
        "pkg/__init__.py": "import importlib; importlib.import_module('pkg.' + 'tests.need')",
        "pkg/tests/__init__.py": "", "pkg/tests/need.py": "", "pkg/tests/other.py": "",
    })  # fmt: skip
    dropping = replace(settings, drop=("pkg/tests/need.py",), rules_off=("tests",))
    found = refused(dropping)
    assert "pkg: ModuleNotFoundError: No module named 'pkg.tests.need'" in found.problem
    assert "rule 'drop' took pkg/tests/need.py" in found.problem
    assert found.fix == 'add to [tool.lambda-layer]: keep = ["pkg/tests/need.py"]'
    assert build(replace(dropping, keep=("pkg/tests/need.py",)))


def test_a_data_file_that_an_import_reads_is_named(settings: Settings) -> None:
    """Found by halving among many."""
    files: dict[str, str | bytes] = {f"pkg/data/{n}.txt": "x" for n in range(40)}
    code = "from pathlib import Path; Path(__file__).with_name('data').joinpath('17.txt').open()"
    lay(settings, {"pkg/__init__.py": "", "pkg/reads.py": code, **files})
    found = refused(replace(settings, drop=("pkg/data/*.txt",)))
    assert "pkg.reads: FileNotFoundError" in found.problem
    assert "rule 'drop' took pkg/data/17.txt" in found.problem
    assert found.fix == 'add to [tool.lambda-layer]: keep = ["pkg/data/17.txt"]'


def test_files_that_are_needed_together_are_named_together(settings: Settings) -> None:
    """Neither half is enough; no file is named that is not needed."""
    code = "from pathlib import Path\nfor n in (3, 39): Path(__file__).with_name(f'{n}.txt').open()"
    files: dict[str, str | bytes] = {f"pkg/{n}.txt": "x" for n in range(40)}
    lay(settings, {"pkg/__init__.py": code, **files})
    found = refused(replace(settings, drop=("pkg/*.txt",)))
    assert "rule 'drop' took pkg/3.txt, pkg/39.txt" in found.problem
    assert found.fix == 'add to [tool.lambda-layer]: keep = ["pkg/3.txt", "pkg/39.txt"]'


NOT_ALONE = """import os
here = os.path.dirname(__file__)
if not os.path.exists(f"{here}/x.txt") and "blamed" not in here:
    raise SystemExit(5)
"""


def test_what_works_by_itself_has_no_rule_at_fault(settings: Settings) -> None:
    """Where nothing was put back; it names no file."""
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": NOT_ALONE, "pkg/x.txt": "x"})
    found = refused(replace(settings, drop=("pkg/x.txt",)))
    assert "by itself it works: what was imported before it is at fault" in found.problem
    assert "run `./doitw` again" in found.fix


def test_a_process_that_an_alarm_ended_is_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a module of gevent's tests sets one. Any other break beside it is an error."""
    said: list[str] = []
    alone: dict[str, Any] = {"rule": "", "paths": []}
    monkeypatch.setattr(verify, "say", said.append)
    monkeypatch.setattr(verify, "find_fault", lambda *asked: (alone, {}))
    ended = verdict.Break(kind="import", name="pkg.a", error="exit status 5")
    other = verdict.Break(kind="import", name="pkg.b", error="ValueError: x")

    def blame(*broken: verdict.Break) -> VerifyError | None:
        return verify.blame(settings, lambda: builder.choose(settings), Installed(()), [*broken])

    assert blame(ended) is None
    assert said[-1] == "warning: pkg.a ended beside others (exit status 5); alone it works"
    assert "pkg.b: ValueError: x\nby itself it works" in str(blame(ended, other))


def test_two_rules_that_broke_it_together(settings: Settings) -> None:
    """Neither's files alone are enough; the fix names files of both."""
    reading = "for n in ('do' + 'cs/a.' + 'txt', 'b.x'): Path(__file__).parent.joinpath(n).open()"
    code = f"from pathlib import Path\n{reading}"
    lay(settings, {"pkg/__init__.py": "", "pkg/code.py": code, "pkg/docs/a.txt": "",
                   "pkg/b.x": ""})  # fmt: skip
    dropping = replace(settings, drop=("pkg/*.x",))
    found = refused(dropping)
    assert "rules 'docs' and 'drop' took " in found.problem
    assert build(replace(dropping, keep=tuple(json.loads(found.fix.partition("keep = ")[2]))))


def test_a_requirement_that_never_imported_is_no_fault_of_pruning(settings: Settings) -> None:
    """It would not work anywhere."""
    lay(settings, {"pkg/__init__.py": "import not_installed_anywhere"})
    found = refused(settings)
    assert "does not import, before any pruning:\npkg: ModuleNotFoundError" in found.problem
    assert "add the missing package" in found.fix


# ---- metadata -----------------------------------------------------------------------------------


def test_broken_metadata_is_named(settings: Settings) -> None:
    """What importlib.metadata cannot read (uv would not install it)."""
    lay(settings, {"pkg/__init__.py": ""})
    pack(settings)
    points = "[console_scripts]\nno equals sign here\n"
    handmade_layers.rewrite(settings, {"python/pkg-1.0.dist-info/entry_points.txt": points})
    with pytest.raises(VerifyError, match=r"pkg: \w+Error"):
        verify.run(settings, lambda: builder.choose(settings))


def test_a_distribution_that_lost_its_version_is_named(settings: Settings) -> None:
    """A program that asks for it fails, though every import works."""
    lay(settings, {"pkg/__init__.py": ""})
    found = refused(replace(settings, drop=("*.dist-info/METADATA",)))
    assert "pkg" in found.problem
    assert "rules-off" in found.fix


def test_a_distribution_that_stands_twice_is_refused(settings: Settings) -> None:
    """Two versions laid over each other: which one answers is chance."""
    lay(settings, {"pkg/__init__.py": ""})
    pack(settings)
    handmade_layers.rewrite(settings, {"python/Pkg-2.0.dist-info/METADATA": metadata("Pkg", "2.0")})
    with pytest.raises(VerifyError, match="pkg is in the layer twice"):
        verify.run(settings, lambda: builder.choose(settings))


def test_modules_that_python_compiles_anew_are_counted(settings: Settings) -> None:
    """Bytecode that does not belong to its source costs time at each cold start."""
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": "x = 1"})
    pack(settings)
    handmade_layers.rewrite(settings, {}, without="__pycache__/a.")
    with pytest.raises(VerifyError, match=r"compiles [1-9] modules? anew") as caught:
        verify.run(settings, lambda: builder.choose(settings))
    assert 'bytecode = "none"' in caught.value.fix


def test_without_bytecode_the_count_is_only_reported(settings: Settings) -> None:
    """It was asked for."""
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": ""})
    assert build(replace(settings, bytecode="none")).compiled_anew >= 2
