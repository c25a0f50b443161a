"""The plan against the slots that are there, and its fingerprint. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from services.appointments.schedules.making import WantedSlot
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import Wave


class Present(Protocol):
    """What a comparison asks of a slot that is there."""

    @property
    def rule_code(self) -> str: ...
    @property
    def pool(self) -> Pool: ...
    @property
    def item_codes(self) -> Sequence[str]: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def minutes(self) -> int: ...
    @property
    def capacity(self) -> int: ...
    @property
    def opens_at(self) -> datetime: ...
    @property
    def closes_at(self) -> datetime: ...
    @property
    def shared_from(self) -> datetime | None: ...
    @property
    def ceded(self) -> int: ...
    @property
    def later(self) -> Sequence[Wave]: ...


P = TypeVar("P", bound=Present)


class Comparison(NamedTuple, Generic[P]):
    """What has to happen so that the slots on sale are those of the plan."""

    add: list[WantedSlot]
    late: list[WantedSlot]
    """Planned slots whose sale is over: made only if somebody is given a place in them."""
    withdraw: list[P]
    replaced: list[P]
    """Those of the withdrawn whose time goes on in a slot of the same length."""
    kept: int


def compare(wanted: Iterable[WantedSlot], present: Iterable[P], now: datetime) -> Comparison[P]:
    """The plan against the slots that have not begun: one that changes is withdrawn and made anew.

    Who has a place in it is seated anew (`booking.seating`): those booked first keep their time.
    """
    plans = {slot.place: slot for slot in wanted}
    withdraw: list[P] = []
    replaced: list[P] = []
    kept, missing = 0, dict(plans)
    for row in present:
        slot = plans.get((row.rule_code, row.pool.value, row.starts_at))
        if slot is not None and _same(row, slot, now):
            kept += 1
            del missing[slot.place]
            continue
        withdraw.append(row)
        if slot is not None and row.minutes == slot.minutes:
            replaced.append(row)
    add = [slot for slot in missing.values() if slot.closes_at > now]
    late = [slot for slot in missing.values() if slot.closes_at <= now]
    return Comparison(add, late, withdraw, replaced, kept)


def _same(row: Present, slot: WantedSlot, now: datetime) -> bool:
    """Whether it stays as it is; what is due by now and not yet released makes no difference."""
    due = sum(wave.places for wave in row.later if wave.at <= now)
    return (
        row.minutes,
        row.capacity + due,
        tuple(sorted(row.item_codes)),
        row.opens_at,
        row.closes_at,
        row.shared_from,
        row.ceded,
        tuple(wave for wave in row.later if wave.at > now),
    ) == (
        slot.minutes,
        slot.capacity,
        slot.item_codes,
        slot.opens_at,
        slot.closes_at,
        slot.shared_from,
        slot.ceded,
        slot.later,
    )


def fingerprint(lines: Iterable[str]) -> str:
    """A digest of what a proposal names, so that apply does exactly what was read."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:32]
