"""A registry of images over HTTP: logged in, asked, sent to, and an image pushed.

Nothing here knows AWS's own API, or what an image is made of.
"""
