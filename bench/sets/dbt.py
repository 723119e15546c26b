"""Parse a project whose test comes from the macros that dbt brings.

After https://docs.getdbt.com/reference/programmatic-invocations
"""

import contextlib
import io
import multiprocessing.context
import tempfile
import threading
from pathlib import Path

# Lambda has no /dev/shm, where locks of several processes would lie: users put threads' in place.
multiprocessing.context.BaseContext.RLock = lambda self: threading.RLock()
multiprocessing.context.BaseContext.Lock = lambda self: threading.Lock()

from dbt.cli.main import dbtRunner  # noqa: E402

PROFILE = """shop:
  target: dev
  outputs:
    dev: {type: postgres, host: h, user: u, password: p, port: 5432, dbname: d, schema: s}
"""
with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    (root / "dbt_project.yml").write_text("name: shop\nversion: '1.0'\nprofile: shop\n")
    (root / "profiles.yml").write_text(PROFILE)
    (root / "models").mkdir()
    (root / "models/one.sql").write_text("select 1 as id")
    (root / "models/schema.yml").write_text(
        "version: 2\nmodels:\n- name: one\n  columns:\n"
        "  - name: id\n    tests: [not_null, unique]\n"
    )
    with contextlib.redirect_stdout(io.StringIO()):
        found = dbtRunner().invoke(
            ["parse", "--project-dir", folder, "--profiles-dir", folder, "--log-path", folder]
        )
print(found.success, found.exception)
macros = found.result.macros
print(len(macros), "macro.dbt.get_where_subquery" in macros, "macro.dbt.test_not_null" in macros)
print(sorted(found.result.nodes))
print(len(found.result.docs))
