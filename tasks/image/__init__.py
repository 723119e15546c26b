"""The app as a container image: assembled from the layer's finished parts, and sent to a registry.

No engine builds anything here. Nothing of Chalice is run, and no function is changed.
"""
