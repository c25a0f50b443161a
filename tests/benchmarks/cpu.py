"""CPU time of processes, from what the scheduler has counted (`/proc/PID/task/*/schedstat`)."""

import contextlib
from collections.abc import Mapping
from pathlib import Path


def seconds(pid: int) -> float:
    """CPU time that a process and its children have used, as long as they live."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # others come and go
            parent = stat.read_text().rpartition(")")[2].split()[1]
            if pid in (int(stat.parent.name), int(parent)):
                tasks = stat.parent.glob("task/*/schedstat")
                total += sum(int(task.read_text().split()[0]) for task in tasks)
    return total / 1e9


class Watch:
    """How much CPU time each of some processes has used since the watch was made."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._before = self._now()

    def used(self) -> dict[str, float]:
        """Seconds by name. What was used by a child that has ended meanwhile is not in it."""
        return {name: max(after - self._before[name], 0.0) for name, after in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: seconds(pid) for name, pid in self._pids.items()}


def per(used: Mapping[str, float], count: int) -> dict[str, float]:
    """Microseconds of each for one of so many."""
    return {name: spent / count * 1e6 for name, spent in used.items()}


def words(micros: Mapping[str, float]) -> str:
    """`service 240 + postgres 120 = 360 us`."""
    parts = " + ".join(f"{name} {spent:,.0f}" for name, spent in micros.items())
    return f"{parts} = {sum(micros.values()):,.0f} us"
