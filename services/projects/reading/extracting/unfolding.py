"""Packed files, never larger unfolded than agreed, whatever they say of themselves."""

import zipfile
import zlib

MAX_MEMBERS = 2000
MAX_UNFOLDED = 60_000_000
_PIECE = 1 << 16


class TooLarge(Exception):
    """It unfolds into more than any real document."""


def open_packed(file: zipfile.ZipFile, most: int = MAX_UNFOLDED) -> None:
    """Unfolds every member once, keeping nothing. Raises TooLarge, BadZipFile."""
    members = file.infolist()
    if len(members) > MAX_MEMBERS:
        raise TooLarge
    left = most
    for member in members:
        with file.open(member) as part:
            while piece := part.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise TooLarge


BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError)
"""What reading a file raises that is cut off, locked, or none."""
