"""Has a file read in a process of its own, and takes what is left of it when it dies."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from services.projects.reading.extracting.child import NO_MEMORY, NOT_READ
from services.projects.reading.files import FileFault

PACKAGE = "services.projects.reading.extracting"
_ROOT = Path(__file__).parents[4]
_FAULTS = {
    -signal.SIGXCPU: FileFault.TOO_SLOW,
    NOT_READ: FileFault.BROKEN,
    NO_MEMORY: FileFault.TOO_LARGE,
}
"""By the exit of the process; any other one is that of a process that wanted too much."""
NOT_STARTED = 1


READERS = ThreadPoolExecutor(2, thread_name_prefix="file-reader")
"""So many files are read at once, whoever has them read: each may take a core and a gigabyte."""


def extracted(reader: str, body: bytes, seconds: float) -> dict[str, Any]:
    """`read_apart` in its turn; for who waits in a thread."""
    return READERS.submit(read_apart, reader, body, seconds).result()


def read_apart(reader: str, body: bytes, seconds: float) -> dict[str, Any]:
    """What the reader says of the file, by the names of `child.Extracted`; never raises for what is
    in it.

    Raises OSError where the reader does not start: that is our fault, and nobody's file.
    """
    command = [sys.executable, "-m", f"{PACKAGE}.{reader}"]
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
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _nothing(FileFault.TOO_SLOW)
        if done.returncode == NOT_STARTED:
            raise OSError(f"the reader {reader} does not start")
        if done.returncode:
            return _nothing(_FAULTS.get(done.returncode, FileFault.TOO_LARGE))
        answer.seek(0)
        return dict(json.loads(answer.read()))


def _nothing(fault: FileFault) -> dict[str, Any]:
    return {"text": "", "tables": [], "formulas": [], "fault": fault}
