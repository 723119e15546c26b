"""Ship Python dependencies to AWS Lambda as one layer. Map: docs/architecture.md."""

VERSION = "0.1.0"  # as in pyproject.toml
