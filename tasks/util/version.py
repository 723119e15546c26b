"""The tool's version: the wheel, manifests and `--version` take it from here."""

VERSION = "0.1.0"
