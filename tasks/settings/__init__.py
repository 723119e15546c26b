"""What can be set, AWS's fixed limits, and the paths of well-known files.

Nothing here reads argv or the environment: context/ does.
"""
