"""Locked requirements become built distributions, cached by what they are made from.

Nothing here talks to AWS, or says whether a layer works: release/ and proof/ do.
"""
