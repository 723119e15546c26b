"""Where S3 holds what: the one module that knows the keys of objects.

Deploy, history, gc, the bucket's lifecycle rule and the IAM policies all follow from here.
"""

import re
from collections.abc import Iterable

LAYERS, STAGES, IMAGES = "layers/", "chalice/", "images/"
# Below a stage: Chalice's state, what was deployed last, the lock, what ran before, the packages
# that Chalice made last, and the start of a pin's name.
STATE, RECORD, LOCK, ATTEMPT = "deployed.json", "record.json", "lock.json", "attempt.json"
PACKAGES = ("package-a.zip", "package-b.zip")
PIN = "pin-"
IMAGES_RUN = "images.json"  # what a stage of images ran, in order
NUMBERS, INPUTS = "versions", "inputs"  # the folders of small notes
TIME = len("YYYYMMDD-HHMMSS")  # characters of a folder's name that say when


def prefix(layer: str) -> str:
    """What every key of the layer in S3 begins with."""
    return f"{LAYERS}{layer}/"


def folder(layer: str, built: str) -> str:
    """Where S3 holds one zip and its manifest. `built`: YYYYMMDD-HHMMSS, UTC. For
    one that met another zip of that second `apart` from it."""
    return f"{prefix(layer)}{built}"


def apart(built: str, sha256: str) -> str:
    """The folder of a zip whose second has another zip's folder already."""
    return f"{built[:TIME]}-{sha256[:8]}"


def manifest_key(layer: str, built: str) -> str:
    return f"{folder(layer, built)}/manifest.json"


def zip_key(layer: str, built: str) -> str:
    return f"{folder(layer, built)}/{layer}.zip"


def bom_key(layer: str, built: str) -> str:
    return f"{folder(layer, built)}/{layer}.cdx.json"


def note_key(layer: str, number: int) -> str:
    """Where S3 notes when a version was built, and so where its zip lies, also after it was
    deleted."""
    return f"{prefix(layer)}{NUMBERS}/{number}"


def noted(layer: str, keys: Iterable[str]) -> list[int]:
    """The numbers that have such a note, oldest first: what was ever published from here."""
    note = re.compile(re.escape(f"{prefix(layer)}{NUMBERS}/") + r"([1-9]\d*)")
    return sorted(int(found[1]) for key in keys if (found := note.fullmatch(key)))


def alias_key(layer: str, input_hash: str) -> str:
    """Where S3 notes which version holds what these inputs make, when other inputs made it."""
    return f"{prefix(layer)}{INPUTS}/{input_hash}"


def split_key(layer: str, key: str) -> tuple[str, str]:
    """(folder, name in it) of a key of the layer. The folder is NUMBERS, INPUTS or a zip's."""
    folder_name, _, name = key.removeprefix(prefix(layer)).partition("/")
    return folder_name, name


def stage(app: str, stage_name: str) -> str:
    """What every key of the app's stage begins with."""
    return f"{STAGES}{app}/{stage_name}/"


def repository(name: str) -> str:
    """What every key about the images of a repository begins with."""
    return f"{IMAGES}{name}/"


def image_parts(name: str, input_hash: str) -> str:
    """Which parts the image of these inputs has."""
    return f"{repository(name)}{INPUTS}/{input_hash}"


def image_releases(name: str) -> str:
    """What every key of a numbered image begins with."""
    return f"{repository(name)}{NUMBERS}/"


def image_release(name: str, number: int) -> str:
    return f"{image_releases(name)}{number}.json"


def image_mark(name: str, number: int, digest: str) -> str:
    """An object without content: its key alone says which image has the number."""
    return f"{image_releases(name)}{number}-{digest.removeprefix('sha256:')}"


def image_begun(name: str, digest: str) -> str:
    """An object without content: this image was pushed from here, or was to be."""
    return f"{images_begun(name)}{digest.removeprefix('sha256:')}"


def images_begun(name: str) -> str:
    """What every key of an image begins with that was pushed from here."""
    return f"{repository(name)}pushed/"


def marked_images(name: str, keys: Iterable[str]) -> dict[str, int]:
    """{digest: its number} of those that have such a key."""
    mark = re.compile(re.escape(image_releases(name)) + r"([1-9]\d*)-([0-9a-f]{64})")
    return {f"sha256:{x[2]}": int(x[1]) for key in keys if (x := mark.fullmatch(key))}


def image_numbers(name: str, keys: Iterable[str]) -> list[int]:
    """The numbers of images, newest first."""
    note = re.compile(re.escape(image_releases(name)) + r"([1-9]\d*)\.json")
    return sorted((int(each[1]) for key in keys if (each := note.fullmatch(key))), reverse=True)


def repositories(keys: Iterable[str]) -> set[str]:
    """Those that the keys are about."""
    parts = re.compile(re.escape(IMAGES) + rf"(.+)/{INPUTS}/[0-9a-f]{{64}}")
    return {each[1] for key in keys if (each := parts.fullmatch(key))}
