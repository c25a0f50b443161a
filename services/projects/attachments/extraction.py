"""Has the words of a file read in a process of its own, and takes what is left of it when it dies.

Nothing of a stranger's file is parsed in the service itself (decision 055).
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from services.projects.reading.dates import plain
from services.projects.reading.extracting.child import NO_MEMORY, NOT_READ
from services.projects.reading.files import AttachmentKind, FileFault, FileWords, is_locked, kind_of

SECONDS = 20.0
AT_ONCE = 2
MAX_ANSWER = 16_000_000

_ROOT = Path(__file__).parents[3]
_PACKAGE = "services.projects.reading.extracting"
_MODULES = {AttachmentKind.PDF: "pdf", AttachmentKind.DOCX: "docx", AttachmentKind.SHEET: "sheets"}
_FAULTS = {
    -signal.SIGXCPU: FileFault.TOO_SLOW,
    NOT_READ: FileFault.BROKEN,
    NO_MEMORY: FileFault.TOO_LARGE,
}
"""By the exit of the process; any other one is that of a process that wanted too much."""
NOT_STARTED = 1


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
    command = [sys.executable, "-m", f"{_PACKAGE}.{_MODULES[kind]}"]
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    # Of our own environment nothing: it holds passwords and keys.
    environment = {"PYTHONPATH": os.pathsep.join(paths), "LANG": "C.UTF-8"}
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                command,
                input=body,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                env=environment,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return FileWords(kind, fault=FileFault.TOO_SLOW)
        if done.returncode == NOT_STARTED:
            raise OSError(f"the reader of {kind} does not start")
        if done.returncode:
            fault = _FAULTS.get(done.returncode, FileFault.TOO_LARGE)
            return FileWords(kind, fault=fault)
        answer.seek(0)
        return _words(kind, answer.read(MAX_ANSWER))


def _words(kind: AttachmentKind, answer: bytes) -> FileWords:
    """The text in one width, as that of a page; places in it are of this one."""
    read = json.loads(answer)
    tables = tuple(
        tuple(tuple(plain(cell) for cell in row) for row in table) for table in read["tables"]
    )
    fault = FileFault(read["fault"]) if read["fault"] else None
    return FileWords(kind, plain(read["text"]).replace("\x00", ""), tables, fault)
