"""The app's routes on a port of their own, as API Gateway serves them: `doit local-url`.

Everybody that finds the port may call the app, as in AWS. Nothing else of the emulator is behind
it.
"""
