"""What of a stage runs in AWS: its API asked, its function's package looked into.

Nothing here changes what runs.
"""
