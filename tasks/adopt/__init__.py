"""`init`: an existing app takes the tool on. Text in, text out, one module per kind of file.

Nothing here asks AWS or builds anything.
"""
