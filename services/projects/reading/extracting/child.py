"""The process that reads one file: bounded before it looks at the first byte."""

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10
MAX_LETTERS = 200_000
MAX_CELLS = 40_000
NO_MEMORY, NOT_READ = 70, 71
"""The exits of a process that has no memory left, and of one whose reader gave up by surprise."""

Rows = list[list[str]]


@dataclass
class Extracted:
    """What a file says: its text, the rows of its tables, and why that may not be all."""

    text: str = ""
    tables: list[Rows] = field(default_factory=list)
    fault: str | None = None


def run(read: Callable[[bytes], Extracted]) -> None:
    """Reads the file at the standard input and writes its words as JSON."""
    _limit()
    sys.excepthook = lambda *_: os._exit(NOT_READ)
    try:
        words = asdict(read(sys.stdin.buffer.read()))
        sys.stdout.buffer.write(json.dumps(words).encode())
    except MemoryError:
        os._exit(NO_MEMORY)


def _limit() -> None:
    """Also of what it may write, and start: nothing but its answer, and nobody."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: 16 * 1024 * 1024,
        resource.RLIMIT_NOFILE: 16,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))
