"""Where commands for the layer's platform run: in a container, or on this machine.

One protocol, two implementations. Nothing here knows what a job is for.
"""
