"""The times at which a visit fits: by the places that are free, and by those that somebody leaves
who sits as well elsewhere."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.appointments.booking import around
from services.appointments.guides import service as guides
from services.appointments.guides.rules import Offer, why_not_bookable
from services.appointments.releases import service as releases
from services.appointments.slots import rules
from services.appointments.slots import service as slots
from services.appointments.slots.free_times import free_times
from services.appointments.slots.matching import Looks, Matching
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot
from services.appointments.slots.schemas import FreeSlot
from services.appointments.slots.visits import Need, Wish
from shared.database.engine import DirectPool
from shared.errors import NotFound, Text

_NEAREST = 3
_PIECE = 500
"""Slots that are read at once: a page needs more only where most of them are full."""
_NO_ITEM = Text("没有这个事项", "There is no such item")


@dataclass(frozen=True)
class Party:
    """Who comes, for what; `slots` in a row at the least."""

    items: Sequence[str]
    persons: int = 1
    slots: int = 1

    def wish(self, offers: Mapping[str, Offer], *, minutes: int = 1) -> Wish:
        """With the minutes that each item takes, and no fewer than those."""
        needs = (Need(item, max(offers[item].standard_minutes, minutes, 1)) for item in self.items)
        return Wish(tuple(needs), self.persons, self.slots)


async def availability(
    direct: DirectPool,
    *,
    hall: str,
    zone: ZoneInfo,
    party: Party,
    first: date,
    last: date,
    pool: Pool,
    with_full: bool,
    after: datetime | None,
    most: int,
    now: datetime,
) -> list[FreeSlot]:
    """The times on the local days `first`..`last` of the hall, which is in that zone, at which they
    all fit, one row a time, at most that many.

    `after` is the last time seen. What cannot be booked is not listed. Raises NotFound for an
    unknown item.
    """
    offers = await guides.offers_direct(direct, hall, party.items)
    if offers.keys() != {*party.items}:
        raise NotFound(_NO_ITEM, pointer="/query/item")
    since = max(datetime.combine(first, time(), zone), now)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    search = _Search(direct, hall, offers, pool, party.wish(offers), until, now)
    return await search.times(since, most, after=after, with_full=with_full)


async def alternatives(
    direct: DirectPool,
    hall: str,
    pool: Pool,
    party: Party,
    wanted: datetime,
    now: datetime,
    *,
    minutes: int = 1,
) -> list[FreeSlot]:
    """The three times nearest to the wanted one at which they all fit, within a fortnight after;
    none of a release that the wanted one is not of, for those are booked in turn."""
    offers = await guides.offers_direct(direct, hall, party.items)
    if offers.keys() != {*party.items}:
        return []
    wish, until = party.wish(offers, minutes=minutes), wanted + timedelta(days=14)
    others = [
        release
        for release in await releases.pressing(direct, hall)
        if not release.covers(party.items, wanted)
    ]

    def is_open(at: datetime) -> bool:
        return not any(release.covers(party.items, at) for release in others)

    search = _Search(direct, hall, offers, pool, wish, until, now, is_open)
    earliest = max(now, wanted - timedelta(days=7))
    before = await search.times(earliest, None, before=wanted)
    later = await search.times(max(earliest, wanted), _NEAREST)
    return rules.nearest([*before, *later], wanted, count=_NEAREST)


async def first_free(
    direct: DirectPool,
    hall: str,
    offer: Offer,
    pool: Pool,
    *,
    since: datetime,
    until: datetime,
    is_wanted: Callable[[datetime], bool],
    now: datetime,
) -> list[FreeSlot]:
    """The first three times from `since` on, before `until`, that are wanted and at which somebody
    could be seen for the offer; also where somebody else would be moved for that."""
    offers = {offer.code: offer}
    wish = Party([offer.code]).wish(offers)
    search = _Search(direct, hall, offers, pool, wish, until, now, is_wanted)
    return await search.times(max(since, now), _NEAREST)


def _any_time(_: datetime) -> bool:
    return True


@dataclass(frozen=True)
class _Search:
    """What is looked for at a hall: slots for the offers, read in pieces until there are enough."""

    direct: DirectPool
    hall: str
    offers: Mapping[str, Offer]
    pool: Pool
    wish: Wish
    until: datetime
    now: datetime
    is_wanted: Callable[[datetime], bool] = _any_time
    looks: Looks = field(default_factory=Looks)
    """For all pieces together."""

    async def times(
        self,
        since: datetime,
        most: int | None,
        *,
        after: datetime | None = None,
        before: datetime | None = None,
        with_full: bool = False,
    ) -> list[FreeSlot]:
        """The times from `since` on, after `after` and before `before`; at most that many."""
        found: list[FreeSlot] = []
        known: list[OpenSlot] = []
        looked_from = since
        while True:
            piece = await self._piece(known[-1] if known else None, since)
            known = [slot for slot in (*known, *piece) if slot.starts_at >= looked_from]
            known_until = known[-1].starts_at if len(piece) == _PIECE else None
            starts = self._starts(known, after, before)
            matching = await self._matching(known)
            more = free_times(
                matching,
                self.wish,
                starts,
                with_full=with_full,
                known_until=known_until,
                most=None if most is None else most - len(found),
            )
            found += more.rows
            passed = before is not None and known_until is not None and known_until >= before
            if known_until is None or len(found) == most or (passed and more.open_from is None):
                return found
            looked_from = more.open_from or known_until

    def _starts(
        self, known: Iterable[OpenSlot], after: datetime | None, before: datetime | None
    ) -> list[datetime]:
        """When somebody could come, on days on which all of it can be booked."""
        days: dict[date, bool] = {}
        starts = set()
        for slot in known:
            if slot.on_date not in days:
                offers = self.offers.values()
                days[slot.on_date] = all(why_not_bookable(o, slot.on_date) is None for o in offers)
            at = slot.starts_at
            is_asked = (after is None or at > after) and (before is None or at < before)
            if days[slot.on_date] and is_asked and self.is_wanted(at):
                starts.add(at)
        return sorted(starts)

    async def _matching(self, known: Sequence[OpenSlot]) -> Matching:
        """Those slots with what others there are of their times, and who sits in them, where
        somebody could be moved."""
        if not known:
            return Matching((), looks=self.looks)
        items = self.offers.keys()
        served = {i for slot in known if slot.booked for i in slot.item_codes} - items
        near: Sequence[OpenSlot] = ()
        if served:
            ends_at = max(slot.ends_at for slot in known)
            since, asked = known[0].starts_at, list(items)
            near = await slots.near_slots(
                self.direct, self.hall, asked, self.pool,
                since=since, until=ends_at, served=served, now=self.now,
            )  # fmt: skip
        mixed = _mixed([*known, *near], items)
        sitters = await around.sitters(self.direct, mixed) if mixed else {}
        return Matching([*known, *near], sitters, self.looks)

    async def _piece(self, last: OpenSlot | None, since: datetime) -> list[OpenSlot]:
        return await slots.open_slots(
            self.direct,
            self.hall,
            list(self.offers),
            self.pool,
            since=last.starts_at if last else since,
            until=self.until,
            after=last.id if last else None,
            now=self.now,
            most=_PIECE,
        )


def _mixed(known: Iterable[OpenSlot], items: Collection[str]) -> list[UUID]:
    """The slots of times at which not every slot serves all that is wanted: only there does it
    matter who sits where."""
    at: dict[datetime, list[OpenSlot]] = {}
    for slot in known:
        at.setdefault(slot.starts_at, []).append(slot)
    wanted = frozenset(items)
    return [
        slot.id
        for those in at.values()
        if any(not wanted <= slot.item_codes for slot in those)
        for slot in those
        if slot.booked
    ]
