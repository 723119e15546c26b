"""The emulator of AWS on this machine, for stage=local: its server and its functions.

Nothing here is used when a stage is real.
"""
