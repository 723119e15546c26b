"""What runs in Chalice's own process, besides Chalice: runner.py starts it.

It imports the app. Nothing here is imported where the tool itself decides or shows anything.
"""
