"""The filter language: one grammar, read into a tree, written as SQL and as text; and filters kept by name."""
