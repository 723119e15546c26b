"""uv: what it is told, and what it says of wheels. Its errors: layer/wheels/uv_errors.py."""

import json
import re
from collections.abc import Iterable

from ..settings.model import Settings
from .tags import platform_tag

_NO_WHEEL = re.compile(r"Wheels are required for `([\w.-]+)`")
_NONE_FITS = re.compile(r"\b([\w.-]+)(?:\[[^]]*\])?==\S+ has no wheels with a matching")
HALF_DONE = "Failed to install"  # what uv says when files could not be laid down


def installing(settings: Settings, builder: str, *, hashed: bool) -> tuple[str, ...]:
    """Its arguments to lay exactly what {work}/requirements.txt says into an empty {work}/python,
    from wheels alone: whatever is built is built elsewhere. Files are linked from its cache where
    the file system allows."""
    words = ["pip", "install", "--no-progress", "--target", "{work}/python", "--no-deps"]
    words += ["--requirements", "{work}/requirements.txt", "--no-compile-bytecode"]
    return (*words, *["--require-hashes"] * hashed, "--no-config", *_platform(settings, builder))


def resolving(
    settings: Settings, builder: str, sources: Iterable[str] = (), newest: str = ""
) -> tuple[str, ...]:
    """Its arguments to write what {work}/requirements.txt comes to, with hashes, to
    {work}/resolved.txt. It builds nothing: of `sources`, names that have no wheel,
    {work}/metadata.toml says the metadata. `newest`: nothing that the index got after it."""
    words = ["pip", "compile", "{work}/requirements.txt", "--output-file", "{work}/resolved.txt"]
    words += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    words += ["--exclude-newer", newest] if newest else []
    return (*words, *source_words(sources), *_platform(settings, builder))


def trying(settings: Settings, builder: str, *, lowest: bool) -> tuple[str, ...]:
    """Its arguments to print which version of {work}/requirements.txt's one package has a wheel:
    the lowest of them, or the highest."""
    words = ["pip", "compile", "{work}/requirements.txt", "--no-deps", "--no-header", "--no-config"]
    words += ["--no-annotate", "--resolution", "lowest" if lowest else "highest"]
    return (*words, *_platform(settings, builder))


def version_of(name: str, output: str) -> str:
    """Of the package, in what that prints."""
    found = re.search(rf"^{re.escape(name)}==(\S+)", output, re.M)
    return found[1] if found else ""


def source_words(sources: Iterable[str]) -> list[str]:
    """A configuration of ours with the metadata of these, and no other."""
    words = [word for name in sources for word in ("--no-binary", name)]
    return ["--config-file", "{work}/metadata.toml", *words] if words else ["--no-config"]


def _platform(settings: Settings, builder: str) -> tuple[str, ...]:
    """Without `--only-binary` uv runs a package's build scripts, as the user that it is. For
    another machine than it runs on it must be told the platform."""
    words = ["--python", "{interpreter}", "--no-python-downloads", "--only-binary", ":all:"]
    if builder == "host":
        words += ["--python-platform", platform_tag(settings)]
        words += ["--python-version", settings.python]
    return tuple(words)


def locating(name: str) -> tuple[str, ...]:
    """Its arguments to write where the source of {work}/source.txt lies to {work}/pylock.toml."""
    words = ["pip", "compile", "{work}/source.txt", "--no-deps", "--format", "pylock.toml"]
    words += ["--output-file", "{work}/pylock.toml", "--quiet", *source_words([name])]
    return (*words, "--python", "{interpreter}", "--no-python-downloads")


def listing() -> tuple[str, ...]:
    """Its arguments to write all files of {work}/source.txt's package, whatever they are for, to
    {work}/pylock.toml."""
    words = ["pip", "compile", "{work}/source.txt", "--no-deps", "--format", "pylock.toml"]
    words += ["--output-file", "{work}/pylock.toml", "--quiet", "--universal", "--no-config"]
    return (*words, "--only-binary", ":all:", "--python", "{interpreter}", "--no-python-downloads")


def exporting(settings: Settings, builder: str) -> tuple[str, ...]:
    """Its arguments to write what {work}/requirements.txt pins to {work}/pylock.toml (PEP 751)."""
    words = ["pip", "compile", "{work}/requirements.txt", "--no-deps", "--format", "pylock.toml"]
    words += ["--output-file", "{work}/pylock.toml", "--quiet", "--no-header", "--no-config"]
    return (*words, *_platform(settings, builder))


def installing_tools(target: str) -> tuple[str, ...]:
    """Its arguments to install {work}/tools.txt, what builds a package, from wheels."""
    words = ["pip", "install", "--quiet", "--target", target, "--requirements", "{work}/tools.txt"]
    words += ["--no-config", "--only-binary", ":all:", "--no-compile-bytecode"]
    return (*words, "--python", "{interpreter}", "--no-python-downloads")


def metadata_config(known: Iterable[tuple[str, str, list[str]]]) -> bytes:
    """uv's configuration that says it: [(name, version, Requires-Dist)]."""
    tables = [
        f"{{name = {json.dumps(name)}, version = {json.dumps(version)}, "
        f"requires-dist = {json.dumps(requires)}}}"
        for name, version, requires in known
    ]
    return f"dependency-metadata = [{', '.join(tables)}]\n".encode()


def wants_wheel(output: str) -> str:
    """The package that has none, in what it says. '' for another error."""
    found = _NO_WHEEL.search(output)
    return found[1] if found else ""


def lacks_wheel(output: str) -> str:
    """The package of which no wheel is for the platform, whether or not it has a source."""
    found = _NONE_FITS.search(output)
    return found[1] if found else wants_wheel(output)
