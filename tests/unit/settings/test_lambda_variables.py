"""tasks/settings/lambda_variables.py: names that Lambda does not take, in its own words."""

from tasks.settings.lambda_variables import RESERVED, refused


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
