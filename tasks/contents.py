"""The old place of the names that a dodo.py imports. It goes with the next release."""

from . import commands
from .cli.doit_config import DOIT_CONFIG

__all__ = ["DOIT_CONFIG", "commands"]
