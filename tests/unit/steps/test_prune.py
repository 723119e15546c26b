"""tasks/steps/prune.py: what each distribution keeps, and a record that says what went."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer.prune import plan as prune_plan
from tasks.layer.prune.plan import PrunePlan
from tasks.settings import paths, records
from tasks.settings.model import Settings
from tasks.settings.step_records import Count, PruneRecord
from tasks.steps import prune
from tasks.util.errors import BuildError, SettingsError
from tests import made_records, stored_parts

METADATA = "Metadata-Version: 2.1\nName: Pkg\nVersion: 1.0\n\nA long description.\n"
RECORD = (
    "pkg/__init__.py,sha256=a,0\npkg/tests/test_x.py,sha256=a,5\npkg-1.0.dist-info/METADATA,,\n"
)
FILES = {
    "pkg/__init__.py": "",
    "pkg/README.md": "text\n",
    "pkg/tests/test_x.py": "x = 1",
    "pkg-1.0.dist-info/METADATA": METADATA,
    "pkg-1.0.dist-info/RECORD": RECORD,
    "pkg-1.0.dist-info/WHEEL": "w",
}
LEFT = sorted(set(FILES) - {"pkg/README.md", "pkg/tests/test_x.py", "pkg-1.0.dist-info/WHEEL"})
PKG = stored_parts.distribution("pkg", FILES)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """One package as install left it, in an empty project."""
    monkeypatch.chdir(tmp_path)
    found = Settings(layer="t")
    stored_parts.keep(found, [PKG])
    return found


def planned(settings: Settings) -> PrunePlan:
    """The first distribution's."""
    prune.run(settings)
    return prune_plan.read_plans(paths.plan(settings))[0]


def test_the_plan_says_what_stays_and_what_is_cut(settings: Settings) -> None:
    """Under the distribution's keys; what install found is untouched."""
    before = {path: path.read_bytes() for path in paths.STORE.rglob("*") if path.is_file()}
    assert planned(settings) == PrunePlan(
        key=PKG.key,
        pin=PKG.pin,
        name="pkg",
        stay=LEFT,
        cut={
            "pkg-1.0.dist-info/METADATA": METADATA.partition("\n\n")[0] + "\n",
            "pkg-1.0.dist-info/RECORD": "pkg/__init__.py,,\npkg-1.0.dist-info/METADATA,,\n",
        },
    )
    assert before == {path: path.read_bytes() for path in paths.STORE.rglob("*") if path.is_file()}


def test_the_record_counts_per_rule_and_per_package(settings: Settings) -> None:
    """Bytes before = bytes after + bytes removed, whatever way they are added up."""
    record = prune.run(settings)
    sizes = {name: len(text) for name, text in FILES.items()}
    assert record.before == Count(files=len(FILES), bytes=sum(sizes.values()))
    assert record.rules["tests"] == made_records.took(1, sizes["pkg/tests/test_x.py"])
    assert record.rules["metadata"].files == 1
    assert record.rules["metadata"].cut == 2
    assert record.packages["pkg"]["tests"] == record.rules["tests"]
    saved = sum(counter.bytes for counter in record.rules.values())
    [plan] = prune_plan.read_plans(paths.plan(settings))
    now = sum(len(plan.cut.get(path, FILES[path])) for path in plan.stay)
    assert record.after.bytes == now == record.before.bytes - saved
    assert record.after.files == len(plan.stay)
    assert records.read(settings, PruneRecord) == record


def test_removed_files_are_listed_by_rule(settings: Settings) -> None:
    """Each can be put back from what was installed; cut-down files are among them."""
    prune.run(settings)
    assert json.loads(paths.removed(settings).read_text(encoding="utf-8")) == {
        "markdown": ["pkg/README.md"],
        "metadata": [
            "pkg-1.0.dist-info/WHEEL",
            "pkg-1.0.dist-info/METADATA",
            "pkg-1.0.dist-info/RECORD",
        ],
        "tests": ["pkg/tests/test_x.py"],
    }


@pytest.mark.parametrize(
    "options",
    [{"keep": ("*.dist-info",)}, {"rules_off": ("metadata",)}],
    ids=["keep", "rules-off"],
)
def test_metadata_can_stay_whole(settings: Settings, options: dict[str, tuple[str, ...]]) -> None:
    """By `keep`, or with the rule switched off."""
    plan = planned(Settings(layer="t", **options))  # type: ignore[arg-type] # any values
    assert plan.cut == {}
    assert {"pkg-1.0.dist-info/METADATA", "pkg-1.0.dist-info/WHEEL"} < {*plan.stay}


def test_metadata_that_goes_is_not_cut(settings: Settings) -> None:
    """`drop` took it whole."""
    assert planned(Settings(layer="t", drop=("*.dist-info",))).cut == {}


def test_every_distribution_has_a_plan(settings: Settings) -> None:
    """Also one of which nothing stays; a shared file is in both plans, and counted once."""
    gone = stored_parts.distribution("gone", {"HISTORY.md": "text"})
    also = stored_parts.distribution("other", {"pkg/__init__.py": "", "o.py": "x"})
    stored_parts.keep(settings, [gone, also, PKG])
    record = prune.run(settings)
    found = {each.name: each.stay for each in prune_plan.read_plans(paths.plan(settings))}
    assert found == {"gone": [], "other": ["o.py", "pkg/__init__.py"], "pkg": LEFT}
    assert record.before.files == len(FILES) + 2
    assert record.packages["gone"]["markdown"].bytes == 4


def test_the_fingerprint_follows_the_tree_and_the_rules(settings: Settings) -> None:
    """So that another `drop`, or another install, prunes anew."""
    before = prune.run(settings).fingerprint
    assert prune.fingerprint(settings) == before
    assert prune.fingerprint(Settings(layer="t", drop=("a",))) != before
    stored_parts.keep(settings, [replace(PKG, key="other")])
    assert prune.fingerprint(settings) != before


def test_the_records_plan_follows_what_stays(settings: Settings) -> None:
    """So that a rule which takes nothing here makes no work for the steps after it."""
    before = prune.run(settings).plan
    assert prune.run(Settings(layer="t", drop=("nothing",))).plan == before
    assert prune.run(Settings(layer="t", drop=("pkg/__init__.py",))).plan != before


def test_what_the_check_imports_stays(settings: Settings) -> None:
    """As what the app imports; another import prunes anew."""
    Path("proof.py").write_text("import pkg.tests.test_x\n", encoding="utf-8")
    checked = replace(settings, check="proof.py")
    prune.run(checked)
    [plan] = prune_plan.read_plans(paths.plan(settings))
    assert "pkg/tests/test_x.py" in plan.stay
    before = prune.fingerprint(checked)
    Path("proof.py").write_text("import pkg\n", encoding="utf-8")
    assert prune.fingerprint(checked) != before


def test_an_unknown_recipe_changes_nothing(settings: Settings) -> None:
    """It is named, with the nearest."""
    with pytest.raises(SettingsError, match="did you mean aws-runtime"):
        prune.run(Settings(layer="t", recipes=("aws-runtimes",)))
    assert not paths.plan(settings).exists()


def test_globs_that_match_nothing_are_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spelling mistake would keep nothing."""
    said: list[str] = []
    monkeypatch.setattr(prune, "say", said.append)
    prune.run(Settings(layer="t", keep=("pgk/README.md",)))
    assert said[0] == "warning: 'pgk/README.md' in keep or drop matches no file of this layer"


def test_without_an_installed_tree_the_fix_is_named(settings: Settings) -> None:
    """Of another layer, or after someone tidied up."""
    with pytest.raises(BuildError, match="gone from the store"):
        prune.run(Settings(layer="other"))
    for path in paths.STORE.rglob("key-*"):
        path.unlink()
    with pytest.raises(BuildError, match=r"doitw` again"):
        prune.run(settings)


@pytest.mark.parametrize("target", ["/etc/hostname", "../missing.py", "tests"])
def test_a_link_to_no_file_of_it_is_refused_by_name(settings: Settings, target: str) -> None:
    """Outside of the layer, broken, or a folder; the error says what to drop."""
    files = dict(PKG.files) | {"pkg/alias.py": (5, False)}
    linked = replace(PKG, key="linked", files=files, links={"pkg/alias.py": target})
    stored_parts.keep(settings, [linked])
    with pytest.raises(BuildError, match=r'drop = \["pkg/alias.py"\]') as caught:
        prune.run(settings)
    assert f"pkg/alias.py is a link to {target}" in caught.value.problem
    assert "pkg/alias.py" not in planned(Settings(layer="t", drop=("pkg/alias.py",))).stay


def test_an_interrupted_run_leaves_no_record(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan of other rules would count as this one's."""
    prune.run(settings)

    def fail(*args: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(prune, "write_plans", fail)
    with pytest.raises(KeyboardInterrupt):
        prune.run(settings)
    assert not paths.record(settings, "prune").exists()


def test_a_preferred_file_comes_from_its_distribution_alone(settings: Settings) -> None:
    """Nothing of the others' is packed at that path; what names nothing is told."""
    hashes = {"pkg/x.json": "1"}
    files = {"pkg/x.json": "1", "pkg/code.py": ""}
    one = stored_parts.distribution("one", files, hashes=hashes)
    two = stored_parts.distribution("two", {"pkg/x.json": "22"}, hashes={"pkg/x.json": "2"})
    stored_parts.keep(settings, [one, two])
    with pytest.raises(BuildError, match="both write"):
        prune.run(settings)
    prune.run(replace(settings, prefer=("two: pkg",)))
    found = {each.name: each.stay for each in prune_plan.read_plans(paths.plan(settings))}
    assert found == {"one": ["pkg/code.py"], "two": ["pkg/x.json"]}


def test_a_preference_that_is_none_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names no distribution, or no file of it: a warning. Two that both win: an error."""
    said: list[str] = []
    monkeypatch.setattr(prune, "say", said.append)
    prune.run(replace(settings, prefer=("nobody: pkg", "pkg: pgk")))
    assert [line for line in said if "warning" in line] == [
        f"warning: {each!r} in prefer names no file of this layer"
        for each in ("nobody: pkg", "pkg: pgk")
    ]
    other = stored_parts.distribution("other", {"pkg/x.json": "1"}, hashes={"pkg/x.json": "1"})
    third = stored_parts.distribution("third", {"pkg/x.json": "2"}, hashes={"pkg/x.json": "2"})
    stored_parts.keep(settings, [other, third])
    with pytest.raises(SettingsError, match="cannot come from both other and third"):
        prune.run(replace(settings, prefer=("other: pkg", "third: **/*.json")))


def test_what_stays_in_doubt_is_counted_and_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the glob that drops it, where it is worth a line."""
    said: list[str] = []
    monkeypatch.setattr(prune, "say", said.append)
    files = {"pkg/tests/data.bin": "x" * 150_000, "pkg/templates/docs/conf.py": "y"}
    stored_parts.keep(settings, [stored_parts.distribution("pkg", files)])
    assert prune.run(settings).unsure == {"pkg/tests": 150_000, "pkg/templates/docs": 1}
    [line] = [each for each in said if "unsure" in each]
    assert 'kept, unsure: 150.0 kB in 2 places; where nothing reads it: drop = ["pkg/t' in line
    small = stored_parts.distribution("pkg", {"pkg/tests/data.bin": "x"})
    stored_parts.keep(settings, [small])
    said.clear()
    prune.run(settings)
    assert not [each for each in said if "unsure" in each]
