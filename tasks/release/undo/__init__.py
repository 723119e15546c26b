"""Back to what a stage ran before its last change: kept before it, restored after it."""
