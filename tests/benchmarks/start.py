"""`python -m tests.benchmarks.start`: a second start of the whole system, and its memory.

The first start makes databases, demo data and documents; the second finds them. Memory is what the
kernel counts as each process's own share (PSS): a page that several have is divided among them.
They share what none of them has written to since it was forked; what a process has for itself alone
is shown besides. The fork server, which counted, has ended by then.
"""

import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from deploy.local.servers import free_port
from deploy.services import SERVICES
from tests import support
from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_most
from tests.system import System, started

MINUTES = 1.5
STARTS = 3


class Memory(NamedTuple):
    """Megabytes of a process: its share, and what of that nobody else has."""

    pss: float
    private: float

    @classmethod
    def of(cls, pid: int) -> "Memory":
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        kb = {name: int(value.split()[0]) for name, _, value in (x.partition(":") for x in lines)}
        return cls(kb["Pss"] / 1000, (kb["Private_Dirty"] + kb["Private_Clean"]) / 1000)


def memory(system: System) -> dict[str, Memory]:
    """By service."""
    return {name: Memory.of(system.pid_of(name)) for name in SERVICES}


def main() -> list[Goal]:
    goals.begin("start", MINUTES, f"a first start, then {STARTS} more")
    took, used = list[float](), list[dict[str, Memory]]()
    with support.private_folder() as folder:
        data, port = folder / "data", free_port()
        data.mkdir()
        for number in range(STARTS + 1):
            began = time.monotonic()
            with started(data, port) as system:
                took.append(time.monotonic() - began)
                time.sleep(2)  # each has settled
                used.append(memory(system))
            parts = [f"{name} {mb.pss:.0f} ({mb.private:.0f})" for name, mb in used[-1].items()]
            goals.show(f"  start {number + 1}: {took[-1]:.1f} s; MB (own): {', '.join(parts)}")
    whole = median(sum(mb.pss for mb in each.values()) for each in used[1:])
    return [
        at_most("second start", median(took[1:]), 5, "s"),
        at_most("memory of the four services (PSS)", whole, 250, "MB"),
        Goal("  the first start", took[0], unit="s"),
    ]


if __name__ == "__main__":
    goals.finish(main())
