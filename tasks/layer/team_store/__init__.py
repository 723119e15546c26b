"""Finished work of a team in S3: what one writer made, others need not make again.

Nothing here decides whether a command uses it, or whom a stage trusts: context/ does. A build never
needs it, and never waits for it longer than patience.py allows.
"""
