"""A project made from a template, a migration written and run.

After https://alembic.sqlalchemy.org/en/latest/tutorial.html
"""

import contextlib
import io
import tempfile
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config

with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
    config = Config(f"{folder}/alembic.ini", stdout=io.StringIO())
    command.init(config, f"{folder}/scripts")
    config.set_main_option("script_location", f"{folder}/scripts")
    config.set_main_option("sqlalchemy.url", f"sqlite:///{folder}/x.db")
    command.revision(config, "first", rev_id="1")
    command.upgrade(config, "head")
    names = sorted(each.name for each in Path(folder, "scripts").iterdir())
    tables = sqlalchemy.inspect(
        sqlalchemy.create_engine(f"sqlite:///{folder}/x.db")
    ).get_table_names()
print(names, tables)
print(sorted(sqlalchemy.dialects.registry.impls)[:5])
