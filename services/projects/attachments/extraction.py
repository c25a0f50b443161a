"""Has the words of a file read in a process of its own, and takes what is left of it when it dies.

Nothing of a stranger's file is parsed in the service itself (decision 055).
"""

import asyncio
from dataclasses import dataclass, field

from services.projects.reading.dates import plain
from services.projects.reading.extracting.process import extracted
from services.projects.reading.files import AttachmentKind, FileFault, FileWords, is_locked, kind_of

SECONDS = 20.0
AT_ONCE = 2

_MODULES = {AttachmentKind.PDF: "pdf", AttachmentKind.DOCX: "docx", AttachmentKind.SHEET: "sheets"}


@dataclass
class Extraction:
    """Reads few files at once, for each may take a core and half a gigabyte."""

    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def words(self, body: bytes) -> FileWords:
        """What the file says; never raises for what is in it.

        Raises OSError where its reader does not start: that is our fault, and nobody's file.
        """
        kind = kind_of(body)
        if is_locked(body):
            return FileWords(kind, fault=FileFault.ENCRYPTED)
        if kind is AttachmentKind.OTHER:
            return FileWords(kind, fault=FileFault.UNKNOWN_KIND)
        async with self._places:
            return await asyncio.to_thread(_read, kind, body)


def _read(kind: AttachmentKind, body: bytes) -> FileWords:
    """The text in one width, as that of a page; places in it are of this one."""
    read = extracted(_MODULES[kind], body, SECONDS)
    tables = tuple(
        tuple(tuple(plain(cell) for cell in row) for row in table) for table in read["tables"]
    )
    fault = FileFault(read["fault"]) if read["fault"] else None
    return FileWords(kind, plain(read["text"]).replace("\x00", ""), tables, fault)
