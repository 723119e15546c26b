"""Stages whose functions are container images: what S3 and AWS know of these.

Layer versions and their numbers are the rooms beside this one.
"""
