"""tasks/layer/prune/rules.py and recipes.py: the catalogue is whole, and mistakes are named."""

import pytest

from tasks.layer.prune import recipes, rules
from tasks.layer.prune.rules import Rule
from tasks.settings.model import Settings


@pytest.mark.parametrize("rule", [*rules.RULES, *recipes.RECIPES], ids=lambda rule: rule.name)
def test_a_rule_says_why_and_where_from(rule: Rule) -> None:
    """A recipe says also what stops working."""
    assert rule.globs
    assert rule.reason
    assert rule.source
    assert bool(rule.breaks) == (rule in recipes.RECIPES)


def test_names_are_unique() -> None:
    """Rules, recipes and `drop` are counted by name in one record."""
    names = [*rules.NAMES, *recipes.NAMES, rules.DROP, rules.LICENSES]
    assert len(names) == len(set(names))


def test_unknown_names_are_all_reported_with_the_nearest() -> None:
    """In rules-off and in recipes at once."""
    settings = Settings(rules_off=("test", "docs"), recipes=("googleapi",))
    first, second = recipes.problems(settings)
    assert "rules-off" in first
    assert "did you mean tests?" in first
    assert "did you mean googleapiclient?" in second


def test_the_fingerprint_follows_every_setting_that_shapes_the_tree() -> None:
    """And only those."""
    shapes = [
        Settings(),
        Settings(rules_off=("tests",)),
        Settings(recipes=("aws-runtime",)),
        Settings(drop=("a",)),
        Settings(keep=("a",)),
        Settings(licenses="drop"),
    ]
    assert len({recipes.fingerprint(settings) for settings in shapes}) == len(shapes)
    assert recipes.fingerprint(Settings(stage="dev")) == recipes.fingerprint(Settings())
