"""Evidence that the layer works as installed: what is asked, what came out, what is kept.

Nothing here changes the layer.
"""
