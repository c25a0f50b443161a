"""When each caller changed something last, known to every worker of the gateway at once.

A table of moments in memory that the workers share, one place for each remainder of a caller's
digest. Two callers may meet in a place: then both are taken to have changed something, and the
service is asked, which is right for everybody.
"""

import mmap
import os
import zlib
from pathlib import Path

PLACES = 1 << 16
_BYTES = 8


class Marks:
    """Moments (seconds of the machine's steady clock) by caller, in a file of `folder`.

    `folder` is what the workers of this gateway have in common; None: there is one process.
    """

    def __init__(self, folder: Path | None) -> None:
        self._at = memoryview(_memory(folder)).cast("d")

    def set(self, caller: str, at: float) -> None:
        self._at[_place(caller)] = at

    def get(self, caller: str) -> float:
        """The moment of the last change, or of another's; 0 for none."""
        return self._at[_place(caller)]


def _memory(folder: Path | None) -> mmap.mmap:
    if folder is None:
        return mmap.mmap(-1, PLACES * _BYTES)
    descriptor = os.open(folder / "marks", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, PLACES * _BYTES)
        return mmap.mmap(descriptor, PLACES * _BYTES)
    finally:
        os.close(descriptor)


def _place(caller: str) -> int:
    return zlib.crc32(caller.encode()) % PLACES
