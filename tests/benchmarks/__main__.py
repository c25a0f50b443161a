"""`make bench`: every benchmark in turn, and one table of all goals at the end.

Each is a process of its own, and prints as it goes. `python -m tests.benchmarks relay start` runs
these alone. Exits with 1 where a goal is missed or a benchmark did not come to its end.
"""

import os
import subprocess
import sys
import tempfile
import time
from math import nan
from pathlib import Path

from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_least

IN_TURN: dict[str, tuple[str, ...]] = {
    "booking": (),
    "matching": (),
    "contention": (),
    "operations": (),
    "call_next": (),
    "gateway": (),
    "relay": (),
    "start": (),
    "audit": (),
    "collector": (),
    "province": (),
    "hall_simulation": (),
    "year_of_halls": (),
    "day": (),
    "growth": ("20000",),
    "year": ("20000",),
}
"""By name, with what is different here: a million rows take longer than all the others."""


def run(name: str, kept: Path) -> list[Goal]:
    """The lines of one; of one that failed that it did."""
    kept.write_text("")
    began = time.monotonic()
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *IN_TURN[name]]
    ran = subprocess.run(command, env={**os.environ, goals.FILE: str(kept)}, check=False)
    goals.show(f"{name} took {(time.monotonic() - began) / 60:.1f} min\n")
    found = goals.read(kept)
    return found or [at_least(f"{name}: ended with {ran.returncode}", nan, 0)]


def main(names: list[str]) -> int:
    """0 when every goal is held."""
    if unknown := [name for name in names if name not in IN_TURN]:
        goals.show(f"{unknown} are none of {[*IN_TURN]}")
        return 2
    found: list[Goal] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for name in names or IN_TURN:
            found += run(name, Path(folder) / "goals")
    missed = sum(not goal.is_held for goal in found)
    goals.show(f"{(time.monotonic() - began) / 60:.0f} min; goals missed: {missed}\n")
    goals.show(goals.table(found))
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
