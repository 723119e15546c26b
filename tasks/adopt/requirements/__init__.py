"""Where an app's requirements come from, and how they are parted between layer and function.

Other files of the app are the room's above.
"""
