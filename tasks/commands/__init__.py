"""What a person types: one module per command, and the table of all of them.

No step of the pipeline is written here. A command composes the steps' plain functions.
"""

from .table import commands

create_doit_tasks = commands.create_doit_tasks  # what doit asks a dodo.py's `commands` for
