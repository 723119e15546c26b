"""From requirement files and package indexes to locked requirements. Platforms and Pythons.

Nothing here installs a package or starts a container.
"""
