"""tasks/proof/causes.py: why something failed, out of its one line."""

import pytest

from tasks.proof import causes

NO_FILE = "cannot open shared object file: No such file or directory"


@pytest.mark.parametrize(
    ("error", "name", "what"),
    [
        (f"ImportError: libodbc.so.2: {NO_FILE}", "library", "libodbc.so.2"),
        # packages that look for a library themselves, each in its own words
        (f"OSError: cannot load library 'libgobject-2.0-0': libgobject-2.0-0: {NO_FILE}",
         "library", "libgobject-2.0-0"),  # weasyprint
        ('OSError: no library called "cairo-2" was found', "library", "cairo-2"),  # cairocffi
        ("ImportError: failed to find libmagic.  Check your installation", "library", "libmagic"),
        ("ImportError: Unable to find zbar shared library", "library", "zbar"),  # pyzbar
        ("OSError: sndfile library not found using ctypes.util.find_library", "library", "sndfile"),
        ("OSError: PortAudio library not found", "library", "PortAudio"),  # sounddevice
        ('ImproperlyConfigured: Could not find the GDAL library (tried "gdal")', "library", "GDAL"),
        ("ImportError: The 'enchant' C library was not found.", "library", "enchant"),
        ("ImportError: MagickWand shared library not found.", "library", "MagickWand"),  # wand
        ("ModuleNotFoundError: Couldn't locate OpenSlide shared library.", "library", "OpenSlide"),
        # which Lambda has, in an older version; or which must come first
        ("ImportError: /lib64/libc.so.6: version `GLIBC_2.36' not found (required by /opt/x.so)",
         "too new", "GLIBC_2.36"),
        ("ImportError: /lib64/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by x)",
         "too new", "GLIBCXX_3.4.32"),
        ("ImportError: libgomp-d22c30c5.so.1.0.0: cannot allocate memory in static TLS block",
         "static memory", "libgomp-d22c30c5.so.1.0.0"),
        ("ImportError: The h5py library is not installed", "worded package", "h5py"),
        ("ImportError: pandas library not found", "worded package", "pandas"),
        ("SystemExit: set API_TOKEN [unset variable: API_TOKEN]", "variable", "API_TOKEN"),
        ("SystemExit: install it (No module named 'libcst')", "package", "libcst"),
        ("ModuleNotFoundError: No module named '_tkinter'", "tkinter", "_tkinter"),
        ("ModuleNotFoundError: No module named 'libcst'", "package", "libcst"),
        ("PermissionError: [Errno 13] Permission denied: '/var/lib/x'", "read-only", "/var/lib/x"),
        ("OSError: [Errno 30] Read-only file system: 'logs/a.log'", "read-only", "logs/a.log"),
        ("KeyError: 'DATABASE_URL' [unset variable: DATABASE_URL]", "variable", "DATABASE_URL"),
        ("KeyError: 'DISPLAY' [unset variable: DISPLAY]", "display", ""),  # mouseinfo
        ('DisplayNameError: Bad display name ""', "display", ""),  # pystray
        ("TclError: no display name and no $DISPLAY environment variable", "display", ""),
        ("ImportError: this platform is not supported: ('failed to acquire X connection: …')",
         "display", ""),  # pynput
        ("QtBindingsNotFoundError: No Qt bindings could be found", "display", ""),  # qtpy
        ('NoSuchDisplayException: Cannot connect to "None"', "display", ""),  # pyglet
        ("ImportError: The requests_toolbelt library is not installed, please install the "
         "requests_toolbelt package to use it.", "worded package", "requests_toolbelt"),
        ("ImportError: The `pandas` package is not installed.", "worded package", "pandas"),
        ("Error: Unable to init server: Could not connect: Connection refused", "display", ""),
        ("ImportError: Missing optional dependency 'pyarrow'.  Use pip or conda.",
         "worded package", "pyarrow"),
        ("ImportError: libcst cannot be imported. Run `pip install libcst`.",
         "worded package", "libcst"),
        ("RuntimeError: x is not there: pip install -U \"redis[hiredis]\"", "worded package",
         "redis"),
        ("ImportError: Unable to find zbar shared library; pip install pyzbar", "library", "zbar"),
        ("ModuleNotFoundError: No module named 'kafka.vendor.six.moves'", "old six",
         "kafka.vendor.six.moves"),
        ("ModuleNotFoundError: No module named 'six.moves.urllib'", "old six", "six.moves.urllib"),
        ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools", "pkg_resources"),
        ("ModuleNotFoundError: No module named 'distutils'", "setuptools", "distutils"),
        ("Improper: SQLite 3.31 or later is required (found 3.7.17).", "sqlite", "SQLite"),
        (
            "RuntimeError: Your system has an unsupported version of sqlite3. Chroma requires "
            "sqlite3 >= 3.35.0.",
            "sqlite",
            "sqlite",
        ),
        ("ModuleNotFoundError: No module named 'imp'", "old standard module", "imp"),
        ("ModuleNotFoundError: No module named 'cgi'", "old standard module", "cgi"),
        ("ModuleNotFoundError: No module named 'impala'", "package", "impala"),
        ("ModuleNotFoundError: No module named 'typing.io'; 'typing' is not a package",
         "submodule", "typing.io"),
        ("ModuleNotFoundError: No module named 'google.api_core'", "submodule", "google.api_core"),
        ("RuntimeError: AA_TOKEN is not set [unset variable: AA_TOKEN]", "variable", "AA_TOKEN"),
        ("KeyError: 'dsn' [unset variable: dsn]", "variable", "dsn"),
        ("ImportError: Failed to initialize: Bad git executable. (there is no program git)",
         "program", "git"),  # GitPython
        ("CommandNotFound: ffmpeg", "program", "ffmpeg"),  # sh
        ("CalledProcessError: Command 'git --version' returned non-zero exit status 127.",
         "program", "git"),
        ("OSError: [Errno 24] Too many open files: '/dev/null'", "descriptors", ""),
        ("OSError: the import lowered the limit of open files to 3", "limit", "3"),
        ("Error: unsupported locale setting", "locale", ""),
        # places that cannot be written to, in words of their own
        ("RuntimeError: cannot cache function 'rdist': no locator available for file "
         "'/opt/python/umap/layouts.py'", "cache", "/opt/python/umap/layouts.py"),
        ("RuntimeError: cannot cache function '__o_fold': no locator available for file "
         "'/opt/python/librosa/core/notation.py'", "cache",
         "/opt/python/librosa/core/notation.py"),  # librosa#1868
        ("OperationalError: unable to open database file", "no place", ""),  # yfinance's cache
        ("OperationalError: attempt to write a readonly database", "no place", ""),
        ("OSError: Matplotlib requires access to a writable cache directory, but there was an "
         "issue with the default path (/x)", "no place", ""),
        ("ValueError: cache_dir /opt/python/x is not writable", "no place", ""),
        ("PermissionError: [Errno 1] Operation not permitted: '/opt/python/a/x'", "layer",
         "/opt/python/a/x"),
        # of a library that is there, in the loader's words
        ("ImportError: libctranslate2-bc15bf3f.so.4.5.0: cannot enable executable stack as shared "
         "object requires: Invalid argument", "executable stack",
         "libctranslate2-bc15bf3f.so.4.5.0"),  # faster-whisper
        ("ImportError: /opt/python/x/libx.so: failed to map segment from shared object: Operation "
         "not permitted", "mapping", "libx.so"),
        ("ImportError: libx.so.1: cannot read file data: Input/output error", "mapping",
         "libx.so.1"),
        ("ImportError: libx.so: cannot restore segment prot after reloc: Permission denied",
         "mapping", "libx.so"),
        ("RuntimeError: cannot load /usr/lib/libvosk.so", "library", "libvosk.so"),
        ("OSError: libusb is not installed", "library", "libusb"),
        # Python's own sentence, and a reason behind it
        (f"ImportError: cannot import name '_x' from 'a' (/opt/python/a/__init__.py) (libq.so.1: "
         f"{NO_FILE})", "library", "libq.so.1"),
        ("AttributeError: 'NoneType' object has no attribute 'split' [unset variable: A_B]",
         "variable", "A_B"),
        ("ConnectionError: Error 111 connecting to localhost:6379. Connection refused.", "network",
         ""),
        ("MaxRetryError: … (Caused by NewConnectionError('<urllib3.connection…", "network", ""),
        ("_ArrayMemoryError: Unable to allocate 8.00 GiB for an array", "memory", ""),
        ("KeyError: 'HOME' [unset variable: HOME]", "no home", ""),
    ],
)  # fmt: skip
def test_the_thing_at_fault_is_named(error: str, name: str, what: str) -> None:
    """With a way out that fits it."""
    found = causes.of(error)
    assert found
    assert (found[0].name, found[1]) == (name, what)
    lines, fix = causes.reasons({"pkg": error}), causes.ways_out({"pkg": error})
    assert lines[0] == f"pkg: {error}"
    assert what in " ".join([*lines[1:], fix]) or name == "tkinter"
    assert "NUMBA_CACHE_DIR" in fix or name != "cache"
    assert not {"{", "}"} & {*"".join(lines)}
    assert fix != causes.PIN


@pytest.mark.parametrize(
    "error",
    [
        "ImportError: cannot import name 'x' from 'lib2to3.y'",
        "ImportError: cannot import name 'Library' from 'foo'",
        "ValueError: this library is not for Lambda",
        "KeyError: 'EUR'",  # an ordinary dict's
        "RuntimeError: cannot find the standard library folder",
        "ImportError: Couldn't find the third-party library",
        "RuntimeError: the native library could not be loaded",
        "AttributeError: module 'lib' has no attribute 'X509_V_FLAG_NOTIFY_POLICY'",
        # a library that is there, and does not fit another one
        "ImportError: /opt/python/nvidia/cublas/lib/libcublas.so.12: symbol cublasLtGetVersion, "
        "version libcublasLt.so.12 not defined in file libcublasLt.so.12 with link time reference",
        "ImportError: /opt/python/a/libx.so: undefined symbol: _ZN1aE",
        "ImportError: /opt/python/a/libx.so: invalid ELF header",
        # packages whose names begin like a library's
        "AttributeError: module 'libcst' does not have what is wanted",
        "RuntimeError: libcst native parser could not be loaded",
        "ImportError: The foo library does not support this Python",
        # names of exceptions and variables, in Python's own sentences
        "ImportError: cannot import name 'OutOfMemoryError' from 'torch.cuda' (/opt/python/x.py)",
        "AttributeError: module 'x' has no attribute 'MemoryError'",
        "ImportError: cannot import name 'ConnectionError' from 'redis.exceptions'",
        "ImportError: cannot import name 'NewConnectionError' from 'urllib3.exceptions'",
        "ImportError: cannot import name 'URLError' from 'six.moves.urllib' (unknown location)",
        "AttributeError: module 'aiohttp' has no attribute 'ClientConnectionError'. Did you mean: "
        "'ClientOSError'?",
        "AttributeError: partially initialized module 'a' has no attribute 'ConnectTimeout' (most "
        "likely due to a circular import)",
        "NameError: name 'MemoryError' is not defined. Did you mean: 'ArrayMemoryError'?",
        "TypeError: duplicate base class TimeoutError",  # aioredis 2
        "UnboundLocalError: cannot access local variable 'HAS_SSL' where it is not associated with "
        "a value",
        "UnboundLocalError: local variable 'HAS_SSL' referenced before assignment",  # 3.10
        "NameError: cannot access free variable 'A_B' where it is not associated with a value in "
        "enclosing scope",
        "ImportError: cannot import name 'LOG_LEVEL' from 'app.variables' "
        "(/opt/python/app/variables.py)",
        "ImportError: cannot import name 'ENV_VAR_X' from 'foo.environ'",
        "FileNotFoundError: [Errno 2] No such file or directory: '/opt/environ/A_B.csv'",
    ],
)
def test_other_errors_are_no_libraries(error: str) -> None:
    """Versions that do not fit each other: pins are the way out."""
    assert causes.of(error) is None
    assert causes.reasons({"pkg": error}) == [f"pkg: {error}"]
    assert causes.ways_out({"pkg": error}) == causes.PIN


def test_several_variables_are_one_line_of_settings() -> None:
    """Where an error is about several at once."""
    error = "ValidationError: 2 validation errors for S [unset variable: A_KEY, B_KEY]"
    given = 'proof-env = {A_KEY = "…", B_KEY = "…"} in [tool.lambda-layer]'
    assert given in causes.ways_out({"a": error})
    both = causes.ways_out({"a": error}, {"A_KEY", "B_KEY", "C"})
    assert both.startswith("A_KEY, B_KEY of .chalice/config.json")
    assert given in both


def test_each_error_has_its_own_way_out() -> None:
    """In the order of the errors; those of one reason together, under it."""
    unset = " [unset variable: A_KEY]"
    errors = {
        "a": f"KeyError: 'A_KEY'{unset}", "b": "ImportError: odd", "c": "MemoryError: ",
        "d": "MemoryError: ", "e": "ImportError: other",
    }  # fmt: skip
    assert causes.reasons(errors) == [
        f"a: KeyError: 'A_KEY'{unset}",
        "the import wants the environment variable A_KEY, which the import test does not set",
        "b: ImportError: odd",
        "e: ImportError: other",
        "c: MemoryError: ",
        "d: MemoryError: ",
        "there was not enough memory",
    ]
    variable, other, memory = causes.ways_out(errors).split("\n→ ")
    assert variable.startswith("a: give the import test a value: proof-env = {A_KEY")
    assert other == f"b, e: {causes.PIN}"
    assert memory.startswith("c, d: give this machine, or the Docker engine, more memory")


def test_a_variable_that_config_json_has_is_the_functions_alone() -> None:
    """Whoever has set it there is told that the proof has its own."""
    error = "KeyError: 'A_KEY' [unset variable: A_KEY]"
    fix = causes.ways_out({"a": error}, {"A_KEY"})
    assert fix.startswith(
        "A_KEY of .chalice/config.json is the function's alone: give the import test"
    )
    assert fix.endswith('proof-env = {A_KEY = "…"} in [tool.lambda-layer]')
    assert causes.ways_out({"a": error}, {"B_KEY"}).startswith("give the import test a value")


@pytest.mark.parametrize(
    "error",
    ["exit status -11", "exit status -6", "exit status -7", "exit status -14", "exit status -24",
     "exit status -9", "KeyboardInterrupt: ", "TimeoutError: ", "MemoryError: ",
     "TimeoutExpired: Command 'ldconfig' timed out after 2 seconds",
     "RuntimeError: can't start new thread"],
)  # fmt: skip
def test_what_a_shortage_may_have_done_is_not_certain(error: str) -> None:
    """So no proof keeps it, though it is said as what it is."""
    assert not causes.is_certain(error)


@pytest.mark.parametrize(
    "error",
    ["exit status 3", "ImportError: x", "OSError: [Errno 24] Too many open files", "",
     "TypeError: duplicate base class TimeoutError",
     "ImportError: cannot import name 'ReadTimeout' from 'requests'",
     "ImportError: cannot import name 'OutOfMemoryError' from 'torch.cuda'",
     "AttributeError: module 'asyncio' has no attribute 'TimeoutError'"],
)  # fmt: skip
def test_what_follows_from_the_layer_is(error: str) -> None:
    assert causes.is_certain(error)


@pytest.mark.parametrize(
    ("error", "name", "is_of_bytes"),
    [
        ("exit status -9", "killed", False),
        ("exit status -11", "crash", True),
        ("exit status -4", "instruction", False),
        ("exit status 0", "exit", True),
        ("SystemExit: 3", "exit", True),
        ("OSError: [Errno 24] Too many open files: '/dev/null'", "descriptors", True),
        ("RuntimeError: can't start new thread", "machine", False),
    ],
)
def test_a_process_that_ends_and_a_limit_that_is_met(
    error: str, name: str, *, is_of_bytes: bool
) -> None:
    """What Lambda's own limits refuse is no fault of this machine."""
    found = causes.of(error)
    assert found
    assert (found[0].name, causes.is_of_bytes(error)) == (name, is_of_bytes)
