"""One-visit figures of items and of finished tickets. Pure; sources: DOMAIN g.2, GB/T 39046-2020.

Whatever is not known is left out of the denominator, and the coverage says so.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from services.appointments.guides.models import CaseKind, LimitUnit, OnlineDepth
from services.appointments.one_visit.schemas import Compression, Share
from shared.errors import Text

ONLINE = (OnlineDepth.ACCEPTANCE, OnlineDepth.END_TO_END)
_NO_LEGAL = Text("没有登记法定时限", "No limit by law is registered")
_NO_PROMISE = Text("没有登记承诺时限", "No promised limit is registered")
_UNITS = Text("两个时限的单位不同，不折算", "The two limits are in different units")


class OfferedItem(NamedTuple):
    """An item that halls offer, as it is registered now; `halls` are those of the question."""

    code: str
    name: str
    department_code: str
    department_name: str | None
    visits_needed: int
    visits_reason: str
    online_depth: OnlineDepth
    case_kind: CaseKind
    legal_limit: int | None
    legal_limit_unit: LimitUnit | None
    promised_limit: int | None
    promised_limit_unit: LimitUnit | None
    valid_from: date
    valid_to: date | None
    halls: frozenset[str]

    def is_valid(self, first: date, last: date) -> bool:
        """Whether it could be settled on any of these days."""
        return self.valid_from <= last and (self.valid_to is None or self.valid_to >= first)


def share(count: int, known: int, everything: int) -> Share:
    """`count` of the `known` ones, which are so much of everything."""
    return Share(
        rate=round(count / known, 4) if known else None,
        count=count,
        of=known,
        coverage=round(known / everything, 4) if everything else None,
    )


def first_visit(finished: int, done: int, needs_more: int, rejected: int) -> Share:
    """Done in one visit, of what was finished with a known outcome."""
    return share(done, done + needs_more + rejected, finished)


def one_visit(items: Sequence[OfferedItem]) -> Share:
    """Items that need at most one visit."""
    return _of_items(items, sum(item.visits_needed <= 1 for item in items))


def online(items: Sequence[OfferedItem]) -> Share:
    """Items that are at least taken up online."""
    return _of_items(items, sum(item.online_depth in ONLINE for item in items))


def end_to_end(items: Sequence[OfferedItem]) -> Share:
    """Items that are handled online from end to end."""
    return _of_items(items, sum(item.online_depth is OnlineDepth.END_TO_END for item in items))


def instant(items: Sequence[OfferedItem]) -> Share:
    """Items that are done on the spot."""
    return _of_items(items, sum(item.case_kind is CaseKind.INSTANT for item in items))


def _of_items(items: Sequence[OfferedItem], count: int) -> Share:
    return share(count, len(items), len(items))


def not_comparable(item: OfferedItem) -> Text | None:
    """Why the item's two limits say nothing about compression; None where they do.

    A day and a working day are not the same, and how many of one are so many of the other depends
    on the calendar: nothing is converted.
    """
    if not item.legal_limit:
        return _NO_LEGAL
    if item.promised_limit is None:
        return _NO_PROMISE
    if item.legal_limit_unit is not item.promised_limit_unit:
        return _UNITS
    return None


def compression_of(item: OfferedItem) -> float | None:
    """1 - promised / legal; None where the limits are not comparable."""
    if not_comparable(item) is not None:
        return None
    return round(1 - (item.promised_limit or 0) / (item.legal_limit or 1), 4)


def compression(items: Iterable[OfferedItem]) -> list[Compression]:
    """Of all comparable items, a line for each unit that there is."""
    comparable = [item for item in items if not_comparable(item) is None]
    return [
        _in_unit(unit, of)
        for unit in LimitUnit
        if (of := [item for item in comparable if item.legal_limit_unit is unit])
    ]


def _in_unit(unit: LimitUnit, items: Sequence[OfferedItem]) -> Compression:
    legal = sum(item.legal_limit or 0 for item in items)
    promised = sum(item.promised_limit or 0 for item in items)
    return Compression(
        unit=unit,
        rate=round(1 - promised / legal, 4),
        items=len(items),
        legal_total=legal,
        promised_total=promised,
    )
