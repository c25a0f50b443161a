"""What the benchmarks aim at: goal, figure, held or not. One table for all of them.

A benchmark ends with its own lines; where `make bench` runs it, they are also left in the file that
the environment names, and all of them stand in one table at the end.
"""

import json
import os
import signal
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from shared.clock import now

FILE = "ONEDOOR_BENCH_GOALS"


class Goal(NamedTuple):
    """One line of the table. Without a sign nothing is aimed at, and the figure is shown."""

    work: str
    figure: float
    sign: str = ""
    limit: float = 0.0
    unit: str = ""

    @property
    def is_held(self) -> bool:
        """Whether the figure is on the right side of its limit; one that is no number is not."""
        if self.sign == "<=":
            return self.figure <= self.limit
        return not self.sign or self.figure >= self.limit


def at_most(work: str, figure: float, limit: float, unit: str = "") -> Goal:
    return Goal(work, figure, "<=", limit, unit)


def at_least(work: str, figure: float, limit: float, unit: str = "") -> Goal:
    return Goal(work, figure, ">=", limit, unit)


def begin(name: str, minutes: float, what: str) -> None:
    """The first line of a benchmark, which also says how long it takes on two cores.

    From now on it ends its servers before itself, should it be told to end.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    show(f"{now():%F} {name} (about {minutes:g} min on two cores): {what}")


def show(line: str) -> None:
    """A line of what is under way, at once."""
    print(line, flush=True)


def end(goals: Sequence[Goal]) -> int:
    """Prints the lines, and leaves them for the table of all. 0 when every goal is held."""
    print(f"\n{table(goals)}", flush=True)
    if kept := os.environ.get(FILE):
        with Path(kept).open("a") as file:
            file.writelines(json.dumps(goal) + "\n" for goal in goals)
    return int(not all(goal.is_held for goal in goals))


def read(kept: Path) -> list[Goal]:
    """What the benchmarks left there."""
    return [Goal(*json.loads(line)) for line in kept.read_text().splitlines()]


def table(goals: Sequence[Goal]) -> str:
    """Goal, figure, held or not: one line each."""
    width = max(map(_width, [goal.work for goal in goals]), default=0)
    head = f"{'':{width}}  {'figure':>10}  {'goal':>12}"
    return "\n".join([head, *(_line(goal, width) for goal in goals)])


def _line(goal: Goal, width: int) -> str:
    work = goal.work + " " * (width - _width(goal.work))
    aim = f"{goal.sign} {goal.limit:g} {goal.unit}".strip() if goal.sign else "-"
    verdict = ("held" if goal.is_held else "MISSED") if goal.sign else "shown"
    return f"{work}  {_number(goal.figure):>10}  {aim:>12}  {verdict}"


def _number(figure: float) -> str:
    if figure != figure:
        return "none"
    return f"{figure:,.0f}" if abs(figure) >= 100 or figure == int(figure) else f"{figure:.2f}"


def _width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def finish(goals: Sequence[Goal]) -> None:
    """Ends the process with 1 where a goal is missed."""
    sys.exit(end(goals))
