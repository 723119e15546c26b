"""What this repository's developers run: tests, benchmarks, documents, packages. Not in the
wheel."""
