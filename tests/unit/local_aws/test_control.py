"""tasks/local_aws/control.py: what is not asked of a server of others."""

import pytest

from tasks.local_aws import control
from tasks.settings.local_access import Access
from tasks.util.errors import AwsError


def test_a_server_of_others_serves_no_apps() -> None:
    """What to do is said; it is not asked."""
    with pytest.raises(AwsError) as error:
        control.open_app_url(Access(url="http://127.0.0.1:1"), 0)
    assert error.value.fix == "leave LAYER_LOCAL_AWS unset: then the tool's own is used"
