"""Ship Python dependencies to AWS Lambda as one layer. Map: docs/architecture.md."""
