"""Published versions: their S3 keys, manifests, publishing, comparing and keeping them.

Nothing here builds a layer or deploys an app.
"""
