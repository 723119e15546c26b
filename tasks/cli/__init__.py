"""doit's program with our commands in it: configuration, reporter, help, completion.

No command is written here.
"""
