"""The app's routes on a port of their own, as API Gateway serves them: `doit local-url`.

Whoever finds the port may call the app, as in AWS; nothing else of the emulator is behind it.
"""
