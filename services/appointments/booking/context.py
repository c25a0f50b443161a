"""What one process remembers so that a booking is one round trip.

Facts of a slot never change, so they are kept; what a hall offers is asked again after five
seconds; why a request is refused is believed for one second, and not at all after this process gave
a place back.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import finding, runs
from services.appointments.booking.batching import Batcher
from services.appointments.booking.finding import Party
from services.appointments.guides import service as guides
from services.appointments.guides.rules import Offer, why_not_bookable
from services.appointments.policies import service as policies
from services.appointments.policies.rules import CapTerms
from services.appointments.slots import service as slots
from services.appointments.slots.rules import SlotFacts
from services.appointments.slots.schemas import FreeSlot
from shared.cache import Cache
from shared.database.engine import DirectPool, Sessions, memory_of
from shared.errors import Invalid, Problem
from shared.security.crypto import Keyring

P = TypeVar("P")


class Terms(NamedTuple):
    """Under what a booking is made: the guide and the policy of the moment."""

    offer: Offer | None
    policy_version: int
    hold_minutes: int
    caps: CapTerms


class BookingContext:
    """What the bookings of a process share: what it remembers, and its batcher."""

    def __init__(self, direct: DirectPool, sessions: Sessions, keyring: Keyring) -> None:
        self.direct, self.sessions, self.keyring = direct, sessions, keyring
        self.batcher = Batcher(direct)
        self._slots = Cache[UUID, SlotFacts | None](most=50_000)
        self._offers = Cache[tuple[str, str], Offer | None](seconds=5, most=5_000)
        self._refusals = Cache[tuple[tuple[UUID, ...], str], Problem](seconds=1, most=5_000)
        self._places = Cache[Hashable, Any](seconds=1, most=5_000)

    async def slots(self, ids: Sequence[UUID]) -> list[SlotFacts]:
        """The facts of those slots that exist."""
        found = [await self._slots.get(slot, partial(self._slot, slot)) for slot in ids]
        return [slot for slot in found if slot is not None]

    async def _slot(self, slot: UUID) -> SlotFacts | None:
        return next(iter(await slots.facts(self.direct, [slot])), None)

    async def terms(self, hall: str, item: str) -> Terms:
        """What applies to a booking of the item at the hall, at most five seconds old."""
        find = partial(guides.offer, self.direct, hall, item)
        offer = await self._offers.get((hall, item), find)
        policy = await policies.hold_terms(self.direct, hall)
        return Terms(offer, *policy)

    async def whole_run(
        self, run: Sequence[SlotFacts], offer: Offer, now: datetime
    ) -> list[SlotFacts]:
        """The run with as many of the next slots as the item needs.

        Raises NotEnoughTime, with alternatives, where the hall closes before that.
        """
        missing = offer.standard_minutes - sum(slot.minutes for slot in run)
        if missing <= 0:
            return list(run)
        until = run[-1].ends_at + timedelta(minutes=missing)
        whole = runs.lengthened(run, await slots.following(self.direct, run[-1], until), offer)
        if whole is None:
            others = await near(self.direct, run, offer.code, now)
            raise runs.not_enough_time(offer.standard_minutes, others)
        return whole

    def sold_out(self, wanted: Sequence[UUID], item: str) -> Problem | None:
        """The refusal that the same request had less than a second ago."""
        known = self._refusals.peek((tuple(wanted), item))
        return None if known is None else known.anew()

    async def refusal(
        self, wanted: Sequence[UUID], item: str, find: Callable[[], Awaitable[Problem]]
    ) -> Problem:
        """Why the request is refused, looked up once for all who are refused the same together."""
        return (await self._refusals.get((tuple(wanted), item), find)).anew()

    async def place_for(self, wanted: Hashable, find: Callable[[], Awaitable[P]]) -> P:
        """What was found for it a moment ago, looked up once for all who ask together."""
        found: P = await self._places.get(wanted, find)
        return found

    def places_freed(self) -> None:
        self._refusals.clear()
        self._places.clear()


async def near(
    direct: DirectPool, run: Sequence[SlotFacts], item: str, now: datetime
) -> list[FreeSlot]:
    """The three times nearest to the run at which as much fits."""
    first, minutes = run[0], sum(slot.minutes for slot in run)
    party = Party([item], slots=len(run))
    return await finding.alternatives(
        direct, first.hall_code, first.pool, party, first.starts_at, now, minutes=minutes
    )


class _Shared:
    """The one context of an application, once somebody has booked."""

    context: BookingContext | None = None


def places_freed(source: AsyncSession | DirectPool) -> None:
    """A place was given back: what was refused a moment ago may be had."""
    if (context := memory_of(source, _Shared).context) is not None:
        context.places_freed()


async def context_of(request: Request) -> BookingContext:
    """Taken straight from the application's state: one dependency, not three."""
    direct: DirectPool = request.state.direct
    shared = memory_of(direct, _Shared)
    if shared.context is None:
        shared.context = BookingContext(direct, request.state.sessions, request.state.keyring)
    return shared.context


RequestBookingContext = Annotated[BookingContext, Depends(context_of)]


def ensure_offered(terms: Terms, on: date, *, pointer: str) -> Offer:
    """The offer, if the item can be booked for the day. Raises Invalid, which says why not."""
    offer = terms.offer
    why = why_not_bookable(offer, on)
    if offer is None or why is not None:
        raise Invalid(why, pointer=pointer)
    return offer


def expiry(terms: Terms, now: datetime) -> datetime:
    """Until when the place is held."""
    return now + timedelta(minutes=terms.hold_minutes)
