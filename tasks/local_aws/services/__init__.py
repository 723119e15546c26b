"""Services of the emulator where moto does less than AWS does, or otherwise: how events reach
functions, API Gateway, and what is not there yet.

Each module changes moto in the server's process. Chalice and the app's names are not known here.
"""
