"""tasks/steps/prune.py: a tree copied without its dead weight, and a record that says what went."""

import json
from pathlib import Path

import pytest

from tasks.core import paths, records
from tasks.core.errors import BuildError, SettingsError
from tasks.core.settings import Settings
from tasks.steps import prune

METADATA = "Metadata-Version: 2.1\nName: Pkg\nVersion: 1.0\n\nA long description.\n"
RECORD = "pkg/__init__.py,sha256=a,0\npkg/tests/x.py,sha256=a,5\npkg-1.0.dist-info/METADATA,,\n"
FILES = {
    "pkg/__init__.py": "",
    "pkg/data.md": "text\n",
    "pkg/tests/x.py": "x = 1",
    "pkg-1.0.dist-info/METADATA": METADATA,
    "pkg-1.0.dist-info/RECORD": RECORD,
    "pkg-1.0.dist-info/WHEEL": "w",
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installed tree of one package, in an empty project."""
    monkeypatch.chdir(tmp_path)
    found = Settings(layer="t")
    for name, text in FILES.items():
        path = paths.tree(found, "install") / "python" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    records.write(paths.record(found, "install"), {"fingerprint": "f", "tree": "t"})
    return found


def left(settings: Settings) -> set[str]:
    root = paths.tree(settings, "prune") / "python"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_what_stays_is_copied_and_installs_tree_is_untouched(settings: Settings) -> None:
    """Cut-down metadata is a new file, never an edit of install's."""
    prune.run(settings)
    assert left(settings) == set(FILES) - {
        "pkg/data.md",
        "pkg/tests/x.py",
        "pkg-1.0.dist-info/WHEEL",
    }
    assert not (paths.tree(settings, "prune") / "python/pkg/tests").exists()
    source = paths.tree(settings, "install") / "python"
    assert {name: (source / name).read_text(encoding="utf-8") for name in FILES} == FILES


def test_the_record_counts_per_rule_and_per_package(settings: Settings) -> None:
    """Bytes before = bytes after + bytes removed, whatever way they are added up."""
    record = prune.run(settings)
    sizes = {name: len(text) for name, text in FILES.items()}
    assert record["before"] == {"files": len(FILES), "bytes": sum(sizes.values())}
    assert record["rules"]["tests"] == {"files": 1, "cut": 0, "bytes": sizes["pkg/tests/x.py"]}
    assert record["rules"]["metadata"]["files"] == 1
    assert record["rules"]["metadata"]["cut"] == 2
    assert record["packages"]["pkg"]["tests"] == record["rules"]["tests"]
    saved = sum(counter["bytes"] for counter in record["rules"].values())
    tree = paths.tree(settings, "prune")
    now = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    assert record["after"]["bytes"] == now == record["before"]["bytes"] - saved


def test_removed_files_are_listed_by_rule(settings: Settings) -> None:
    """Each can be put back from install's tree; cut-down files are among them."""
    prune.run(settings)
    assert json.loads(prune.removed_file(settings).read_text(encoding="utf-8")) == {
        "markdown": ["pkg/data.md"],
        "metadata": [
            "pkg-1.0.dist-info/WHEEL",
            "pkg-1.0.dist-info/METADATA",
            "pkg-1.0.dist-info/RECORD",
        ],
        "tests": ["pkg/tests/x.py"],
    }


@pytest.mark.parametrize(
    "options",
    [{"keep": ("*.dist-info",)}, {"rules_off": ("metadata",)}],
    ids=["keep", "rules-off"],
)
def test_metadata_can_stay_whole(settings: Settings, options: dict[str, tuple[str, ...]]) -> None:
    """By `keep`, or with the rule switched off."""
    prune.run(Settings(layer="t", **options))  # type: ignore[arg-type] # any values
    path = paths.tree(settings, "prune") / "python/pkg-1.0.dist-info/METADATA"
    assert path.read_text(encoding="utf-8") == METADATA


def test_the_fingerprint_follows_the_tree_and_the_rules(settings: Settings) -> None:
    """So that another `drop`, or another install, prunes anew."""
    before = prune.run(settings)["fingerprint"]
    assert prune.fingerprint(settings) == before
    assert prune.fingerprint(Settings(layer="t", drop=("a",))) != before
    records.write(paths.record(settings, "install"), {"fingerprint": "f", "tree": "other"})
    assert prune.fingerprint(settings) != before


def test_an_unknown_recipe_changes_nothing(settings: Settings) -> None:
    """It is named, with the nearest."""
    with pytest.raises(SettingsError, match="did you mean aws-runtime"):
        prune.run(Settings(layer="t", recipes=("aws-runtimes",)))
    assert not paths.tree(settings, "prune").exists()


def test_without_an_installed_tree_the_fix_is_named(settings: Settings) -> None:
    """A record without its tree, after someone tidied up."""
    with pytest.raises(BuildError, match="doit install"):
        prune.run(Settings(layer="other"))


def test_a_link_within_the_tree_becomes_its_file(settings: Settings) -> None:
    """A zip for Lambda holds files only."""
    root = paths.tree(settings, "install") / "python"
    (root / "pkg/alias.py").symlink_to("__init__.py")
    prune.run(settings)
    copied = paths.tree(settings, "prune") / "python/pkg/alias.py"
    assert copied.is_file()
    assert not copied.is_symlink()


@pytest.mark.parametrize("target", ["/etc/hostname", "../missing.py", "tests"])
def test_any_other_link_is_refused_by_name(settings: Settings, target: str) -> None:
    """Outside of the layer, broken, or a folder; the error says what to drop."""
    (paths.tree(settings, "install") / "python/pkg/alias.py").symlink_to(target)
    with pytest.raises(BuildError, match=r'drop = \["pkg/alias.py"\]'):
        prune.run(settings)
    prune.run(Settings(layer="t", drop=("pkg/alias.py",)))
    assert "pkg/alias.py" not in left(settings)


def test_an_interrupted_run_leaves_no_record(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-filled folder would count as built."""
    prune.run(settings)

    def fail(*args: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(prune, "copy", fail)
    with pytest.raises(KeyboardInterrupt):
        prune.run(settings)
    assert not paths.record(settings, "prune").exists()
