"""tasks/local_aws/control.py: what is not asked of a server of others."""

import pytest

from tasks.local_aws import control
from tasks.settings.local_access import Access
from tasks.util.errors import AwsError


def test_the_emulators_python_starts_as_this_one() -> None:
    """Where that needs the loader's variable; others could lead a function to an AWS."""
    given = [name for name in ("LD_LIBRARY_PATH", "PATH", "AWS_PROFILE", "LD_PRELOAD", "MOTO_X")
             if control.GIVEN.fullmatch(name)]  # fmt: skip
    assert given == ["LD_LIBRARY_PATH", "PATH"]


def test_a_server_of_others_serves_no_apps() -> None:
    """What to do is said; it is not asked."""
    with pytest.raises(AwsError) as error:
        control.open_app_url(Access(url="http://127.0.0.1:1"), 0)
    assert error.value.fix == "leave LAYER_LOCAL_AWS unset: then the tool's own is used"
