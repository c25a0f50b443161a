"""Of what times is read who sits there: those of the visit first, and more only where the search
for places would have gone on there. Pure.

A search that finds nothing, met nobody whose places reach out of the ring and looked at no time out
of it would find nothing in a larger one either.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.appointments.slots.matching import Matching
from services.appointments.slots.visits import Visit

MOST_SLOTS = 8
"""Of an appointment."""
_BEFORE, _AFTER = timedelta(hours=4), timedelta(hours=6)
"""Of a visit: nothing is looked for beyond."""


class Ring(NamedTuple):
    """The slots that begin from `since` on, before `until`."""

    since: datetime
    until: datetime


def first(at: datetime, visit: Visit) -> Ring:
    """The times of the visit; with several items, as long again for what lies between them."""
    minutes = max(sum(need.minutes for need in needs) for needs in visit.people)
    is_simple = all(len(needs) == 1 for needs in visit.people)
    length = timedelta(minutes=minutes if is_simple else 2 * minutes)
    return Ring(at, at + min(length, _AFTER))


def wider(ring: Ring, at: datetime, matching: Matching) -> Ring | None:
    """Where to look next, when the search of `matching` in the ring has found nothing for a visit
    at that time; None: it would find nothing there either."""
    since, until = ring
    length = until - since
    if began := [claim.starts_at for claim in matching.met if claim.starts_at < since]:
        since = min(*began, since - length)
    ends = [claim.ends_at for claim in matching.met if claim.ends_at > until]
    if matching.looked_until is not None and matching.looked_until >= until:
        ends.append(matching.looked_until + length)
    if ends:
        until = max(*ends, until + length)
    found = Ring(max(since, at - _BEFORE), min(until, at + _AFTER))
    return found if found != ring else None


def alike(visit: Visit) -> int:
    """How many of those who come for the same and sit alike may have to be moved: for each leg one
    of a slot at the most, because a slot is made room in once."""
    return visit.legs * MOST_SLOTS
