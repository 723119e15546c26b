"""tasks/util/errors.py: one hierarchy, every message ends with what to do."""

import pytest

from tasks.util import errors


@pytest.mark.parametrize("kind", errors.LayerError.__subclasses__())
def test_every_error_ends_with_what_to_do(kind: type[errors.LayerError]) -> None:
    """Problem first, remedy last."""
    assert str(kind("broken", fix="mend it")) == "broken\n→ mend it"
