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
        ("ModuleNotFoundError: No module named '_tkinter'", "tkinter", "_tkinter"),
        ("ModuleNotFoundError: No module named 'libcst'", "package", "libcst"),
        ("PermissionError: [Errno 13] Permission denied: '/var/lib/x'", "read-only", "/var/lib/x"),
        ("KeyError: 'DATABASE_URL'", "variable", "DATABASE_URL"),
        ("ImportError: Failed to initialize: Bad git executable. (there is no program git)",
         "program", "git"),  # GitPython
        ("CommandNotFound: ffmpeg", "program", "ffmpeg"),  # sh
        ("CalledProcessError: Command 'git --version' returned non-zero exit status 127.",
         "program", "git"),
        ("OSError: [Errno 24] Too many open files: '/dev/null'", "descriptors", ""),
    ],
)  # fmt: skip
def test_the_thing_at_fault_is_named(error: str, name: str, what: str) -> None:
    """With a way out that fits it."""
    found = causes.of(error)
    assert found
    assert (found[0].name, found[1]) == (name, what)
    whys, fix = causes.explained([error])
    assert what in " ".join([*whys, fix]) or name == "tkinter"
    assert fix != causes.PIN


@pytest.mark.parametrize(
    "error",
    [
        "ImportError: cannot import name 'x' from 'lib2to3.y'",
        "ImportError: cannot import name 'Library' from 'foo'",
        "ValueError: this library is not for Lambda",
        "AttributeError: module 'lib' has no attribute 'X509_V_FLAG_NOTIFY_POLICY'",
    ],
)
def test_other_errors_are_no_libraries(error: str) -> None:
    """Versions that do not fit each other: pins are the way out."""
    assert causes.of(error) is None
    assert causes.explained([error]) == ([], causes.PIN)
