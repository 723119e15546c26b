"""Which events the app's functions take, by Chalice's state, and examples of them.

Nothing here speaks with AWS, and app.py is never run.
"""
