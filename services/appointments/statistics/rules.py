"""Who may see what of small numbers. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel

from shared.security.identity import Caller

L = TypeVar("L", bound=BaseModel)

FEWEST = 5
"""A time or rate over fewer people may point at one of them; as in the figures of letters."""
MAY_OPEN = ("hall_manager", "auditor")
"""They may read every ticket behind a figure, so that none tells them more."""


def shown_to(caller: Caller, line: L, rests_on: Mapping[str, Sequence[str]]) -> L:
    """The line without the times and rates over fewer than FEWEST, unless the caller may open the
    tickets behind them anyway. `rests_on`: which fields say how many people a figure is over."""
    if caller.has(*MAY_OPEN):
        return line
    small = (
        name
        for name, those in rests_on.items()
        if sum(getattr(line, each) for each in those) < FEWEST
    )
    return line.model_copy(update=dict.fromkeys(small))
