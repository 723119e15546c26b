"""Why something failed in the proof, as far as its error tells: what to say and what to do.

Some causes say nothing of the layer's bytes: time, memory, a full disk. Such an answer is no proof,
and nobody keeps it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

PIN = (
    "pin versions that work together, add the missing package or library, or take the package out "
    "of the requirements if nothing of yours imports it"
)
CONFIGURED = (
    "{what} of .chalice/config.json is the function's alone: give the import test its own, "
    "which need not be the real one: proof-env = {{{pairs}}} in [tool.lambda-layer]"
)
# Words before "library" that are no library's name.
_WORDS = (
    "load|find|open|locate|the|this|that|its|your|our|no|a|an|any|of|in|for|from|is|and|or|standard|"
    "python|native|required|shared|client|dynamic|external|system|underlying|necessary|needed|"
    "optional|correct|compatible|installed|third-party|same|following|named|called"
)
# The loader's own words, and those of packages that look for a library by its name. What else the
# loader says of a library is of one that is there. A package may have a name that begins with lib.
_SOUGHT = r"(?:\bf(?:ind|ound)|load|install|locat|missing|available|present|detect)"
_LIBRARY = (
    r"(?<![\w.+-])(?P<what>[\w.+-]{1,255}\.so(?:\.\w+){0,9}): cannot open shared object file"
    r"|^(?i:(?!.*(?:no module named|\.so[\w.]*: ))"
    rf"(?=.*(?:\bnot\b|n't\b|\bno library|cannot|unable to|failed to))(?=.*{_SOUGHT}).*?)"
    r"(?P<other>(?i:(?<=library ['\"])[\w.+-]+|(?<=library called ['\"])[\w.+-]+"
    r"|(?<![\w./-])lib(?!rar|rosa|cst\b|sass\b|tmux\b|pysal\b)[a-z][\w.+-]*\w"
    r"(?! (?:native|module|package|extension)\b)|(?<=/)lib[a-z][\w.+-]*\.so[\w.]*"
    rf"|(?<![\w.+-])(?!(?:{_WORDS})\b)[\w.+-]+"
    r"(?=['\"]? (?:(?:c|shared|client) )*library\b)))"
)

_OF_LOADER = r"(?<![\w.+-])(?P<what>[\w.+-]{1,255}\.so[\w.]{0,99})"

# Standard modules that a Python from 3.10 on has lost ("What's New", 3.10, 3.12 and 3.13).
REMOVED = (
    "aifc", "asynchat", "asyncore", "audioop", "binhex", "cgi", "cgitb", "chunk", "crypt",
    "distutils", "formatter", "imghdr", "imp", "lib2to3", "mailcap", "msilib", "nis", "nntplib",
    "ossaudiodev", "parser", "pipes", "smtpd", "sndhdr", "spwd", "sunau", "symbol", "telnetlib",
    "uu", "xdrlib",
)  # fmt: skip
_REMOVED = rf"No module named '(?P<what>{'|'.join(REMOVED)})(?=['.])"


_REFUSED = "(?:Read-only file system|Permission denied|Operation not permitted)"
_UNCERTAIN = re.compile(r"exit status -|KeyboardInterrupt: |Timeout|timed out")
# Python's own sentences about a name that is not there: whatever it is called, that is no reason.
_OF_NAMES = re.compile(
    r"cannot import name '[^']*' from (?:partially initialized module )?'[^']*'"
    r"(?: \((?:/[^()]*|unknown location|most likely due to a circular import|consider [^()]*)\))*"
    r"|(?:(?:partially initialized )?module|type object)? ?'[^']*'(?: object)? has no attribute "
    r"'[^']*'|'[^']*' object attribute '[^']*' is read-only|\bname '[^']*' is not defined"
    r"|duplicate base class [\w.]+"
    r"|(?:cannot access )?(?:local|free) variable '[^']*' (?:where it is not|referenced before)"
    r"|(?<=\. )Did you mean:? .*\?"
)


# What frameworks say before they are set up: Django, Flask, celery, peewee, ray.
_NOT_SET_UP = re.compile(
    r"(?i:ImproperlyConfigured|AppRegistryNotReady|NotConfigured|working outside of"
    r"|(?<!could )not (?:yet |been )*(?:configured|initiali[sz]ed|set up)\b"
    r"|must (?:first |be )*(?:configured?|initiali[sz]ed?|set up)\b"
    r"|call \S*(?:configure|init|setup)\w*\()"
)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """`pattern`: of the error's line, with the thing at fault as group `what`, where it has one.
    `why`: a sentence, `fix`: the way out, both with {what}, or {top}, the first part of a
    dotted name, or {pairs}, as settings have variables. `of_bytes`: does it follow from the
    layer?"""

    name: str
    pattern: str
    why: str
    fix: str
    of_bytes: bool = True


CAUSES = (
    Cause(
        name="time",
        pattern=r"no end after (?P<what>\d+) s",
        why="the import did not end in {what} s, nor in another {what} s when nothing else ran",
        fix="give it more time: proof-timeout in [tool.lambda-layer] (seconds); Lambda gives a "
        "function 10 s for all its imports, then starts again within the function's time",
        of_bytes=False,
    ),
    Cause(
        name="killed",
        pattern=r"exit status -(?:9|15|2|1)$",
        why="the system killed what tried it, most likely for want of memory",
        fix="give this machine, or the Docker engine, more memory, then run the command again",
        of_bytes=False,
    ),
    Cause(
        name="instruction",
        pattern=r"exit status -4$",
        why="its compiled code uses an instruction that this processor lacks (SIGILL)",
        fix="run it on another machine, or pin a version whose wheel is for any processor of the "
        "layer's architecture",
        of_bytes=False,
    ),
    Cause(
        name="crash",
        pattern=r"exit status -(?P<what>\d+)$",
        why="compiled code of it crashed: signal {what} ended the process (11 is a segmentation "
        "fault, 6 an abort)",
        fix="pin another version, or one whose wheel is for this Python; or leave the package out",
    ),
    Cause(
        name="exit",
        pattern=r"exit status (?P<what>\d+)$"
        r"|SystemExit: (?!.*(?:\[unset variable|No module named))",
        why="the import ends the process, and in Lambda the function's with it",
        fix="pin a version that does not exit while it is imported, or leave the package out",
    ),
    Cause(
        name="memory",
        pattern=r"MemoryError(?=[:(]|$)|std::bad_alloc|\[Errno 12\]|Cannot allocate memory",
        why="there was not enough memory",
        fix="give this machine, or the Docker engine, more memory, then run the command again",
        of_bytes=False,
    ),
    Cause(
        name="limit",
        pattern=r"lowered the limit of open files to (?P<what>\d+)$",
        why="a function that imports it may have {what} files open, sockets included, and no more",
        fix="pin a version that leaves the limit alone, or leave the package out",
    ),
    Cause(
        name="descriptors",
        pattern=r"Too many open files",
        why="the import opens more files, sockets and pipes than the 1,024 that Lambda lets a "
        "function have open",
        fix="pin a version that opens fewer while it is imported, or leave the package out",
    ),
    Cause(
        name="program",
        pattern=r"\(there is no program (?P<what>[^)]+)\)"
        r"|(?:CommandNotFound: \W*|\bnot executable: "
        r"|Command '(?=.*' returned non-zero exit status 127))(?P<other>[\w.+/-]+)",
        why="the import starts the program {what}, and Lambda's image has none of that name",
        fix="pin a version that starts {what} only when it is called, or set the variable that "
        "lets the package do without it (in proof-env, and in environment_variables of "
        ".chalice/config.json); or leave the package out",
    ),
    Cause(
        name="machine",
        pattern=r"can't start new thread|\[Errno (?:11|23|28|122)\]",
        why="there was no room for more processes, files or bytes: Lambda allows 1,024 processes "
        "and threads and, unless the function has more, 512 MB in /tmp; or this machine is full",
        fix="if the import needs that much, pin a version that needs less; else free some, then "
        "run the command again: see `df`, `ulimit -a`, `docker info`",
        of_bytes=False,
    ),
    Cause(
        name="display",
        pattern=r"\[unset variable: (?:WAYLAND_)?DISPLAY\]$|^KeyError: '(?:WAYLAND_)?DISPLAY'"
        r"|\$(?:WAYLAND_)?DISPLAY\b|DisplayNameError|NoSuchDisplay|(?i:\b(?:bad|no) display name)"
        r"|(?i:connect to (?:the |an? )?(?:display|x[ -]?server))|\bX (?:server|connection)\b"
        r"|\bDISPLAY environment variable|Unable to init server"
        r"|No available video device|'headless' is currently running|No Qt bindings|QtBindings",
        why="the import wants a screen, and a function has no display",
        fix="pin a version that looks for a display only when it is used, or leave the package out",
    ),
    Cause(
        name="no home",
        pattern=r"\[unset variable: HOME\]$|^KeyError: 'HOME'",
        why="the import wants the environment variable HOME, which Lambda does not set",
        fix='set HOME = "/tmp" in environment_variables of .chalice/config.json and in proof-env, '
        "or pin a version that asks for the home as os.path.expanduser does",
    ),
    Cause(
        name="variable",
        pattern=r"\[unset variable: (?P<what>[^\]]+)\]$"
        r"|^(?!.*\[unset )"
        r"(?=.*(?<![\w/])(?:os\.)?(?i:environ|env[- ]?var|variable)(?!\w*(?:/|\.py\b)))"
        r".*?(?<![\w/])(?P<other>[A-Z][A-Z0-9]*_[A-Z0-9_]+)\b",
        why="the import wants the environment variable {what}, which the import test does not set",
        fix="give the import test a value: proof-env = {{{pairs}}} in [tool.lambda-layer]. "
        "The function gets its own from environment_variables in .chalice/config.json",
    ),
    Cause(
        name="sqlite",
        pattern=r"(?i:(?P<what>\bsqlite)3?\b"
        r"(?=.*\b(?:version|or (?:later|newer|higher)|requires?)\b|.*>=))",
        why="the import wants a newer {what} than Lambda's Python has: 3.7.17 for Python 3.10 and "
        "3.11, 3.40.0 from 3.12 on",
        fix="build for Python 3.12 or newer, or pin a version that takes this SQLite. Or add "
        "pysqlite3-binary to the requirements, and give it to whoever imports sqlite3 (the page of "
        "the package says how)",
    ),
    Cause(
        name="worded package",
        pattern=r"^(?!.*(?:\.so\b|\b(?:shared|C) library\b))(?:.*?\bpip3? install (?:-\S+ )*['\"`]?"
        r"(?P<what>\w[\w.-]*\w)|.*?(?i:missing optional dependency) ['\"`](?P<other>[\w.-]+)"
        r"|.*?(?i:\bthe )['\"`]?(?P<absent>[\w.-]+)['\"`]? (?:[Pp]ython )?package is not installed"
        r"|.*?(?i:\binstall (?:the )?['\"`]?)(?P<named>(?!(?:missing|this|that|the|it|a|an)\b)"
        r"[\w.-]+)['\"`]? (?:[Pp]ython )?package\b"
        rf"|(?:ImportError|ModuleNotFoundError): (?:.*?\s)?['\"`]?(?P<library>(?!lib|(?:{_WORDS})"
        r"\b)\w[\w.-]*)['\"`]? (?:[Pp]ython )?library (?:is |was )?"
        r"(?:not (?:installed|found|available)|missing|required)\b)",
        why="the import wants the package {what}, which is not in the layer",
        fix="add {what} to the requirements, or pin a version that does without",
    ),
    Cause(
        name="too new",
        pattern=r"\bversion [`'\"](?P<what>[\w.]+)' not found \(required by",
        why="Lambda's system has no {what}: the package is built for a newer one",
        fix="pin a version with a wheel for Lambda's system (an older manylinux), or leave the "
        "package or these files out with `drop`",
    ),
    Cause(
        name="static memory",
        pattern=rf"{_OF_LOADER}: cannot allocate memory in static TLS block",
        why="{what} needs a kind of memory of which the loader has little (static TLS), and what "
        "was loaded before has taken it",
        fix="import the package that brings {what} before all others, also in app.py, or pin "
        "another version of it",
    ),
    Cause(
        name="executable stack",
        pattern=rf"{_OF_LOADER}: cannot enable executable stack",
        why="{what} wants an executable stack. The glibc of this machine (2.41 or newer) refuses "
        "it, Lambda's allows it",
        fix="build in Lambda's image: start Docker, and omit builder=host; or pin a version whose "
        "{what} does without",
        of_bytes=False,
    ),
    Cause(
        name="mapping",
        pattern=rf"{_OF_LOADER}: (?:failed to map segment|cannot (?:restore segment|read file data"
        "|create shared object|change memory protection|stat shared object))",
        why="{what} is there, and this machine did not let it be loaded: it lies on a disk without "
        "the right to run (noexec), SELinux forbids it, or the disk or memory is full",
        fix="let files in build/ and in the temporary folder (TMPDIR) run; or start Docker, and "
        "omit builder=host",
        of_bytes=False,
    ),
    Cause(
        name="cache",
        pattern=r"no locator available for file '(?P<what>[^']*)'",
        why="the import has numba keep compiled code beside {what} or in the home directory, and "
        "only /tmp can be written to in Lambda",
        fix='set NUMBA_CACHE_DIR = "/tmp" in environment_variables of .chalice/config.json and in '
        "proof-env",
    ),
    Cause(
        name="library",
        pattern=_LIBRARY,
        why="Lambda's image has no {what}, and no package of the layer brings it",
        fix="pin a version whose wheel holds {what}, or make such a wheel (`auditwheel repair` "
        "where the library is installed) and name its folder with --find-links in the "
        "requirements; or leave the package out",
    ),
    Cause(
        name="tkinter",
        pattern=r"No module named '(?P<what>_tkinter)'",
        why="Lambda's Python has no tkinter, and a function has no display",
        fix="pin a version that imports tkinter only when it is used, or leave the package out",
    ),
    Cause(
        name="home",
        pattern=r"(?P<what>/home/sbx_user1051[^'\s]*)",
        why="the import writes to the home directory, which cannot be made in Lambda (there: "
        "[Errno 30] Read-only file system: '/home/sbx_user1051')",
        fix='only /tmp can be written to: set HOME = "/tmp", or the variable that the package has '
        "for its folder, in environment_variables of .chalice/config.json and in proof-env",
    ),
    Cause(
        name="shared memory",
        pattern=r"(?P<what>/dev/shm)\b|\[Errno 38\]|FileNotFoundError: \[Errno 2\] No such file or "
        r"directory$",
        why="the import wants shared memory, as multiprocessing's Lock, Queue and Pool do: Lambda "
        "has no /dev/shm (there: OSError: [Errno 38] Function not implemented)",
        fix="pin a version that makes no lock while it is imported, or leave the package out; "
        "multiprocessing.Pipe and threads work in Lambda",
    ),
    Cause(
        name="layer",
        pattern=rf"{_REFUSED}\D*(?P<what>/opt[^'\s]*)",
        why="the import writes to {what}: a layer is read-only in Lambda, only /tmp is not",
        fix="see whether the package has a setting or variable for where it writes, and set it to "
        "/tmp (proof-env, environment_variables in .chalice/config.json); or leave the package out",
    ),
    Cause(
        name="read-only",
        pattern=rf"{_REFUSED}"
        r"(?:: '(?P<other>[^/'][^']*)|\D*?(?P<what>/[^'\s]*))",
        why="the import writes to {what}: only /tmp can be written to in Lambda",
        fix="see whether the package has a setting or variable for where it writes, and set it to "
        "/tmp (proof-env, environment_variables in .chalice/config.json); or leave the package out",
    ),
    Cause(
        name="no place",
        pattern=r"(?i:\b(?:not|no|non-?)[ -]?writ(?:e)?able\b|\bunwrit(?:e)?able\b"
        r"|\bwritable (?:\w+ ){0,2}(?:directory|folder|path|location)"
        r"|\bread-?only (?:database|directory|folder)|unable to open database file)",
        why="the import looks for a place to write to, and only /tmp can be written to in Lambda",
        fix="see whether the package has a setting or variable for where it writes, and set it to "
        "/tmp (proof-env, environment_variables in .chalice/config.json); or leave the package out",
    ),
    Cause(
        name="locale",
        pattern=r"unsupported locale setting",
        why="the import sets the locale that LANG names, en_US.UTF-8, and Lambda's image does not "
        "have its files",
        fix='set LC_ALL = "C.UTF-8" in environment_variables of .chalice/config.json and in '
        "proof-env, or pin a version that sets no locale while it is imported",
    ),
    Cause(
        name="network",
        pattern=r"(?:Connection(?:Refused|Reset|Aborted)?Error|gaierror|URLError)(?=[:(]|$)"
        r"|Network is unreachable|[Nn]ame resolution|Name or service not known|ConnectTimeout",
        why="the import connects to something. The import test has no network, and a function "
        "would wait for it at each cold start",
        fix="pin a version that connects only when it is called, or leave the package out",
    ),
    Cause(
        name="old six",
        pattern=r"No module named '(?P<what>(?:\w+\.)*six\.moves\b[\w.]*)'",
        why="{what} is of a copy of six older than 1.16, which does not work since Python 3.12: "
        "the package that has it is too old for this Python",
        fix="pin a newer version of the package, or six>=1.16 where six itself is that old",
    ),
    Cause(
        name="setuptools",
        pattern=r"No module named '(?P<what>pkg_resources|distutils)(?=['.])",
        why="{what} comes with setuptools, which nobody asked for, and no longer with Python",
        fix="pin a version that does without {what}, or add setuptools<81 to the requirements "
        "(later ones are without pkg_resources)",
    ),
    Cause(
        name="old standard module",
        pattern=_REMOVED,
        why="{what} was a module of the standard library, which this Python has no longer",
        fix="pin a version of the package that is made for this Python, or leave the package out",
    ),
    Cause(
        name="submodule",
        pattern=r"No module named '(?P<what>\w+(?:\.\w+)+)'",  # Python names the outermost absent
        why="{top} is there, and has no {what}: one of the packages is too old or too new for "
        "the other or for this Python, or broken",
        fix="pin another version of the package that fails; or, where {what} is a package of its "
        "own (a part of google, azure, …), add that to the requirements",
    ),
    Cause(
        name="package",
        pattern=r"No module named '(?P<what>[\w.]+)'",
        why="{what} is in no package of the layer",
        fix="add the missing package to the requirements, or pin a version that does without",
    ),
)


def of(error: str) -> tuple[Cause, str] | None:
    """The first that fits, and what is at fault. Of no error none, as of most imports."""
    said = without_names(error)
    for cause in CAUSES if error else ():
        if found := re.search(cause.pattern, said):
            return cause, next(filter(None, found.groupdict().values()), "")
    return None


def without_names(error: str) -> str:
    """What else it says: a reason in brackets, or a variable that is not set."""
    return _OF_NAMES.sub("", error)


def is_of_bytes(error: str) -> bool:
    """Would it be the same another time?"""
    found = of(error)
    return found is None or found[0].of_bytes


def is_certain(error: str) -> bool:
    """Is it, whatever else the machine did? A crash may come of a thread that was not to be had."""
    return is_of_bytes(error) and not _UNCERTAIN.search(without_names(error))


def is_unset(error: str) -> bool:
    """Does it want something that other code may do before, as Django's settings are made?"""
    found = of(error)
    return found[0].name == "variable" if found else bool(_NOT_SET_UP.search(error))


def is_library(error: str) -> bool:
    """Is it one that Lambda's image lacks?"""
    found = of(error)
    return found is not None and found[0].name == "library"


def is_removed(error: str) -> bool:
    """Is it for a standard module that this Python has no longer?"""
    return re.search(_REMOVED, error) is not None


def reasons(errors: Mapping[str, str]) -> list[str]:
    """Lines on {name: error}: those of one reason together, with it behind them."""
    groups: dict[str, list[str]] = {}
    for name, error in errors.items():
        groups.setdefault(_told(error)[0], []).append(f"{name}: {error}")
    return [line for why, lines in groups.items() for line in [*lines, why] if line]


def ways_out(errors: Mapping[str, str], configured: Collection[str] = ()) -> str:
    """One for each reason, with the names that it is for where there is more than one.
    `configured`: variables that config.json gives to functions."""
    groups: dict[str, list[str]] = {}
    for name, error in errors.items():
        groups.setdefault(_told(error, configured)[1], []).append(name)
    if len(groups) == 1:
        return next(iter(groups))
    return "\n→ ".join(f"{', '.join(names)}: {fix}" for fix, names in groups.items())


def _told(error: str, configured: Collection[str] = ()) -> tuple[str, str]:
    """(why, the way out)"""
    if not (found := of(error)):
        return "", PIN
    cause, what = found
    each = what.split(", ")  # variables
    names = {"what": what, "top": what.partition(".")[0],
             "pairs": ", ".join(f'{name} = "…"' for name in each)}  # fmt: skip
    is_configured = cause.name == "variable" and set(each) <= set(configured)
    fix = CONFIGURED if is_configured else cause.fix
    return cause.why.format(**names), fix.format(**names)
