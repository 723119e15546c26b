"""tasks/settings/lambda_variables.py: names that Lambda does not take, in its own words."""

from tasks.settings.lambda_variables import RESERVED, against_bytecode, against_layer, refused


def test_reserved_names_are_refused_with_lambdas_reason() -> None:
    """All at once, each once; others are nobody's business."""
    [said] = refused(["TABLE", "AWS_REGION", "_HANDLER", "AWS_REGION", "PATH", "TZ", "AWS_PROFILE"])
    assert said == (
        "Lambda refuses it: the environment variables you have provided contains reserved keys "
        "that are currently not supported for modification. Reserved keys used in this request: "
        "AWS_REGION, _HANDLER"
    )
    assert all(refused([name]) for name in RESERVED)
    assert refused(["TABLE", "AWS_ENDPOINT_URL", "LD_PRELOAD", "PYTHONPATH"]) == []


def test_names_of_another_form() -> None:
    """A letter, and one more at least."""
    assert len(refused(["a-b", "A", "1A", "_X", "OK"])) == 4


def test_pythons_own_that_take_the_layer_away() -> None:
    """A PYTHONPATH that names the layer, and what Lambda's Python has anyway, do not."""
    for path in ("/var/task/lib", "", "/opt", "/opt/python3:/x"):
        assert list(against_layer({"PYTHONPATH": path})) == ["PYTHONPATH"]
    assert list(against_layer({"PYTHONHOME": "/opt", "PYTHONPLATLIBDIR": "lib64"})) == [
        "PYTHONHOME", "PYTHONPLATLIBDIR",
    ]  # fmt: skip
    fine = {"PYTHONPATH": "/var/task/lib:/opt/python", "PYTHONHOME": "/var/lang/",
            "PYTHONUNBUFFERED": "1"}  # fmt: skip
    assert against_layer(fine) == {}


def test_an_image_takes_no_pythonpath_at_all() -> None:
    """Whatever it names, it comes before the image's own order."""
    for path in ("/var/task/lib:/opt/python", "/opt/python", "", "/x"):
        assert list(against_layer({"PYTHONPATH": path}, image=True)) == ["PYTHONPATH"]
    assert against_layer({"PYTHONHOME": "/var/lang"}, image=True) == {}


def test_pythons_own_that_take_its_bytecode_away() -> None:
    """Each is a warning."""
    [optimize, prefix] = against_bytecode({"PYTHONOPTIMIZE": "2", "PYTHONPYCACHEPREFIX": "/tmp"})  # noqa: S108 - nothing is written
    assert "with PYTHONOPTIMIZE Python" in optimize
    assert "with PYTHONPYCACHEPREFIX Python" in prefix
    assert against_bytecode({"PYTHONOPTIMIZE": "0", "PYTHONDONTWRITEBYTECODE": "1"}) == []
