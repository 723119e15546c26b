"""pylock.toml (PEP 751), read as lines of pip's own format."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..util.errors import InputError

MAJOR = "1."  # of `lock-version`; the specification keeps to it until it breaks


def requirements(text: str, file: str) -> str:
    """One pinned line a package, with its hashes. InputError, all bad entries at once."""
    document = _parsed(text, file)
    groups = {*document.get("default-groups", ())}
    packages = [each for each in document.get("packages", []) if _is_wanted(each, groups)]
    wrong = [said for package in packages if (said := _problem(package))]
    if wrong:
        raise InputError(
            f"{file}: {'; '.join(wrong)}",
            fix="publish it as a package, or leave it to the function (requirements.txt)",
        )
    return "".join(f"{line}\n" for package in packages for line in _lines(package))


def _parsed(text: str, file: str) -> dict[str, Any]:
    import tomli

    try:
        document = tomli.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not TOML: {error}", fix="make it again") from None
    version = str(document.get("lock-version", ""))
    if not version.startswith(MAJOR):
        problem = f"{file} has lock-version {version!r}; {MAJOR}x is read"
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
