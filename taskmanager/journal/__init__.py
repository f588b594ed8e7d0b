"""What changed: every write is one operation, every changed thing one row. Activity, undo and feeds read it."""
