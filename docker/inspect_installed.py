"""What was installed, by distribution: files moved apart, and what they say read once.

    inspect_installed.py INSTALLED APART REQUEST RESULT

INSTALLED is where the installer wrote to. Each of its distributions moves to APART/<key>. REQUEST
is {distribution: key}, RESULT {key: facts}, both JSON. One that is not in REQUEST is refused, under
its folder's name. Runs in Lambda's image or under the host's Python. Standard library only.

Facts of one distribution: "name", "version", "folder" (its dist-info). "files" {path: [bytes,
executable]}. "slim" {path of a shared object: bytes that stripping leaves at least}. "hashes"
{path: RECORD's}. "texts" {METADATA, RECORD: content}. "links" {path: target} of links to what is no
file of it. "programs": files of bin/ that are no scripts of Python's. "inits" {path: text} of small
`__init__.py`. "targets": modules that its entry points name. "modules" {path: [imports, quoted file
names, lazy, what it reads (code_words.py), those of the imports that happen as soon as it is
imported]} of its code (for tasks/layer/prune/). An index that names files is among them.
"contents" {path: sha256} of what the wheel brought, "altered": those of them that RECORD says
something else of. A script of Python stands there without the lines that the installer writes
(BEHIND). "pure": is its wheel for any platform? "refused" {path: why no layer may hold it}, where
there are some.
"""

import base64
import csv
import functools
import gc
import hashlib
import io
import json
import os
import re
import signal
import stat
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import elf
import folder_references
import fork_pool
import license_files
import module_references

Facts = dict[str, Any]
# (): nothing; None: it takes so long to say that nobody can have written it.
Said = module_references.Said | tuple[()] | None
Read = tuple[
    str, str, Said
]  # key/path, sha256 of what the wheel brought ('' of others), what it says

_READ = {"METADATA", "RECORD", "entry_points.txt"}
_INSTALLERS = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}
_BLOCK = bytearray(1 << 20)  # to read into
BILL = 10_000_000  # bytes of a bill of materials; one of more is none
TEXT, CODE = 16 << 20, 64 << 20  # bytes of metadata, of a module; both are read as a whole
PATIENCE = 20  # seconds of processor time for one module; large ones take a tenth of one
CODES_EFFORT = 20  # a byte of a module, against one of another file
INDEX = 1 << 20  # bytes of one
INDEXES = (".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".xml", ".zcml")
LINE = 5000  # bytes: a path has 4,096 at most
SMALL = 2048  # bytes of an __init__.py
# One of more may declare a namespace, with much before it.
DECLARING, DECLARES = 65_536, ("extend_path", "declare_namespace")
# How uv begins a script of Python's: with the interpreter, or what starts one with a long name.
_STARTS = re.compile(
    rb"#!(/\S*python[0-9.]*w?\n|/bin/sh\n(#[^\n]*\n)?"
    rb"'''exec' ('[^'\n]*python[0-9.]*w?'|\"\$\(printf %b( ?'\\'0[0-7]{3})+\)\")"
    rb" \"\$0\" \"\$@\"\n' '''\n)"
)
START = 1 << 16  # bytes; a path has 4,096
BEHIND = " behind its first line"
# Part of no running program: they name sources and headers to compile them.
_BUILD_SCRIPTS = {"setup.py", "setup_common.py", "conftest.py"}


def main(installed: str, apart: str, request: str, result: str) -> None:
    keys = json.loads(Path(request).read_text(encoding="utf-8"))
    found: dict[str, Facts] = {}
    wanted: dict[str, list[str]] = {}
    for folder in sorted(Path(installed).glob("*.dist-info")):
        facts = distribution(folder)
        key = keys.get(facts["name"], "")
        if key in found:
            raise SystemExit(f"{facts['name']} was installed twice")
        names = {*facts["hashes"], *(f"{folder.name}/{name}" for name in _READ)}
        refused = {name: why for name in sorted(names) if (why := unwanted(installed, name))}
        if not key:  # inside another's wheel; its name is any text, so no place to write to
            key, refused = folder.name, {folder.name: "is of a distribution nobody asked for"}
            facts["hashes"] = {}
        wanted[key] = [name for name in facts["hashes"] if name not in refused]
        found[key] = facts | ({"refused": refused} if refused else {})
    take_apart(installed, apart, wanted, found)
    Path(installed).rename(f"{apart}-{os.getpid()}")  # the installer begins with an empty folder
    Path(result).write_text(json.dumps(found), encoding="utf-8")


def take_apart(
    installed: str, apart: str, wanted: dict[str, list[str]], found: dict[str, Facts]
) -> None:
    """Move each distribution's files, read what its modules say and compare them with RECORD, side
    by side."""

    indexed = {key for key, names in wanted.items() if any(map(folder_references.holds, names))}

    def work(task: "tuple[str, list[str]]") -> "list[Any]":
        kind, names = task
        if kind == "read":
            return read(installed, names, indexed)
        return [(key, moved(installed, apart, key, wanted[key], found[key])) for key in names]

    for facts in found.values():
        facts |= {"modules": {}, "contents": {}}
    for (kind, _), results in fork_pool.each(shared_out(installed, wanted), work):
        take_in(found, kind, results)
    bring = Counter(name for facts in found.values() for name in facts["hashes"])
    both = contested(found)  # whichever came last; they are named later
    for facts in found.values():
        for name in (*both, *facts.pop("scripts")):
            facts["contents"].pop(name, None)
            facts["contents"].pop(f"{name}{BEHIND}", None)
        facts["modules"] = dict(sorted(facts["modules"].items()))
        facts["hashes"] |= unrecorded(facts, bring)
        facts["altered"] = altered(facts["hashes"], facts["contents"])


def take_in(found: dict[str, Facts], kind: str, results: "list[Any]") -> None:
    if kind == "move":
        for key, facts in results:
            found[key] |= facts
        return
    for name, digest, said in results:
        key, _, path = name.partition("/")
        if digest:
            found[key]["contents"][path] = digest
        path = path.removesuffix(BEHIND)
        if said:
            found[key]["modules"][path] = said
        elif said is None:
            found[key].setdefault("refused", {})[path] = (
                f"takes over {PATIENCE} s to read, and so is no module that anybody wrote"
            )


def shared_out(installed: str, wanted: dict[str, list[str]]) -> "list[tuple[str, list[str]]]":
    """[(what to do, [key or key/name])]"""
    every = (
        (f"{key}/{name}", cost)
        for key, names in wanted.items()
        for name in names
        if (cost := effort(installed, name))
    )
    moves = fork_pool.shares(((key, len(names)) for key, names in wanted.items()), fork_pool.JOBS)
    return [
        *(("move", share) for share in moves),
        *(("read", share) for share in fork_pool.shares(every)),
    ]


def effort(installed: str, name: str) -> int:
    """To read it, about: a module is read with patterns. 0 for what is not read."""
    if is_code(name) and (size := size_of(installed, name)):
        return CODES_EFFORT * size
    return _lstat(f"{installed}/{name}")[1] + 1 if is_the_wheels(installed, name) else 0


def is_the_wheels(installed: str, name: str) -> bool:
    """A file as the wheel brought it. What the installer says of itself is its own."""
    folder, _, file = name.rpartition("/")
    own = folder.endswith(".dist-info") and file in _INSTALLERS
    plain = _kind(f"{installed}/{name}") == stat.S_IFREG
    return plain and not own


def installers(installed: str, name: str) -> int:
    """How many of its first bytes the installer has written."""
    if not name.startswith("bin/"):
        return 0
    with open(f"{installed}/{name}", "rb", buffering=0) as file:
        start = _STARTS.match(file.read(START))
    return start.end() if start else 0


def hashed(path: str, skipped: int) -> str:
    """Of the file from there on."""
    digest, block = hashlib.sha256(), memoryview(_BLOCK)
    with open(path, "rb", buffering=0) as file:
        file.seek(skipped)
        while count := file.readinto(block):
            digest.update(block[:count])
    return digest.hexdigest()


def contested(found: dict[str, Facts]) -> set[str]:
    """Files that two distributions claim, with different hashes."""
    claims: dict[str, set[str]] = {}
    for facts in found.values():
        for name, said in facts["hashes"].items():
            claims.setdefault(name, set()).add(said)
    return {name for name, said in claims.items() if len(said) > 1}


def unrecorded(facts: Facts, bring: "Mapping[str, int]") -> dict[str, str]:
    """Hashes, as RECORD writes them, of files that it has none of. `bring`: how many packages
    do. Of several only the last one's came to lie there. Each is installed alone for that."""
    return {
        name: f"sha256={encoded(digest)}"
        for name, digest in facts["contents"].items()
        if not facts["hashes"].get(name) and bring[name] == 1
    }


def encoded(digest: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode()


def altered(recorded: "dict[str, str]", contents: "dict[str, str]") -> list[str]:
    """Files that are not what RECORD says of them (a hash of another kind says nothing here)."""
    found = []
    for name, said in recorded.items():
        kind, _, value = said.partition("=")
        if kind == "sha256" and name in contents:
            found += [name] if encoded(contents[name]) != value.rstrip("=") else []
    return sorted(found)


def distribution(folder: Path) -> Facts:
    """Of one dist-info."""
    texts = {name: _text(folder / name) for name in ("METADATA", "RECORD")}
    name = header("Name", texts["METADATA"]) or folder.name.split("-")[0]
    points = _text(folder / "entry_points.txt")
    return {
        "name": re.sub(r"[-_.]+", "-", name).lower(),
        "version": header("Version", texts["METADATA"]),
        "folder": folder.name,
        "texts": texts,
        "hashes": recorded(texts["RECORD"]),
        "targets": targets(points),
        "scripts": scripts(points),
        "pure": header("Tag", _text(folder / "WHEEL")).endswith("-any"),
    }


def header(name: str, metadata: str) -> str:
    """The first of this name, '' where there is none. Not `email`, which takes longer to import
    than all else here."""
    headers = re.split(r"\r?\n\r?\n", metadata, maxsplit=1)[0]
    found = re.search(rf"(?mi)^{name}[ \t]*:(.*)$", headers)
    return found[1].strip() if found else ""


def targets(text: str) -> list[str]:
    """Modules of an entry_points.txt: `name = module:object [extra]`. Of any text."""
    values = (line.partition("=")[2] for line in text.splitlines() if "=" in line)
    return sorted({name for value in values if (name := re.split(r"[:\[\s]", value.strip())[0])})


def scripts(text: str) -> list[str]:
    """Programs that the installer makes of an entry_points.txt."""
    found = []
    for section in re.split(r"(?m)^[ \t]*\[", text):
        if section.startswith(("console_scripts]", "gui_scripts]")):
            found += [f"bin/{line.partition('=')[0].strip()}" for line in section.splitlines()]
    return found


def _text(path: Path) -> str:
    """'' of what is no file, or too large to be one that is read (`unwanted` says so)."""
    if path.is_file() and path.stat().st_size > TEXT:
        return ""
    return path.read_bytes().decode(errors="surrogateescape") if path.is_file() else ""


def recorded(record: str) -> dict[str, str]:
    """{path: hash} of a RECORD. Scripts are recorded as ../../bin/x. With --target they lie in
    bin/."""
    csv.field_size_limit(len(record) + 1)  # a path may be as long as it likes
    rows = csv.reader(io.StringIO(record, newline=""))
    return {
        row[0].lstrip("./") if row[0].startswith("../") else row[0]: "".join(row[1:2])
        for row in rows
        if row
    }


def unwanted(installed: str, name: str) -> str:
    """Why no layer may hold this file. '' for one that it may, and for none."""
    root = os.path.join(_real(installed), "")
    if os.path.isabs(name) or ".." in name.split("/"):
        return "leads out of the layer"
    mode, size = _lstat(path := f"{installed}/{name}")
    if not mode:
        return ""
    if not os.path.join(_real(os.path.dirname(path)), "").startswith(root):
        return "lies behind a link that leads out of the layer"
    if stat.S_ISREG(mode) and size > largest(name):
        return f"is larger than {largest(name) >> 20} MB, and so no text that anybody wrote"
    if mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(mode):
        return "would run as another user (set-user-ID or set-group-ID)"
    known = stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)
    return "" if known else "is a device, pipe or socket"


def largest(name: str) -> int:
    """Bytes of a file that is read as a whole. Of others there may be any number."""
    if name.endswith(".py"):
        return CODE
    return TEXT if ".dist-info/" in name and name.rpartition("/")[2] in _READ else sys.maxsize


_real = functools.cache(os.path.realpath)


def moved(installed: str, apart: str, key: str, names: "list[str]", said: Facts) -> Facts:
    facts = move(installed, os.path.join(apart, key), names)
    return facts | shipped(os.path.join(apart, key), facts, said["texts"]["METADATA"])


def shipped(target: str, facts: Facts, metadata: str) -> Facts:
    """The texts of its licences, and of bills of materials."""
    sizes = {name: size for name, (size, _) in facts["files"].items() if name not in facts["links"]}
    named = license_files.named_by(metadata)
    licenses = [
        name
        for name in sizes
        if license_files.is_license(name, named)
        and (".dist-info/" in name or not license_files.is_binary(Path(target, name)))
    ]
    bills = [name for name in sizes if re.match(r"[^/]+\.dist-info/sboms/", name)]
    return {
        "licenses": {name: _text_up_to(target, name, license_files.LARGEST) for name in licenses},
        "sboms": {name: _text_up_to(target, name, BILL) for name in bills},
    }


def _text_up_to(target: str, name: str, limit: int) -> "str | None":
    path = Path(target, name)
    return _text(path) if path.stat().st_size <= limit else None


def move(installed: str, target: str, names: Iterable[str]) -> Facts:
    """Its files, below `target` from now on. A file that two distributions claim goes to both."""
    files: dict[str, list[int]] = {}
    slim: dict[str, int] = {}
    links, programs, made = {}, [], set()
    for name in names:
        source, goal = f"{installed}/{name}", f"{target}/{name}"
        kind = _kind(source)
        if kind not in (stat.S_IFREG, stat.S_IFLNK):
            continue
        if (folder := os.path.dirname(goal)) not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        outward = ""
        if kind == stat.S_IFLNK:
            outward, source = _outward(source, installed), os.path.realpath(source)
        if outward:
            links[name] = outward
        status = _place(source, goal, outward)
        files[name] = [status.st_size, int(bool(status.st_mode & 0o100))]
        if ".so" in name and not outward and (loaded := elf.loaded_bytes(goal)):
            slim[name] = min(loaded, status.st_size)
        if name.startswith("bin/") and name not in links and not _is_script(goal):
            programs.append(name)
    sizes = {name: size for name, (size, _) in files.items() if name not in links}
    found = {"files": files, "slim": slim, "links": links, "programs": programs}
    return found | {"inits": dict(inits(target, sizes))}


def inits(target: str, sizes: "dict[str, int]") -> "Iterator[tuple[str, str]]":
    """Of those that are small, or declare a namespace: what they hold."""
    for name, size in sizes.items():
        if name.endswith("/__init__.py") and size <= DECLARING:
            text = _text(Path(target, name))
            if size <= SMALL or any(word in text for word in DECLARES):
                yield name, text


@functools.cache
def _lstat(path: str) -> "tuple[int, int]":
    """(mode, bytes) of what is installed. (0, 0) where nothing is."""
    try:
        status = os.lstat(path)
    except OSError:
        return 0, 0
    return status.st_mode, status.st_size


def _kind(path: str) -> int:
    return stat.S_IFMT(_lstat(path)[0])


def _outward(source: str, root: str) -> str:
    """The target of a link that leads to no file of the tree. Else ''."""
    inside = os.path.realpath(source).startswith(os.path.join(os.path.realpath(root), ""))
    return "" if inside and os.path.isfile(source) else os.readlink(source)


def _place(source: str, goal: str, outward: str) -> os.stat_result:
    try:
        if outward:
            os.symlink(outward, goal)
        else:
            os.link(source, goal)
    except FileExistsError:  # of a run before
        os.unlink(goal)
        return _place(source, goal, outward)
    return os.lstat(goal)


def _is_script(path: str) -> bool:
    """Of Python's: what its first line names is the installer's. A path that is long or has a space
    stands in the second one, for /bin/sh."""
    with open(path, "rb") as file:
        first, second = file.readline(LINE), file.readline(LINE)
    named = second if second.startswith(b"'''exec' ") else first
    return first.startswith(b"#!") and b"python" in named


def is_code(name: str) -> bool:
    """Of a running program."""
    return name.endswith(".py") and name.rpartition("/")[2] not in _BUILD_SCRIPTS


def size_of(installed: str, name: str) -> int:
    """In bytes. 0 for what is no file of the tree."""
    path = f"{installed}/{name}"
    kind = _kind(path)
    if kind == stat.S_IFREG:
        return _lstat(path)[1]
    leads_to_file = kind == stat.S_IFLNK and not _outward(path, installed)
    return os.stat(path).st_size if leads_to_file else 0


def read(installed: str, names: Iterable[str], indexed: Collection[str] = ()) -> "list[Read]":
    """Of each key/path, once: what it holds, and what it says. `indexed`: keys of those whose
    indexes may name files that rules would take."""
    signal.signal(signal.SIGVTALRM, lose_patience)
    found: list[Read] = []
    for name in names:
        key, _, path = name.partition("/")
        own = is_the_wheels(installed, path)
        skipped = installers(installed, path) if own else 0
        called, size = f"{name}{BEHIND}" if skipped else name, size_of(installed, path)
        if not size or not (is_code(path) or (own and key in indexed and is_index(path, size))):
            digest = hashed(f"{installed}/{path}", skipped) if own else ""
            found.append((called, digest, ()))
            continue
        with open(f"{installed}/{path}", "rb", buffering=0) as file:  # twice as fast as text
            content = file.read()
        digest = hashlib.sha256(content[skipped:]).hexdigest() if own else ""
        found.append((called, digest, says(path, content)))
    return found


def is_index(name: str, size: int) -> bool:
    """May it list files of its package?"""
    return name.endswith(INDEXES) and size <= INDEX and ".dist-info/" not in name


def says(path: str, content: bytes) -> "Said":
    """What a module says, or an index."""
    text = content.decode(errors="replace").replace("\r\n", "\n")
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
        found = (
            module_references.module(path, text)
            if is_code(path)
            else (*folder_references.index(path, text), False, [], [])
        )
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TimeoutError:
        return None
    return found if any(found) else ()


def lose_patience(*_: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    gc.disable()  # what is read stays to the end
    main(*sys.argv[1:])
