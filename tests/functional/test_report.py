"""The report and the bill of materials, as files of a build and as a command."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project, small

LAYER = "build/deps"
PAGE, BILL = f"{LAYER}.report.html", f"{LAYER}.cdx.json"
PUBLISHED = "build/publish/deps/prod.json"
REQUIREMENTS = "python-dateutil==2.9.0.post0\nsix==1.17.0\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Built once; each test gets a copy of it."""
    built = small(tmp_path_factory.mktemp("template") / "project", REQUIREMENTS)
    run = built.doit()
    assert run.code == 0, run.output
    assert run.output.splitlines()[-1] == f"report: {PAGE}"
    return built


@pytest.fixture
def built(template: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy in another folder: paths are no part of any result."""
    target = tmp_path / "project"
    shutil.copytree(template.path, target)
    yield Project(path=target)
    shutil.rmtree(target)


def publish(built: Project, packages: dict[str, int]) -> None:
    """As publish's record says it."""
    record = {"arn": "arn:aws:lambda:ap-northeast-2:123456789012:layer:deps:7"}
    facts = {"unzipped": 1000, "packages": packages, "input": "", "sha256": ""}
    built.write(PUBLISHED, json.dumps(record | facts))


def test_a_second_run_rewrites_nothing_and_links_the_page_again(built: Project) -> None:
    """The last line is what a person looks for, in CI too."""
    before = {name: (built.path / name).stat().st_mtime_ns for name in (PAGE, BILL)}
    run = built.doit()
    assert (run.code, run.steps) == (0, [])
    assert run.output.splitlines()[-1] == f"report: {PAGE}"
    assert {name: (built.path / name).stat().st_mtime_ns for name in (PAGE, BILL)} == before


def test_the_same_layer_gives_the_same_files(built: Project) -> None:
    """Written again, without anything else being done again."""
    before = built.read(PAGE), built.read(BILL)
    for name in (PAGE, BILL):
        (built.path / name).unlink()
    assert built.doit().steps == ["sbom", "report-page"]
    assert (built.read(PAGE), built.read(BILL)) == before


def test_the_page_shows_the_layer_and_loads_nothing(built: Project) -> None:
    """It can be mailed, and opened in ten years."""
    page = built.read(PAGE)
    assert not re.search(r"https?:|url\(|src=|href=|<script|<link", page)
    assert "<strong>python-dateutil</strong> <small>2.9.0.post0</small>" in page
    assert "six: " in page  # in the map


def test_the_bill_lists_what_is_in_the_zip(built: Project) -> None:
    """With the requirements as the layer's own needs, and dateutil's need of six."""
    bill: dict[str, Any] = json.loads(built.read(BILL))
    listed = {each["purl"]: each["licenses"] for each in bill["components"]}
    assert listed.keys() == {"pkg:pypi/python-dateutil@2.9.0.post0", "pkg:pypi/six@1.17.0"}
    assert listed["pkg:pypi/six@1.17.0"] == [{"license": {"id": "MIT"}}]
    edges = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    assert edges["deps"] == sorted(listed)
    assert edges["pkg:pypi/python-dateutil@2.9.0.post0"] == ["pkg:pypi/six@1.17.0"]
    packed = json.loads(built.read("build/zip/deps/record.json"))
    assert bill["metadata"]["component"]["hashes"][0]["content"] == packed["sha256"]


def test_the_bill_is_in_s3_beside_the_zip(deployed: Project) -> None:
    """As it lies here, byte for byte."""
    listed = deployed.aws("s3").list_objects_v2(Bucket="shuking-lambda-layers", Prefix="layers/")
    (key,) = [each["Key"] for each in listed["Contents"] if each["Key"].endswith(".cdx.json")]
    assert re.fullmatch(r"layers/deps/\d{8}-\d{6}/deps\.cdx\.json", key)
    there = deployed.aws("s3").get_object(Bucket="shuking-lambda-layers", Key=key)["Body"].read()
    assert there.decode() == deployed.read("build/deps.cdx.json")


def test_a_distribution_that_pruning_takes_is_not_in_the_bill(built: Project) -> None:
    """Installed is not shipped."""
    drop = 'drop = ["six.py", "six-*.dist-info"]\n'
    built.write("pyproject.toml", built.read("pyproject.toml") + drop)
    built.doit("sbom")
    bill = json.loads(built.read(BILL))
    assert [each["name"] for each in bill["components"]] == ["python-dateutil"]
    assert all("six" not in json.dumps(each) for each in bill["dependencies"])


def test_report_prints_the_table_and_builds_nothing(built: Project) -> None:
    """From what lies here: no AWS, no Docker, and no rebuild after a change."""
    built.write("requirements-all.txt", "six==1.17.0\n")
    run = built.doit("report", AWS_ENDPOINT_URL="http://127.0.0.1:9", PATH="")
    assert (run.code, run.steps) == (0, ["report"])
    for words in ("python-dateutil 2.9.0.post0", "six 1.17.0", "total", "metadata", "compiled",
                  "function (at most)", "not published yet", "have changed since"):  # fmt: skip
        assert words in run.output


def test_the_seconds_of_the_proof_are_in_page_and_table(built: Project) -> None:
    """By package, the slowest first; the page was there before they were measured."""
    record = json.loads(built.read("build/verify/deps/record.json"))
    seconds = record["imports"]
    assert set(seconds) == {"python-dateutil", "six"}
    listed = re.findall(
        r'<tr><th scope="row">([\w-]+)</th><td>([\d.]+) s</td></tr>', built.read(PAGE)
    )
    slowest = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))
    assert listed == [(name, f"{value:.2f}") for name, value in slowest]
    assert "what takes long to import" in built.doit("report").output


def test_a_fresh_report_does_not_say_that_it_is_old(built: Project) -> None:
    """Whatever the builder is set to now."""
    assert "have changed since" not in built.doit("report").output


def test_changes_are_against_the_published_version(built: Project) -> None:
    """On the page after the next run, in the table at once; nothing is built anew."""
    publish(built, {"six": 10, "attrs": 5})
    output = built.doit("report").output
    assert re.search(r"^ *six 1\.17\.0 .*\+\d+\.\d kB *$", output, re.M)
    assert re.search(r"^ *python-dateutil .* new *$", output, re.M)
    assert re.search(r"^ *attrs .* gone *$", output, re.M)
    assert built.doit().steps == ["report-page"]
    assert "layer:deps:7" in built.read(PAGE)


def test_other_layers_of_the_stage_are_named_with_unknown_size(built: Project) -> None:
    """AWS alone could tell, and a report needs no AWS."""
    other = "arn:aws:lambda:ap-northeast-2:123456789012:layer:fonts:2"
    config = json.loads(built.read(".chalice/config.json"))
    config["stages"]["prod"]["layers"] = [other]
    built.write(".chalice/config.json", json.dumps(config))
    output = built.doit("report").output
    assert re.search(rf"{other} +unknown", output)


def test_without_a_build_report_says_what_to_run(tmp_path: Path) -> None:
    """And leaves nothing behind."""
    empty = small(tmp_path / "project", REQUIREMENTS)
    run = empty.doit("report")
    assert run.code == 1
    assert "layer deps is not built" in run.output
    assert "run `./doitw`" in run.output
    assert not (empty.path / "build").exists()


def test_recipes_that_would_save_something_are_offered(tmp_path: Path) -> None:
    """With bytes, and with what stops working; a recipe that is on is a rule that took files."""
    made = small(tmp_path / "project", "six==1.17.0\nwheel==0.45.1\n")
    made.doit("zip")
    offered = made.doit("report").output.partition("not switched on")[2]
    assert re.search(r"installers +\d+\.\d kB", offered)
    assert "pkg_resources" in offered
    made.write("pyproject.toml", made.read("pyproject.toml") + 'recipes = ["installers"]\n')
    made.doit("zip")
    taken, _, offered = made.doit("report").output.partition("not switched on")
    assert re.search(r"^ *installers +\d+ +\d+\.\d kB", taken, re.M)
    assert offered == ""


def test_a_layer_over_the_limit_still_has_its_page(built: Project) -> None:
    """verify sends people to the report, so it must be there."""
    vendored = built.write("vendor/big.bin", "")
    with vendored.open("wb") as file:
        file.truncate(262_144_000)  # a hole: takes no space on disk
    (built.path / "build/verify/deps/record.json").unlink()
    run = built.doit()
    assert run.code == 1
    assert "./doitw report" in run.output
    assert run.output.splitlines()[-1] == f"report: {PAGE}"
    assert "over the limit by" in built.read(PAGE)
