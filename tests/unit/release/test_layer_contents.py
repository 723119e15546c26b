"""What of several layers and a function hides what."""

from tasks.chalice_project.package import Contents
from tasks.release import layer_contents

NONE = Contents(versions={})
OURS = Contents(versions={"six": "1.16.0", "idna": "3.10"}, modules=["idna", "six"])
THEIRS = Contents(versions={"six": "1.15.0"}, modules=["six"])


def test_nothing_is_in_both() -> None:
    other = Contents(versions={"attrs": "1"}, modules=["attr", "attrs"])
    assert layer_contents.clashes(NONE, [("deps:1", OURS), ("extra:1", other)]) == []


def test_two_layers_have_it() -> None:
    """In the order of the list; whatever the versions."""
    [said] = layer_contents.clashes(NONE, [("extra:1", THEIRS), ("deps:1", OURS)])
    assert said == (
        "layers extra:1 and deps:1 both have six (1.15.0 and 1.16.0): the later one's files win "
        "in /opt"
    )


def test_the_function_hides_it() -> None:
    """By its package, or by a module alone."""
    function = Contents(versions={"six": "1.17.0"}, modules=["six"])
    [said] = layer_contents.clashes(function, [("extra:1", THEIRS)])
    assert said == "the function's own package hides six 1.17.0 (there 1.15.0) of layer extra:1"
    [said] = layer_contents.clashes(Contents(versions={}, modules=["six"]), [("extra:1", THEIRS)])
    assert said == "the function's own package hides six of layer extra:1"
