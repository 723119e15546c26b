"""tasks/layer/wheels/uv_errors.py: uv's own words, cut down to what matters."""

from tasks.layer.wheels.uv_errors import SHOWN, explain, shorten
from tasks.settings.model import Settings

FAILED_BUILD = """Resolved 3 packages in 1.36s
   Building python-ldap==3.4.4
error: Failed to build `python-ldap==3.4.4`
  cause: The build backend returned an error
  cause: Call to `setuptools.build_meta:__legacy__.build_wheel` failed (exit status: 1)

         [stdout]
{copying}
         gcc -Werror=format-security -c Modules/LDAPObject.c

         [stderr]
         Modules/common.h:15:10: fatal error: lber.h: No such file or directory
         compilation terminated.
         error: command '/usr/bin/gcc' failed with exit code 1
"""


def test_a_failed_build_is_told_by_package_and_first_error() -> None:
    """Not by the files it copied before."""
    copying = "\n".join(f"         copying {number}.py -> build" for number in range(50))
    error = explain(FAILED_BUILD.format(copying=copying), Settings(), "docker")
    said = error.problem.splitlines()
    assert said[1] == "error: Failed to build `python-ldap==3.4.4`"
    assert said[5].endswith("fatal error: lber.h: No such file or directory")
    assert "does not compile in the image" in error.fix


def test_a_long_log_without_an_error_is_cut() -> None:
    """At its start, as there is nothing better."""
    lines = [f"line {number}" for number in range(50)]
    assert shorten(lines) == ["line 0", "line 1", "line 2", "  …", *lines[3:11]]
    assert len(shorten(lines)) == SHOWN


def test_few_lines_are_shown_as_they_are() -> None:
    assert shorten(["error: a", "b"]) == ["error: a", "b"]


def test_an_installer_that_said_nothing_is_an_error_all_the_same() -> None:
    assert "it said nothing" in explain("\n", Settings(), "docker").problem


def test_without_an_index_it_is_no_matter_of_pins() -> None:
    said = "error: No solution found\n  Because six was not found in the provided package locations"
    assert "take the line --no-index out" in explain(said, Settings(), "host").fix


def test_the_way_out_without_a_wheel_is_one_that_is_left() -> None:
    """In the image a pin is missing, and not the image."""
    said = "error: x\n  Because evdev==1.7 has no usable wheels, it cannot be used"
    assert "build it in the image (builder=docker)" in explain(said, Settings(), "host").fix
    container = explain(said, Settings(), "docker").fix
    assert "builder=docker" not in container
    assert "a line of its own, NAME==VERSION" in container
