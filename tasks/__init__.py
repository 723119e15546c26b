"""Ship Python dependencies to AWS Lambda as one layer. Map: docs/architecture.md."""

VERSION = "0.1.0"  # the one place: the wheel, manifests and `--version` take it from here
