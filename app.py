"""A small Chalice app whose dependencies live in the layer (requirements-all.txt)."""

import importlib
import platform
from importlib.metadata import version

from chalice.app import Chalice, Response

app = Chalice(app_name="shuking")

# distribution → module: what requirements-all.txt asks for by name
REQUIREMENTS = {
    "google-generativeai": "google.generativeai",
    "psycopg2-binary": "psycopg2",
    "SQLAlchemy": "sqlalchemy",
    "pgvector": "pgvector.sqlalchemy",
    "pydantic": "pydantic",
    "requests": "requests",
    "python-dateutil": "dateutil",
    "python-dotenv": "dotenv",
    "numpy": "numpy",
}


@app.route("/")
def index() -> dict[str, str]:
    """What this is."""
    return {"app": "shuking", "python": platform.python_version()}


@app.route("/health")
def health() -> Response:
    """Import every direct requirement from the layer; 500 names those that do not import."""
    found, broken = {}, {}
    for distribution, module in REQUIREMENTS.items():
        try:
            importlib.import_module(module)
            found[distribution] = version(distribution)
        except Exception as error:
            broken[distribution] = f"{type(error).__name__}: {error}"
    if broken:
        return Response(body={"status": "broken", "broken": broken}, status_code=500)
    return Response(body={"status": "ok", "versions": found})
