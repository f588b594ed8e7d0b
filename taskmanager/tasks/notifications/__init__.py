"""Notifications: what others did that concerns somebody, and reminders; in the application, some by mail."""
