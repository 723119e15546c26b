"""tasks/clients/indexes.py: a company's index variables, for uv."""

from tasks.clients.indexes import index_variables


def test_pips_variables_become_uvs() -> None:
    """People have set them for pip."""
    environ = {"PIP_INDEX_URL": "https://a", "PIP_EXTRA_INDEX_URL": "https://b"}
    assert index_variables(environ) == {
        "UV_INDEX_URL": "https://a",
        "UV_EXTRA_INDEX_URL": "https://b",
    }


def test_uvs_own_win() -> None:
    """They were meant for it."""
    environ = {"PIP_INDEX_URL": "https://a", "UV_INDEX_URL": "https://c"}
    assert index_variables(environ) == {"UV_INDEX_URL": "https://c"}


def test_credentials_of_named_indexes_go_along() -> None:
    """UV_INDEX_<NAME>_USERNAME and _PASSWORD."""
    environ = {"UV_INDEX_INNER_USERNAME": "me", "UV_INDEX_INNER_PASSWORD": "x"}
    assert index_variables(environ) == environ


def test_nothing_else_goes_along() -> None:
    """Neither empty variables nor somebody's secrets."""
    environ = {"UV_DEFAULT_INDEX": "", "PIP_INDEX_URL": "", "AWS_SECRET_ACCESS_KEY": "x",
               "UV_PUBLISH_TOKEN": "x"}  # fmt: skip
    assert index_variables(environ) == {}
