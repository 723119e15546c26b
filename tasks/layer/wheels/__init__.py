"""From an index or a source to wheels: what is chosen, fetched, built, and compared.

What is installed and what becomes of it is the room's above.
"""
