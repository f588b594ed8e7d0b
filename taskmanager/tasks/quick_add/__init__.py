"""Quick add: a line as a person types it, read into the fields of a task. The page for people is docs/quick-add.md."""
