"""Back to what a stage ran before its last change: kept before it, restored after it.

Nothing here decides which version a person wants: a rollback does, in commands/.
"""
