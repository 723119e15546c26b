"""What this run was asked for: `current()` is the one reader of argv and the environment.

Nothing here works on a layer.
"""
