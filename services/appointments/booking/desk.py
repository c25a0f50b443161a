"""What one process remembers so that a booking is one round trip.

Facts of a slot never change, so they are kept; what a hall offers is asked again after five
seconds; why a wish is refused is believed for one second, and not at all after this process gave
a place back.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from fastapi import Depends, Request

from services.appointments.booking.gathering import Gatherer
from services.appointments.guides import service as guides
from services.appointments.guides.service import Offer
from services.appointments.policies import service as policies
from services.appointments.slots import service as slots
from services.appointments.slots.rules import SlotFacts
from shared.crypto import Keyring
from shared.db import DirectPool
from shared.errors import Problem

_SLOTS_KEPT = 50_000
_OFFERS_KEPT = 5_000
_OFFER_SECONDS = 5.0
_SOLD_OUT_SECONDS = 1.0


class Terms(NamedTuple):
    """Under what a booking is made: the guide and the policy of the moment."""

    offer: Offer | None
    policy_version: int
    hold_minutes: int


class Desk:
    """The booking desk of a process: its memory and its gatherer."""

    def __init__(self, direct: DirectPool, keyring: Keyring) -> None:
        self.direct, self.keyring = direct, keyring
        self.gatherer = Gatherer(direct)
        self._slots: OrderedDict[UUID, SlotFacts] = OrderedDict()
        self._terms: dict[tuple[str, str], tuple[float, Terms]] = {}
        self._sold_out: dict[tuple[object, ...], tuple[float, asyncio.Future[Problem]]] = {}

    async def slots(self, ids: Sequence[UUID]) -> list[SlotFacts]:
        """The facts of those slots that exist."""
        missing = [slot for slot in ids if slot not in self._slots]
        if missing:
            for found in await slots.facts(self.direct, missing):
                self._slots[found.id] = found
            while len(self._slots) > _SLOTS_KEPT:
                self._slots.popitem(last=False)
        return [self._slots[slot] for slot in ids if slot in self._slots]

    async def terms(self, hall: str, item: str) -> Terms:
        """What applies to a booking of the item at the hall, at most five seconds old."""
        kept = self._terms.get((hall, item))
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        offer = await guides.offer(self.direct, item)
        terms = Terms(offer, *await policies.hold_terms(self.direct, hall))
        if len(self._terms) >= _OFFERS_KEPT:
            self._terms.clear()
        self._terms[hall, item] = (time.monotonic() + _OFFER_SECONDS, terms)
        return terms

    def sold_out(self, wanted: Sequence[UUID], item: str) -> Problem | None:
        """The refusal that the same wish had less than a second ago."""
        kept = self._sold_out.get((*wanted, item))
        if kept is None or not kept[1].done() or time.monotonic() >= kept[0]:
            return None
        return kept[1].result()

    async def refusal(
        self, wanted: Sequence[UUID], item: str, find: Callable[[], Awaitable[Problem]]
    ) -> Problem:
        """Why the wish is refused, looked up once for all who are refused the same together."""
        kept = self._sold_out.get((*wanted, item))
        if kept is None or time.monotonic() >= kept[0]:
            if len(self._sold_out) >= _OFFERS_KEPT:
                self._sold_out.clear()
            kept = (time.monotonic() + _SOLD_OUT_SECONDS, asyncio.ensure_future(find()))
            self._sold_out[(*wanted, item)] = kept
            kept[1].add_done_callback(partial(self._forget_failure, (*wanted, item)))
        return await asyncio.shield(kept[1])

    def _forget_failure(self, key: tuple[object, ...], found: asyncio.Future[Problem]) -> None:
        if found.cancelled() or found.exception() is not None:
            self._sold_out.pop(key, None)

    def places_freed(self) -> None:
        self._sold_out.clear()


_desks: WeakKeyDictionary[DirectPool, Desk] = WeakKeyDictionary()


def places_freed() -> None:
    """Tells every desk of this process that a place was given back."""
    for desk in _desks.values():
        desk.places_freed()


async def desk_of(request: Request) -> Desk:
    """The one desk of the application, taken straight from its state: one dependency, not three."""
    direct: DirectPool = request.state.direct
    if (desk := _desks.get(direct)) is None:
        desk = _desks[direct] = Desk(direct, request.state.keyring)
    return desk


BookingDesk = Annotated[Desk, Depends(desk_of)]


def is_offered(terms: Terms, on: date) -> bool:
    """Whether the item exists, may be booked, and is valid on the day."""
    offer = terms.offer
    return (
        offer is not None
        and offer.by_appointment
        and offer.valid_from <= on
        and (offer.valid_to is None or on <= offer.valid_to)
    )


def expiry(terms: Terms, now: datetime) -> datetime:
    """Until when the place is held."""
    return now + timedelta(minutes=terms.hold_minutes)
