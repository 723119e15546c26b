"""steps/image_parts.py: how many blobs an image has room for."""

from typing import Any

import pytest

from tasks.image import base, blobs
from tasks.image.assemble import Base
from tasks.image.tar_layer import Layer
from tasks.settings.model import Settings
from tasks.steps import image_parts

LAYER = Layer(digest="sha256:1", size=1, diff_id="sha256:2", unpacked=1)


@pytest.mark.parametrize(("of_base", "own"), [(1, 101), (25, 101), (26, 100), (60, 66), (126, 1)])
def test_a_base_with_many_layers_leaves_room_for_fewer(
    monkeypatch: pytest.MonkeyPatch, of_base: int, own: int
) -> None:
    """Of 150 heavy packages. With the app an image has 127 at most."""

    def of_parts(*_: Any, most: int = blobs.MOST) -> list[Layer]:
        return [LAYER] * (min(most, 150) + 1)

    found = Base(reference="b", digest="", config={}, layers=(LAYER,) * of_base)
    monkeypatch.setattr(base, "find_base", lambda settings: found)
    monkeypatch.setattr(blobs, "of_parts", of_parts)
    assert image_parts.layers(Settings(), [], {}) == (found, [LAYER] * own)
