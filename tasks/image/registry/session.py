"""requests' session, told nothing by ~/.netrc. A module of its own, imported once there is
something to ask: requests takes long to import."""

from typing import Any

import requests


class Session(requests.Session):
    """Only a registry's login goes with a request, and to that registry alone."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """At a redirect requests would look into ~/.netrc for whom it leads to. S3 refuses a
        second login beside the one in its address."""
        strips: Any = self.should_strip_auth
        if strips(response.request.url, prepared_request.url):
            prepared_request.headers.pop("Authorization", None)
