"""The process that reads one file: bounded before it looks at the first byte."""

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

MAX_LETTERS = 200_000
MAX_CELLS = 40_000
NO_MEMORY, NOT_READ = 70, 71
"""The exits of a process that has no memory left, and of one whose reader gave up by surprise."""

Rows = list[list[str]]


class ReaderLimits(NamedTuple):
    """What the process may take: memory, seconds of the processor, the size of its answer."""

    memory_bytes: int = 512 * 1024 * 1024
    cpu_seconds: int = 10
    answer_bytes: int = 16 * 1024 * 1024


USUAL = ReaderLimits()


@dataclass
class Extracted:
    """What a file says: its text, the rows of its tables, and why that may not be all; `formulas`
    are cells, by row and column, where somebody asks for them."""

    text: str = ""
    tables: list[Rows] = field(default_factory=list)
    fault: str | None = None
    formulas: list[tuple[int, int]] = field(default_factory=list)


def run(read: Callable[[bytes], Extracted], limits: ReaderLimits = USUAL) -> None:
    """Reads the file at the standard input and writes its words as JSON."""
    _limit(limits)
    sys.excepthook = lambda *_: os._exit(NOT_READ)
    try:
        words = asdict(read(sys.stdin.buffer.read()))
        sys.stdout.buffer.write(json.dumps(words).encode())
    except MemoryError:
        os._exit(NO_MEMORY)


def _limit(limits: ReaderLimits) -> None:
    """Also of what it may write, and start: nothing but its answer, and nobody."""
    bounds = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.answer_bytes,
        resource.RLIMIT_NOFILE: 16,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in bounds.items():
        resource.setrlimit(what, (most, most))
