"""Check a program. Read the stubs of the standard library.

After https://mypy.readthedocs.io/en/stable/extending_mypy.html
"""

import tempfile

import typeshed_client
from mypy import api

with tempfile.TemporaryDirectory() as cache:
    out, err, code = api.run(
        ["--cache-dir", cache, "-c", "x: int = 'a'\nimport json\njson.loads(3)"]
    )
print(code, out, err)
names = typeshed_client.get_stub_names("json")
print(sorted(names) if names else names)
