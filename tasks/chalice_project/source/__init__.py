"""What an app's own Python files say: which modules it reaches, which routes and handlers it has.

Nothing here imports the app or runs any of its code.
"""
