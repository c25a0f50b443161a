"""Which schemes may be laid down, and what another one changes in a report. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from services.projects.scoring.schemas import WhatIf, WhatIfLine
from shared.errors import Invalid, Text

_BACKWARDS = Text(
    "评分办法不能追溯，请从今天或以后施行",
    "A scheme is not laid down for days past; please let it be in force from today or later",
)
_TWICE = Text("每个公开主体只能在一个组里", "A unit is in one group of peers only")
_UNKNOWN = Text("没有登记这个公开主体", "This unit is not registered")
_NOTHING_TRIED = Text("请给出要试的评分办法", "Please give the scheme to try")


def ensure_ahead(in_force_from: date, today: date) -> None:
    """Nobody is scored by a scheme that they could not know. Raises Invalid."""
    if in_force_from < today:
        raise Invalid(_BACKWARDS, pointer="/body/in_force_from")


def ensure_peers(groups: Mapping[str, Sequence[str]], known: frozenset[str]) -> None:
    """Raises Invalid for a unit that is in two groups, or that is not registered."""
    times = Counter(unit for units in groups.values() for unit in units)
    for name, units in groups.items():
        for place, unit in enumerate(units):
            if unit not in known:
                raise Invalid(_UNKNOWN, pointer=f"/body/peer_groups/{name}/{place}")
            if times[unit] > 1:
                raise Invalid(_TWICE, pointer=f"/body/peer_groups/{name}/{place}")


def tried(wanted: WhatIf, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A report's inputs with the other weights. Raises Invalid where none are given."""
    if wanted.deduction is None and wanted.merit is None and wanted.item_weights is None:
        raise Invalid(_NOTHING_TRIED, pointer="/body")
    changed = dict(inputs)
    if wanted.deduction is not None:
        changed["weights"] = wanted.deduction.model_dump()
    if wanted.merit is not None:
        changed["merit_weights"] = wanted.merit.model_dump()
    if wanted.item_weights is not None:
        changed["item_weights"] = wanted.item_weights
    return changed


def compared(
    now: Sequence[Mapping[str, Any]], then: Sequence[Mapping[str, Any]]
) -> Iterator[WhatIfLine]:
    """The lines of two contents of one report, beside each other."""
    for one, other in zip(now, then, strict=True):
        names = ("score", "merit_score", "rank", "light")
        yield WhatIfLine(
            unit_code=one["unit_code"],
            name=one["name"],
            **{name: one[name] for name in names},
            **{f"{name}_if": other[name] for name in names},
        )
