"""The sandbox that is a container of Lambda's image: engine, image, session, job channel.

Only modules of this room import the Docker SDK.
"""
