"""tasks/proof/name_clashes.py: which packages take the place of others."""

import pytest

from tasks.layer.installed import Installed
from tasks.proof import name_clashes
from tests import stored_parts

INIT = "opencensus/__init__.py"


def closing(text: str) -> list[str]:
    """Of a package with that `__init__.py`, beside another one that is a part of it."""
    one = stored_parts.distribution("opencensus", {INIT: text}, inits={INIT: text})
    other = stored_parts.distribution(
        "opencensus-context", {"opencensus/common/runtime_context/__init__.py": ""}
    )
    tree = Installed((one, other))
    return name_clashes.warnings(tree, [*one.files, *other.files], {})


@pytest.mark.parametrize(
    "text",
    [
        "__path__ = __import__('pkgutil').extend_path(__path__, __name__)",  # opencensus
        "__import__('pkg_resources').declare_namespace(__name__)",
        "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)",
    ],
)
def test_a_namespace_is_open_in_each_of_its_spellings(text: str) -> None:
    """Those that setuptools documents."""
    assert closing(text) == []


@pytest.mark.parametrize("text", ["", "import pkgutil\nx = pkgutil.get_data(__name__, 'x')"])
def test_a_package_closes_what_it_does_not_declare(text: str) -> None:
    """Whatever else it imports."""
    [line] = closing(text)
    assert line.startswith("opencensus is a namespace of opencensus-context, and opencensus closes")
