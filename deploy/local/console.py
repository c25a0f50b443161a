"""What the person who typed `make run` sees: one prefixed, coloured line per log line."""

import os
import sys

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95)
WIDTH = 12


class Console:
    """Writes lines to standard output, each with the name of the process it comes from."""

    def __init__(self) -> None:
        self._colours: dict[str, int] = {}
        self.is_coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        """One log line of the process `name`."""
        self.write(f"{self._paint(f'{name:<{WIDTH}} |', self._colour(name))} {text}")

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

    def _colour(self, name: str) -> int:
        return self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])

    def _paint(self, text: str, colour: int) -> str:
        return f"\033[{colour}m{text}\033[0m" if self.is_coloured else text
