"""From bytes to text: UTF-8 with or without a byte order mark, UTF-16 with one, and nothing guessed beyond that."""

import codecs

from taskmanager.integrations.formats.errors import UnreadableFileError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(content: bytes) -> str:
    """Return the text of a file.

    Raises UnreadableFileError, with the line of the first bad byte, for anything but UTF-8 and marked UTF-16: an old
    8-bit encoding cannot be told from its neighbours, and a wrong guess would garble names for good.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decode(content[len(mark) :], encoding)
    return _decode(content, "utf-8")


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count("\n".encode(encoding), 0, error.start) + 1
        message = f"Line {line} is not {encoding.upper()} text. Save the file as UTF-8 (in Excel: “CSV UTF-8”)."
        raise UnreadableFileError(message) from error
