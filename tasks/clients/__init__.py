"""The only importers of boto3, docker, chalice and moto, and those inside functions."""
