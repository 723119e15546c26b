"""uv's own words when it fails, as one error that says what to do."""

import re
from collections.abc import Collection

from ...requirements import uv
from ...requirements.file import canonical
from ...settings.model import Settings
from ...util import disk_full
from ...util.errors import BuildError
from .missing_wheels import BUILT_ELSEWHERE, BUILT_WHERE_PINNED, NOT_BUILT, SAID, SAY_SO, WAY_OUT

SHOWN = 12  # lines of the installer's own words
HEAD = 3  # of these: what failed, in uv's words
_FIXES = (
    (r"Git executable not found", "a line comes out of a git repository, and git is not there: "
     "install it here (builder=host) or use an image that has it (`image`), or write the address "
     "of an archive: NAME @ https://…/archive/COMMIT.zip"),
    (r"40[13] (Unauthorized|Forbidden)|authentication credentials", "the index wants other "
     "credentials: in UV_INDEX_<NAME>_USERNAME and _PASSWORD, in pip.conf or in ~/.netrc"),
    (r"ash mismatch", "the file does not have the hash that the lock or the index has: check which "
     "index is configured, then `./doitw lock`"),
    (r"`--require-hashes` mode", "a package stands in {lock} without hashes: `./doitw lock`"),
    (r"invalid package format|Failed to (extract|read|unzip)|Bad CRC|not a valid zip|truncated"
     r"|unexpected end of file|wheel is invalid", "the wheel is damaged where it comes from, on "
     "the index or in the folder of --find-links: put a whole one there, or pin another version"),
    (f"(?i:{disk_full.SAID})", "{space}"),
    (r"Failed to initialize cache", "set HOME or UV_CACHE_DIR to a folder that you can write to"),
    (r"invalid value .* for '--", "correct what names an index: UV_… and PIP_… variables, uv.toml, "
     "pip.conf"),
    (SAID, WAY_OUT),
    (r"requires Python|does not satisfy Python", "it does not run on Python {python}: pin a "
     "version that does in {requirements}, or change `python` in pyproject.toml"),
    (r"was not found in the package registry|not found in the (package )?(registry|index)",
     "no such package on the index: check its spelling in {requirements}"),
    (r"there (is|are) no versions? of|only .* (is|are) available|no version of",
     "no such version: pin one that exists in {requirements}"),
    (r"was not found in the provided package locations", "`--no-index` asks no index: put its "
     "wheel into the folder of --find-links, or take the line --no-index out of {requirements}"),
    (r"No solution found|unsatisfiable", "the pins contradict each other: loosen one of those "
     "named in {requirements}"),
    (r"Failed to build|build backend returned|Call to .* failed", NOT_BUILT),
    (r"dns error|Could not connect|error sending request|timed? ?out|certificate|tls",
     "the index cannot be reached: check the network, proxy variables and SSL_CERT_FILE"),
)  # fmt: skip


def explain(
    output: str, settings: Settings, kind: str, allowed: Collection[str] = ()
) -> BuildError:
    """uv's last words (the package and why), and the fix that goes with them. `kind`: of the
    sandbox that it ran in. `allowed`: names that lines allow to be built."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    start = next((i for i, line in enumerate(lines) if re.match(r"\s*(error:|×)", line)), 0)
    head, shown = "\n".join(lines[start:][:HEAD]), "\n".join(shorten(lines[start:]))
    unknown = "the lines above are the installer's own; correct {requirements}"
    fix = next((f for text in (head, shown) for p, f in _FIXES if re.search(p, text)), unknown)
    platform = f"Python {settings.python} on {settings.architecture}"
    said = {canonical(uv.lacks_wheel(output)), canonical(uv.wants_wheel(output)), ":all:"}
    return BuildError(
        f"the installer failed:\n{shown or 'it said nothing'}",
        fix=fix.format(
            platform=platform,
            python=settings.python,
            requirements=settings.requirements,
            lock=settings.lock,
            space=disk_full.way_out(kind),
            build=BUILT_ELSEWHERE if kind == "host" else BUILT_WHERE_PINNED,
            say_so="" if said & {*allowed} else SAY_SO.format(requirements=settings.requirements),
        ),
    )


def shorten(lines: list[str]) -> list[str]:
    """The first lines (which package) and, of a build's long log, those from its first error on."""
    if len(lines) <= SHOWN:
        return lines
    head, rest = lines[:HEAD], lines[HEAD:]
    wrong = (i for i, line in enumerate(rest) if re.search(r"(?i)\b\w*error:", line))
    return [*head, "  …", *rest[next(wrong, 0) :][: SHOWN - HEAD - 1]]
