"""tasks/sandbox/container/docker_images.py: what can be told without an engine."""

import pytest

from tasks.sandbox.container import docker_images


def test_the_builders_tag_follows_its_content() -> None:
    """The same for the same parts; bytes that move from one part to the next count."""
    seen = {
        docker_images.content_tag(parts)
        for parts in ([b"a", b"b"], [b"ab", b""], [b"", b"ab"], [b"b", b"a"], [b"a\0b"])
    }
    assert len(seen) == 5
    assert docker_images.content_tag([b"a", b"b"]) in seen


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("public.ecr.aws/lambda/python:3.12", "public.ecr.aws/lambda/python", "3.12"),
        ("python", "python", "latest"),
        ("localhost:5000/python", "localhost:5000/python", "latest"),
        ("localhost:5000/python:3.12", "localhost:5000/python", "3.12"),
        ("a/b@sha256:12", "a/b", "sha256:12"),
        ("a:5000/b@sha256:12", "a:5000/b", "sha256:12"),
        ("a:5000/b:3.12@sha256:12", "a:5000/b", "sha256:12"),
    ],
)
def test_an_image_is_asked_for_by_name_and_tag(image: str, name: str, tag: str) -> None:
    """A digest wins over the tag beside it, as for `docker pull`."""
    assert docker_images._reference(image) == (name, tag)
