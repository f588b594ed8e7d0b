"""Answers of undo."""

from taskmanager.kit.limits import Output


class Undone(Output):
    """``operation_id`` is the undo's own operation, so that it can be undone in turn."""

    operation_id: str
    reversed: str
