"""Pure parts: no SDK, no network. May import nothing of ours but each other."""
