"""What makes a file or a mapping unusable as a whole."""

from typing import NoReturn

from taskmanager.kit.errors import AppError


class UnreadableFileError(AppError):
    """No row can be read: wrong encoding, broken quoting, not the format it claims to be."""

    status = 422
    code = "unreadable_file"
    title = "The file cannot be read."


class MappingError(AppError):
    """The mapping is wrong or missing; ``extra["errors"]`` names the places (RFC 6901 pointers into the mapping)."""

    status = 422
    code = "mapping_invalid"
    title = "The mapping does not fit."


def refuse_mapping(pointer: str, code: str, message: str) -> NoReturn:
    """Raise MappingError for one part of the mapping."""
    raise MappingError(message, errors=[{"pointer": pointer, "code": code, "message": message}])
