"""uv: what it is told, and what it says when it fails, as one error that says what to do."""

import json
import re
from collections.abc import Collection, Iterable

from ..settings.model import Settings
from ..util import disk_full
from ..util.errors import BuildError
from .file import canonical
from .tags import platform_tag

SHOWN = 12  # lines of the installer's own words
HEAD = 3  # of these: what failed, in uv's words
NOT_BUILT = (
    "it has no wheel and does not compile in the image: pin a version with a wheel, or add what it "
    "needs to the image (docker/Dockerfile, or in your own app an `image` that has it); what it "
    "wants to download needs build-network = true"
)
BUILT_ELSEWHERE = "build it in the image (builder=docker)"
BUILT_WHERE_PINNED = (
    "give it a line of its own, NAME==VERSION, also where only another package asks for it: then "
    "it is built in the image"
)
SAY_SO = (
    "; with a lock say so, by a line `--no-binary NAME` in {requirements}: what builds it is in no "
    "lock"
)
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
    (r"no wheels? with a matching|no (compatible|usable) wheel|has no wheels|Only wheels"
     r"|building source distributions is disabled",
     "no wheel for {platform}: pin a version that has one, or {build}{say_so}"),
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
    said = {canonical(lacks_wheel(output)), canonical(wants_wheel(output)), ":all:"}
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
