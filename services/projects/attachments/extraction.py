"""Has the words of a file read in a process of its own, and takes what is left of it when it dies.

Nothing of a stranger's file is parsed in the service itself (decision 055).
"""

from asyncio import wrap_future

from services.projects.reading.dates import plain
from services.projects.reading.extracting import process
from services.projects.reading.files import (
    AttachmentKind,
    FileFault,
    FileWords,
    is_locked,
    kind_of,
    read_as,
)

SECONDS = 20.0

_MODULES = {AttachmentKind.PDF: "pdf", AttachmentKind.DOCX: "docx", AttachmentKind.SHEET: "sheets"}


async def words_of(body: bytes) -> FileWords:
    """What the file says; never raises for what is in it.

    Raises OSError where its reader does not start: that is our fault, and nobody's file.
    """
    kind = read_as(kind_of(body))
    if is_locked(body):
        return FileWords(kind, fault=FileFault.ENCRYPTED)
    if kind is AttachmentKind.OTHER:
        return FileWords(kind, fault=FileFault.UNKNOWN_KIND)
    return await wrap_future(process.READERS.submit(_read, kind, body))


def _read(kind: AttachmentKind, body: bytes) -> FileWords:
    """The text in one width, as that of a page; places in it are of this one."""
    read = process.read_apart(_MODULES[kind], body, SECONDS)
    tables = tuple(
        tuple(tuple(plain(cell) for cell in row) for row in table) for table in read["tables"]
    )
    fault = FileFault(read["fault"]) if read["fault"] else None
    return FileWords(kind, plain(read["text"]).replace("\x00", ""), tables, fault)
