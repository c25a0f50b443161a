"""`make mutation`: changes the rules one place at a time, and fails where no test notices.

The work is mutmut's: it forks a process for each mutant and runs only the tests that reach the
changed function. Its settings stand in pyproject.toml. What was run before is not run again
unless the function or its tests changed; `mutants/` may be deleted at any time.
"""

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from tests.mutation.survivors import ACCEPTED
from tests.mutation.targets import FEWEST_PERCENT, TARGETS

MUTMUT = str(Path(sys.executable).with_name("mutmut"))
KILLED = ("killed", "timeout", "segfault")


def results() -> dict[str, str]:
    """Every mutant and what became of it."""
    told = subprocess.run(
        [MUTMUT, "results", "--all", "true"], capture_output=True, text=True, check=True
    ).stdout
    lines = (line.strip().rpartition(": ") for line in told.splitlines() if "__mutmut_" in line)
    return {mutant: status for mutant, _, status in lines}


def written_line(mutant: str) -> str:
    """The first line that the mutant has instead of the original."""
    diff = subprocess.run(
        [MUTMUT, "show", mutant], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    added = [line[1:].strip() for line in diff if line.startswith("+") and line[:3] != "+++"]
    return added[0] if added else ""


def examine(name: str, found: dict[str, str]) -> bool:
    """Prints the line of one target; whether it is good enough."""
    mutants = {m: s for m, s in found.items() if any(fnmatch(m, p) for p in TARGETS[name])}
    alive = [mutant for mutant, status in mutants.items() if status not in KILLED]
    killed = len(mutants) - len(alive)
    percent = 100 * killed / len(mutants) if mutants else 0.0
    print(f"{name:12} {len(mutants):8} {killed:7} {percent:8.1f}")
    unexplained = 0
    for mutant in alive:
        # To show one takes a second; one that no test reaches is never accepted.
        line = written_line(mutant) if mutants[mutant] == "survived" else ""
        if (mutant.rpartition("__mutmut_")[0], line) not in ACCEPTED:
            unexplained += 1
            print(f"    {mutants[mutant]}, not listed: {mutant}: {line}")
    return percent >= FEWEST_PERCENT and not unexplained


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        print(f"no such target: {unknown[0]}; there are: {', '.join(TARGETS)}")
        return 2
    chosen = names or list(TARGETS)
    patterns = [pattern for name in chosen for pattern in TARGETS[name]]
    done = subprocess.run([MUTMUT, "run", "--max-children", "1", *patterns], check=False)
    if done.returncode:
        return done.returncode
    found = results()
    print(f"\n{'target':12} {'mutants':>8} {'killed':>7} {'percent':>8}")
    good = {name: examine(name, found) for name in chosen}
    return 0 if all(good.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
