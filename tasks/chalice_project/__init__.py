"""A Chalice app's own files: app.py is read, config.json checked and edited, Chalice run.

Nothing here knows how a layer is made.
"""
