"""The table of round trips: read, compared, written anew and printed, the worst first."""

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

FILE = Path(__file__).parent / "table.toml"
HEAD = """\
# Round trips to the database of each operation's good path, the worst first; those of the
# transaction count too (BEGIN, COMMIT, the pool's ping). RECORD_ROUND_TRIPS=1 writes it anew.
"""


def read() -> dict[str, int]:
    """The count that each operation is held to."""
    counts: dict[str, int] = tomllib.loads(FILE.read_text())
    return counts


def write(counts: Mapping[str, int]) -> None:
    FILE.write_text(HEAD + rows(counts))


def rows(counts: Mapping[str, int]) -> str:
    """A line for each operation, the worst first."""
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    return "".join(f"{name} = {counts[name]}\n" for name in ordered)


def differences(
    held: Mapping[str, int], counted: Mapping[str, list[str]], at_most: Collection[str]
) -> list[str]:
    """What to say of each operation whose count is another one, with what it asked for; of those
    in `at_most` only where it has grown.
    """
    found = []
    for name, statements in counted.items():
        known, count = held.get(name), len(statements)
        if known is None or count > known or (count < known and name not in at_most):
            asked = "\n    ".join(statements)
            found.append(f"{name}: {known} in the table, {count} counted\n    {asked}")
    lost = [f"{name}: no good answer" for name in held if name not in counted]
    return found + lost
