"""tasks/sandbox/container/docker_images.py: what can be told without an engine."""

from pathlib import Path

import pytest

from tasks.sandbox.container import docker_images


def test_the_first_ca_bundle_that_is_there_is_taken(tmp_path: Path) -> None:
    """In the order in which uv, pip and requests are named; a folder or a lost file is none."""
    for name in ("uv", "pip"):
        (tmp_path / name).write_text(name)
    named = {"PIP_CERT": str(tmp_path / "pip"), "REQUESTS_CA_BUNDLE": str(tmp_path / "lost")}
    assert docker_images.ca_bundle(named) == b"pip"
    assert docker_images.ca_bundle(named | {"SSL_CERT_FILE": str(tmp_path / "uv")}) == b"uv"
    assert docker_images.ca_bundle(named | {"SSL_CERT_FILE": str(tmp_path)}) == b"pip"
    assert docker_images.ca_bundle(named | {"SSL_CERT_FILE": ""}) == b"pip"
    assert docker_images.ca_bundle({"REQUESTS_CA_BUNDLE": str(tmp_path / "lost")}) == b""
    assert docker_images.ca_bundle({}) == b""


def test_proxies_are_taken_in_either_spelling() -> None:
    """Nothing else is, and no empty ones."""
    named = {"https_proxy": "http://a:1", "NO_PROXY": "b", "HTTP_PROXY": ""}
    assert docker_images.proxies(named | {"PATH": "/bin", "all_proxy_": "c"}) == {
        "https_proxy": "http://a:1",
        "NO_PROXY": "b",
    }


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
