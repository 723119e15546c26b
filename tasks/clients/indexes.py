"""Package indexes a company names in the environment, for uv: its own variables, and pip's."""

from collections.abc import Mapping

UV = (
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX_STRATEGY",
    "UV_INSECURE_HOST",
)  # fmt: skip
PIP_TO_UV = {"PIP_INDEX_URL": "UV_INDEX_URL", "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL"}


def index_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables for uv; its own win over pip's. Credentials stay in the job's environment only."""
    named = {uv: environ[pip] for pip, uv in PIP_TO_UV.items() if environ.get(pip)}
    private = {name: value for name, value in environ.items() if name.startswith("UV_INDEX_")}
    return named | private | {name: environ[name] for name in UV if environ.get(name)}
