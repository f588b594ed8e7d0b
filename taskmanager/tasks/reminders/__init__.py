"""Reminders: when somebody wants to hear of a task, kept in step with the task, and told once."""
