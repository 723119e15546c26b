"""Thin clients of AWS: session, errors, S3, Lambda, API Gateway, Secrets Manager.

They know an endpoint, and nothing of releases or of the emulator behind it.
"""
