"""The layer's zip: written, read, measured, searched for secrets and listed.

Nothing here knows how the files came to be.
"""
