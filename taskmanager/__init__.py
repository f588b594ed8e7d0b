"""TaskManager: a self-hosted task manager with authorization its users can verify."""

__version__ = "0.1.0"
