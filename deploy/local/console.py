"""What the person who typed `make run` sees: one prefixed, coloured line per log line.

Quiet, it shows only what needs somebody's eye; the whole of every process is in the log files.
"""

import logging
import os
import re
import sys
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95)
WIDTH = 12
LOG_BYTES = 5_000_000
LAST_LINES = 15

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_ANSWERED = re.compile(r" (?:22012|23\w{3}|40\w{3}|55P03) ERROR: ")
"""By its SQLSTATE, what a service meets when two want one thing at once: its statement found that
somebody was faster (`shared.database.pieces`), a row was there or gone, a lock not to be had. It
tries again or says so; what it does not expect it logs itself."""
_LOUD = re.compile(
    r"\[(?:warning|error|critical) *\]"  # our own services
    r"|^(?:WARNING|ERROR|CRITICAL)\b"  # the standard library's logging
    r"| (?:WARNING|ERROR|FATAL|PANIC): "  # PostgreSQL
    r"|\[(?:WRN|ERR|FTL)\]"  # NATS
    r"|^Traceback "
)
_LEVEL = re.compile(
    r"\[(?:info|debug) *\]|^(?:INFO|DEBUG)\b| (?:LOG|NOTICE|INFO): |\[(?:INF|DBG)\]"
)


class Console:
    """Writes lines to standard output, each with the name of the process it comes from."""

    def __init__(self) -> None:
        self._colours: dict[str, int] = {}
        self._logs: Path | None = None
        self._files: dict[str, RotatingFileHandler] = {}
        self._is_loud: dict[str, bool] = {}
        self._last: dict[str, deque[str]] = {}
        self.is_coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.is_quiet = False

    def keep(self, logs: Path, *, is_quiet: bool) -> None:
        """Every line goes into a file of its process from now on; quiet shows only the loud."""
        logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._logs, self.is_quiet = logs, is_quiet

    def line(self, name: str, text: str) -> None:
        """One log line of the process `name`."""
        plain = _ANSI.sub("", text)
        self._last.setdefault(name, deque(maxlen=LAST_LINES)).append(text)
        self._store(name, plain)
        if self._shows(name, plain):
            self._show(name, text)

    def replay(self, name: str) -> None:
        """The last lines of a process that failed, where they were not shown as they came."""
        lines = self._last.pop(name, ())
        if self.is_quiet:
            for text in lines:
                self._show(name, text)

    def close(self) -> None:
        """No more lines are kept."""
        for file in self._files.values():
            file.close()

    def step(self, zh: str, en: str) -> None:
        """What the supervisor is doing now."""
        self.write(self._paint(f"== {zh} {en}", 1))

    def problem(self, zh: str, en: str) -> None:
        """What went wrong and what to do about it."""
        self.write(self._paint(f"!! {zh}", 31))
        self.write(self._paint(f"!! {en}", 31))

    def write(self, text: str) -> None:
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except OSError:
            # The pipe or the terminal is gone; the system goes on, and still stops in order.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115

    def _show(self, name: str, text: str) -> None:
        self.write(f"{self._paint(f'{name:<{WIDTH}} |', self._colour(name))} {text}")

    def _shows(self, name: str, plain: str) -> bool:
        """A line without a level of its own goes on with the one before it."""
        if not self.is_quiet:
            return True
        if _ANSWERED.search(plain):
            self._is_loud[name] = False
        elif _LOUD.search(plain):
            self._is_loud[name] = True
        elif _LEVEL.search(plain):
            self._is_loud[name] = False
        return self._is_loud.get(name, False)

    def _store(self, name: str, plain: str) -> None:
        if self._logs is None:
            return
        if name not in self._files:
            self._files[name] = RotatingFileHandler(
                self._logs / f"{name}.log", maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8"
            )
        self._files[name].emit(logging.LogRecord(name, logging.INFO, "", 0, plain, None, None))

    def _colour(self, name: str) -> int:
        return self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])

    def _paint(self, text: str, colour: int) -> str:
        return f"\033[{colour}m{text}\033[0m" if self.is_coloured else text
