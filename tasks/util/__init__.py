"""Files, hashes, JSON edits, positions in files and the one error hierarchy.

Nothing here knows of layers, AWS or settings.
"""
