"""tasks/image/assemble.py and check.py: what Lambda takes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tasks.image import assemble, check
from tasks.image.assemble import Base, Image
from tasks.image.tar_layer import Layer
from tasks.settings.model import IMAGE_LIMIT, Settings
from tasks.util import files
from tasks.util.errors import VerifyError

CONFIG: dict[str, Any] = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2026-11-29T10:00:00Z",
    "container": "f00",
    "docker_version": "20.10",
    "config": {"Entrypoint": ["/lambda-entrypoint.sh"], "Env": ["LANG=en_US.UTF-8"], "User": None},
    "history": [{"created_by": "ADD file"}],
    "rootfs": {"type": "layers", "diff_ids": ["sha256:b0"]},
}


def layer(name: str, unpacked: int = 1000) -> Layer:
    return Layer(
        digest=f"sha256:{name}", size=10, diff_id=f"sha256:d-{name}", unpacked=unpacked, title=name
    )


BASE = Base(reference="base:3.12", digest="", config=CONFIG, layers=(layer("base"),))


def made(base: Base = BASE, own: int = 2, **more: int) -> Image:
    return assemble.assemble(base, [layer(f"l{x}", **more) for x in range(own)], "app.app")


def changed(**config: Any) -> Image:
    return made(replace(BASE, config={**CONFIG, **config}))


def refused(image: Image, settings: Settings | None = None) -> str:
    with pytest.raises(VerifyError) as error:
        check.check_image(settings or Settings(), image)
    return error.value.problem


def test_an_image_that_lambda_takes() -> None:
    image = made()
    manifest, config = json.loads(image.manifest), json.loads(image.config)
    assert [x["digest"] for x in manifest["layers"]] == ["sha256:base", "sha256:l0", "sha256:l1"]
    assert {x["mediaType"] for x in manifest["layers"]} == {assemble.LAYER}
    assert manifest["config"]["digest"] == assemble.digest(image.config)
    assert config["rootfs"]["diff_ids"] == ["sha256:d-base", "sha256:d-l0", "sha256:d-l1"]
    assert config["config"]["Cmd"] == ["app.app"]
    assert config["config"]["Entrypoint"] == ["/lambda-entrypoint.sh"]
    assert config["config"]["WorkingDir"] == "/var/task"
    assert len(config["history"]) == 3
    check.check_image(Settings(), image)


def test_the_digest_depends_on_nothing_but_base_and_layers() -> None:
    """Neither on the time at which the base was made, nor on the engine that had it."""
    other = {**CONFIG, "created": "2030-01-01T00:00:00Z", "container": "ba5", "docker_version": "9"}
    assert made().digest == made(replace(BASE, config=other)).digest
    assert made().tag == f"i-{made().digest.removeprefix('sha256:')}"
    assert made().digest != made(own=1).digest


def test_another_architecture_is_refused() -> None:
    said = refused(changed(architecture="arm64"))
    assert "the base image is for linux/arm64, the stage's functions are for linux/amd64" in said
    check.check_image(Settings(architecture="arm64"), changed(architecture="arm64"))


def test_too_large_is_refused() -> None:
    assert "12.0 GB unpacked, Lambda takes 10.7 GB" in refused(made(own=1, unpacked=12_000_000_000))
    check.check_image(Settings(), made(own=1, unpacked=10_500_000_000))
    check.check_image(Settings(), made(own=1, unpacked=IMAGE_LIMIT - 1000))


def test_too_many_layers_are_refused() -> None:
    assert "128 layers, Lambda takes 127" in refused(made(own=127))
    check.check_image(Settings(), made(own=126))


def test_a_base_without_an_entrypoint_is_refused() -> None:
    assert "no entrypoint" in refused(changed(config={}))


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ("PYTHONPATH=/usr/lib/spatial:/opt/python", "PYTHONPATH = '/usr/lib/spatial:/opt/python'"),
        ("PYTHONPATH=", "PYTHONPATH = ''"),
        ("PYTHONHOME=/usr", "PYTHONHOME = '/usr'"),
    ],
)
def test_a_base_that_changes_what_is_imported_is_refused(env: str, why: str) -> None:
    """Its packages would be found before those that were tested, or none."""
    said = refused(changed(config={**CONFIG["config"], "Env": ["LANG=C", env]}))
    assert f"the base image sets {why}" in said


def test_a_base_whose_config_and_manifest_differ_is_refused() -> None:
    said = refused(replace(made(), layers=made().layers[:1]))
    assert "another number of layers" in said


@pytest.mark.parametrize(
    ("where", "value", "why"),
    [
        ("mediaType", "application/vnd.oci.image.index.v1+json", "no list of images"),
        ("config", {"mediaType": "application/vnd.in-toto+json"}, "its config is"),
        ("layers", [{"mediaType": "application/vnd.oci.image.layer.v1.tar+zstd"}], "zstd"),
    ],
)
def test_what_no_registry_refuses(where: str, value: Any, why: str) -> None:
    """An index (buildx#1533), an attestation, zstd, gzip under another name (rules_oci#777)."""
    manifest = json.loads(made().manifest) | {where: value}
    assert why in refused(replace(made(), manifest=files.canonical(manifest)))


def test_all_that_is_wrong_is_said_at_once() -> None:
    said = refused(made(replace(BASE, config={**CONFIG, "os": "windows"}), own=130))
    assert len(said.splitlines()) == 3
