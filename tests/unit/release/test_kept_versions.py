"""tasks/release/kept_versions.py: which versions go, and what of S3 goes with them."""

from dataclasses import replace
from typing import Any

import pytest

from tasks.aws.s3_versions import Stored
from tasks.release.kept_versions import Fate, VersionEntry, decide_fates, matches


def entry(number: int, built: str | None = None, **more: Any) -> VersionEntry:
    built = f"2025010{number}" if built is None else built
    file = Stored(bucket="b", key=f"layers/deps/{built}/deps.zip", version_id="null", bytes=10)
    files = (file,) if built else ()
    facts = {"arn": f"arn:{number}", "created": "", "built": built, "gone": False, "files": files}
    return VersionEntry(number=number, **{**facts, **more})


def going(fates: list[Fate]) -> list[int]:
    return [fate.entry.number for fate in fates if not fate.kept]


def test_the_newest_stay() -> None:
    """As many as `keep` says."""
    entries = [entry(number) for number in (1, 2, 3)]
    assert going(decide_fates(entries, 2, {})) == [1]
    assert going(decide_fates(entries, 5, {})) == []
    assert going(decide_fates(entries, 0, {})) == [3, 2, 1]


def test_what_is_used_stays_and_says_by_whom() -> None:
    """However old."""
    [newest, older] = decide_fates(
        [entry(1), entry(2)], 1, {"arn:1": ["function f", "pin of stage prod"]}
    )
    assert newest.kept == ("one of the newest 1",)
    assert older.kept == ("function f", "pin of stage prod")
    assert older.files == ()


def test_other_tools_versions_stay_and_do_not_count() -> None:
    """Published by hand: nobody here knows what for."""
    fates = decide_fates([entry(1), entry(2), entry(3, built="")], 1, {})
    assert going(fates) == [1]
    assert fates[0].kept == ("not published by this tool",)
    assert fates[1].kept == ("one of the newest 1",)


def test_the_zip_of_a_deleted_version_goes_as_well() -> None:
    """Unless it is younger than what stays: it may be wanted back."""
    entries = [entry(1, gone=True), entry(2), entry(3, gone=True)]
    fates = decide_fates(entries, 1, {})
    assert going(fates) == [1]
    assert fates[0].kept == ("younger than the newest 1",)
    assert fates[2].bytes == 10


def test_a_deleted_version_that_a_function_still_runs_with() -> None:
    """AWS lets it run on, and its zip is the way to have it back."""
    assert going(decide_fates([entry(1, gone=True), entry(2)], 1, {"arn:1": ["function f"]})) == []


def test_a_zip_that_two_versions_share_stays_with_one_of_them() -> None:
    """Published again from the deleted one's zip: only the old number's own note goes, and where
    that is gone, too, there is nothing to be said of it."""
    [zip_] = entry(1).files
    note = replace(zip_, key="layers/deps/versions/1")
    old = entry(1, "20250101", gone=True, files=(zip_, note))
    new = entry(4, "20250101")
    [kept, going] = decide_fates([old, new], 1, {})
    assert (going.kept, going.files) == ((), (note,))
    assert kept.kept
    assert [fate.entry for fate in decide_fates([replace(old, files=(zip_,)), new], 1, {})] == [new]


TAGGED = {"And": {"Prefix": "layers/", "Tags": [{"Key": "a", "Value": "b"}]}}


@pytest.mark.parametrize(
    ("rule", "reached"),
    [
        ({"Filter": {"Prefix": "layers/"}}, True),
        ({"Filter": {"Prefix": "layers/deps/2025"}}, True),
        ({"Filter": {"Prefix": ""}}, True),
        ({"Filter": {}}, True),
        ({"Prefix": "layers/"}, True),
        ({"Filter": {"Prefix": "logs/"}}, False),
        ({"Filter": {"Prefix": "layers/other/"}}, False),
        ({"Filter": TAGGED}, False),
        ({"Filter": {"Tag": {"Key": "a", "Value": "b"}}}, False),
        ({"Filter": {"Prefix": "layers/"}, "Status": "Disabled"}, False),
    ],
)
def test_which_rules_reach_the_zips(rule: dict[str, Any], reached: bool) -> None:
    """A rule that asks for a tag asks for more than a published zip has."""
    whole = {"Status": "Enabled", "Expiration": {"Days": 90}, **rule}
    assert matches(whole, "layers/deps/") is reached


def test_a_rule_that_only_ends_uploads_removes_nothing() -> None:
    """AbortIncompleteMultipartUpload and transitions."""
    assert not matches({"Status": "Enabled", "Filter": {}}, "layers/deps/")
