"""A package's name in its one spelling."""

import re


def canonical(name: str) -> str:
    """As PEP 503 has it: `Foo_Bar.baz` and `foo-bar-baz` are the same package."""
    return re.sub(r"[-_.]+", "-", name).lower()
