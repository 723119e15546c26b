"""Ship Python dependencies to AWS Lambda as one layer. Map: docs/architecture.md.

An app's dodo.py takes both its names from here (`doit-lambda-layer init` writes it):

    from doit_lambda_layer import DOIT_CONFIG, commands

`commands` is the room of that name: doit asks it for its tasks.
"""

from .util.invoked_as import look_in_the_app_last

look_in_the_app_last()


def __getattr__(name: str) -> dict[str, object]:
    """DOIT_CONFIG, when a dodo.py asks for it: no other import of this package loads doit."""
    if name != "DOIT_CONFIG":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .cli.doit_config import DOIT_CONFIG

    return DOIT_CONFIG
