"""Chalice's command line with a secret's values in the functions' environment, and with no call
made twice that makes something each time.

`python -m ….chalice_runner deploy --stage …`, the values as JSON on stdin: a process of its own,
since Chalice imports the app. No file, argument or initial environment holds them, and neither do
the programs that Chalice starts (pip).
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any


def apply(values: Mapping[str, str]) -> None:
    """Change Chalice in this process. The values win over config.json's."""
    from chalice.config import Config
    from chalice.utils import OSUtils

    configured: Any = Config.environment_variables

    def merged(self: Any) -> dict[str, str]:
        return {**configured.fget(self), **values}

    def environ(self: Any) -> dict[str, str]:
        """For pip: the app was imported with the values in os.environ."""
        return {name: value for name, value in os.environ.items() if name not in values}

    setattr(Config, "environment_variables", property(merged))  # noqa: B010 - mypy refuses the plain form
    setattr(OSUtils, "environ", environ)  # noqa: B010 - mypy refuses the plain form


def import_once() -> None:
    """ImportRestApi has no token by which AWS would know it again: when its answer is lost, the
    SDK's next try makes a second REST API. The next deploy finds the first one."""
    from chalice.cli import factory

    create = factory.create_botocore_session

    def watched(*arguments: Any, **named: Any) -> Any:
        session, lost = create(*arguments, **named), []

        def received(exception: object = None, **_: object) -> None:
            lost.extend([exception] if exception else [])

        def sending(**_: object) -> None:
            if lost:
                raise ConnectionError(f"AWS may have made the REST API, its answer is lost: {lost}")

        session.register("response-received.apigateway.ImportRestApi", received)
        session.register("before-send.apigateway.ImportRestApi", sending)
        return session

    factory.create_botocore_session = watched


def main() -> int:
    from chalice.cli import main as chalice

    apply(json.load(sys.stdin))
    import_once()
    sys.argv[0] = "chalice"  # in its help
    return int(chalice() or 0)


if __name__ == "__main__":
    sys.exit(main())
