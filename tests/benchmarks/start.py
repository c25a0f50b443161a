"""`python -m tests.benchmarks.start`: a second start of the whole system, and its memory.

The first start makes databases, demo data and documents; the second finds them. Memory is what the
kernel counts as each process's own share (PSS): a page that several have is divided among them. The
fork server, which holds what the services share, is counted with them.
"""

import time
from pathlib import Path
from statistics import median

from deploy.local.servers import free_port
from deploy.services import SERVICES
from tests import support
from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_most
from tests.system import FORK_SERVER, System, started

MINUTES = 1.5
STARTS = 3


def pss_mb(pid: int) -> float:
    """Megabytes of memory that are the process's own share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def memory(system: System) -> dict[str, float]:
    """Megabytes by service, and of the fork server."""
    found = {service: pss_mb(system.pid_of(service)) for service in SERVICES}
    return {**found, FORK_SERVER: pss_mb(system.pid_of(FORK_SERVER))}


def main() -> list[Goal]:
    goals.begin("start", MINUTES, f"a first start, then {STARTS} more")
    took, used = list[float](), list[dict[str, float]]()
    with support.private_folder() as folder:
        data, port = folder / "data", free_port()
        data.mkdir()
        for number in range(STARTS + 1):
            began = time.monotonic()
            with started(data, port) as system:
                took.append(time.monotonic() - began)
                time.sleep(2)  # each has settled
                used.append(memory(system))
            parts = ", ".join(f"{name} {mb:.0f}" for name, mb in used[-1].items())
            goals.show(f"  start {number + 1}: {took[-1]:.1f} s; MB: {parts}")
    whole = median(sum(each.values()) for each in used[1:])
    return [
        at_most("second start", median(took[1:]), 5, "s"),
        at_most("memory of the four services (PSS)", whole, 250, "MB"),
        Goal("  the first start", took[0], unit="s"),
    ]


if __name__ == "__main__":
    goals.finish(main())
