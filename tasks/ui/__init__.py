"""What a person or CI sees: console, tables, sizes and durations, streams, folds of CI logs.

Nothing here decides anything: a caller passes what is to be shown.
"""
