"""Locks in TOML, pylock.toml (PEP 751) and pdm.lock, read as lines of pip's own format."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..util.errors import InputError

_NAME = re.compile(r"[A-Z0-9]([A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)  # PEP 508
MAJOR = "1."  # of `lock-version`; the specification keeps to it until it breaks


def requirements(text: str, file: str) -> str:
    """One pinned line a package, with its hashes. InputError, all bad entries at once."""
    document = _parsed(text, file)
    with _well_formed(file):
        groups = {*document.get("default-groups", ())}
        packages = [each for each in document.get("packages", []) if _is_wanted(each, groups)]
        return _written(packages, file)


@contextmanager
def _well_formed(file: str) -> Iterator[None]:
    """InputError for whatever has another shape than the format's. `packaging` has a ValueError for
    a marker that is none."""
    try:
        yield
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        said = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(
            f"{file} is no lock as its format has it: {said}",
            fix="lock again with the tool that wrote it",
        ) from None


def _written(packages: Sequence[Mapping[str, Any]], file: str) -> str:
    wrong = [said for package in packages if (said := _problem(package))]
    if wrong:
        raise InputError(
            f"{file}: {'; '.join(wrong)}",
            fix="publish it as a package, or leave it to the function (requirements.txt)",
        )
    return "".join(f"{line}\n" for package in packages for line in _lines(package))


def of_pdm(text: str, file: str, group: str) -> str:
    """The same of PDM's, of one group: `default` is what the project itself needs. InputError where
    it does not say who asks for what."""
    document = _toml(text, file)
    with _well_formed(file):
        return _written(_of_group(document, file, group), file)


def _of_group(document: Mapping[str, Any], file: str, group: str) -> list[dict[str, Any]]:
    packages = [each for each in document.get("package", []) if not each.get("extras")]
    if not all("groups" in each for each in packages):
        problem = f"{file} does not say which group a package is of"
        raise InputError(problem, fix="run `pdm lock --strategy inherit_metadata`")
    wanted = [each for each in packages if group in each["groups"]]
    if not wanted:
        known = ", ".join(sorted({name for each in packages for name in each["groups"]}))
        problem = f"{file} has no package of group {group}. There are: {known or 'none'}"
        raise InputError(problem, fix="name one with --group")
    return [
        {**each, "wheels": [_pdm_file(x) for x in each.get("files", ())],
         **({"vcs": {}} if "git" in each else {}), **({"directory": {}} if "path" in each else {})}
        for each in wanted
    ]  # fmt: skip


def _pdm_file(file: Mapping[str, Any]) -> dict[str, Any]:
    kind, _, value = str(file.get("hash", "")).partition(":")
    return {"hashes": {kind: value}}


def _toml(text: str, file: str) -> dict[str, Any]:
    import tomli

    try:
        return tomli.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{file} is not TOML: {error}", fix="lock again with the tool that wrote it"
        ) from None


def _parsed(text: str, file: str) -> dict[str, Any]:
    document = _toml(text, file)
    version = str(document.get("lock-version", ""))
    if not version.startswith(MAJOR):
        problem = f"{file} has lock-version {version!r}, and {MAJOR}x is read"
        raise InputError(problem, fix="make it with a tool that writes PEP 751's first version")
    return document


def _problem(package: Mapping[str, Any]) -> str:
    name = str(package.get("name", "a package"))
    for kind in ("directory", "vcs", "archive"):
        if kind in package and not (kind == "archive" and package[kind].get("url")):
            return f"{name} comes from a {kind}, which is no package of an index"
    has_files = package.get("wheels") or package.get("sdist") or package.get("archive")
    return "" if has_files else f"{name} names no file"


def _lines(package: Mapping[str, Any]) -> Iterator[str]:
    archive = package.get("archive")
    pinned = f"=={package['version']}" if "version" in package else ""
    wanted = f"{package['name']}{f' @ {archive["url"]}' if archive else pinned}"
    marker = f" ; {package['marker']}" if package.get("marker") and not _of_lock(package) else ""
    files = [archive] if archive else [*package.get("wheels", ()), package.get("sdist") or {}]
    hashes = sorted({f"{kind}:{value}" for each in files for kind, value in _hashes(each)})
    if not (_NAME.fullmatch(package["name"]) and "".join([wanted, marker, *hashes]).isprintable()):
        raise ValueError(f"{package['name']!r} is no package that can be written in one line")
    yield f"{wanted}{marker}" + "".join(f" \\\n    --hash={each}" for each in hashes)


def _of_lock(package: Mapping[str, Any]) -> bool:
    """Has its marker words that only locks have?"""
    return any(word in package.get("marker", "") for word in ("dependency_groups", "extras"))


def _is_wanted(package: Mapping[str, Any], groups: set[str]) -> bool:
    """Is it more than a developers' group or an extra asks for?"""
    from packaging.markers import Marker

    if not _of_lock(package):
        return True
    environment: dict[str, Any] = {"extras": set[str](), "dependency_groups": groups}
    return Marker(package["marker"]).evaluate(environment, context="lock_file")


def _hashes(file: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    found = file.get("hashes", {})
    yield from ((kind, found[kind]) for kind in ("sha256",) if kind in found)
