"""What belongs to one stage: lock, rollback pin, Chalice's state, attached layers, status.

Nothing here knows how a person asked for it.
"""
