"""Full text: the words of tasks, the index that is written with them, and what a search asks of it."""
