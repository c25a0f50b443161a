"""Free times as the API gives them, with what comes on sale later and which windows stay open."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from services.appointments.availability import queries
from services.appointments.availability.schemas import Availability, ComingRelease
from services.appointments.booking import finding
from services.appointments.booking.finding import Party
from services.appointments.directory.openings import periods_on
from services.appointments.directory.schemas import OpeningHours
from services.appointments.releases import service as releases
from services.appointments.releases.rules import PressingRelease
from services.appointments.slots import rules
from services.appointments.slots.models import Pool
from services.appointments.slots.schemas import FreeSlot
from shared.database.engine import DirectPool
from shared.errors import NotFound, Text
from shared.web.pagination import PageRequest, page

_NO_HALL = Text("没有这个大厅", "There is no such hall")


class AskedTimes(NamedTuple):
    """Which free times are asked for: on the hall's local days `first`..`last`."""

    hall: str
    party: Party
    first: date
    last: date
    pool: Pool
    with_full: bool


async def availability(
    direct: DirectPool, asked: AskedTimes, paging: PageRequest, now: datetime
) -> Availability:
    """The times, and on the first page what of those days is not on sale yet.

    Raises NotFound for an unknown hall or item and Invalid for an impossible range.
    """
    hall, party, first, last, pool, with_full = asked
    rules.ensure_range(first, last)
    seen = paging.key(datetime, UUID)
    there = await queries.hall_now(direct, hall, party.items, pool, first, last, now)
    if there is None:
        raise NotFound(_NO_HALL, pointer="/query/hall")
    zone = ZoneInfo(there.zone)
    found = await finding.availability(
        direct,
        hall=hall,
        zone=zone,
        party=party,
        first=first,
        last=last,
        pool=pool,
        with_full=with_full,
        after=seen[0] if seen else None,
        most=paging.limit + 1,
        now=now,
    )
    key = attrgetter("starts_at", "id")
    pressing = await releases.pressing(direct, hall)
    in_turn = [_in_turn(one, party.items, pressing) for one in found]
    shown = page(in_turn, paging, key, lambda one: _with_late(one, there.late, zone))
    coming = [] if seen else [ComingRelease(**one._asdict()) for one in there.releases]
    return Availability(items=shown.items, next_cursor=shown.next_cursor, coming=coming)


def _in_turn(one: FreeSlot, items: Sequence[str], pressing: Iterable[PressingRelease]) -> FreeSlot:
    """With the release for which one has to be in line before it can be booked."""
    for release in pressing:
        if release.covers(items, one.starts_at):
            return one.model_copy(update={"release_id": release.id})
    return one


def _with_late(
    one: FreeSlot, late: Mapping[int, Sequence[OpeningHours]], zone: ZoneInfo
) -> FreeSlot:
    """With the windows that serve then though the hall is not open."""
    if not late:
        return one
    day = one.starts_at.astimezone(zone).date()
    ends_at = one.starts_at + timedelta(minutes=one.minutes)
    windows = [
        window
        for window, hours in late.items()
        for period in periods_on(day, hours, zone)
        if period.starts <= one.starts_at and ends_at <= period.ends
    ]
    return one.model_copy(update={"late_windows": windows}) if windows else one
