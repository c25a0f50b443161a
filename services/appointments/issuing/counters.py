"""What a ticket is decided by: seen at once, or behind locks where somebody was faster."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.appointments.booking.models import Appointment
from services.appointments.estimates.openings import Source
from services.appointments.issuing import drafts, queries, rules, seen
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.issuing.seen import Asked, SeenHall
from services.appointments.people import service as people
from services.appointments.people.rules import Person, account_key, person_of, stale_of
from services.appointments.queueing import service as queueing
from shared.cache import Cache
from shared.database.engine import DirectPool, memory_of
from shared.database.rows import fetching
from shared.database.swap_statement import SwapStatement
from shared.errors import Invalid, NotFound, Text
from shared.security.crypto import Keyring
from shared.security.identity import Caller

MOST_HALLS = 1_000
CROWDED_SECONDS = 1.0
TURN_SECONDS = 1.0
_NO_HALL = Text("没有这个大厅", "There is no such hall")
_OTHER_HALL = Text("请在您所在的大厅取号", "Please issue tickets in your own hall")


class TicketWish(NamedTuple):
    """Who asks for a ticket, for what, and with which appointment."""

    caller: Caller
    request: TicketRequest
    appointment: Appointment | None
    now: datetime
    others: Sequence[Appointment] = ()
    """What the person has booked with that appointment, and comes for as well."""

    @property
    def booked(self) -> list[str]:
        """The items that are booked."""
        own = () if self.appointment is None else (self.appointment,)
        return [one.item_code for one in (*own, *self.others)]

    @property
    def letter(self) -> str:
        return rules.LETTER_BOOKED if self.appointment else rules.LETTER_WALK_IN

    def day(self, zone: str) -> date:
        return self.now.astimezone(ZoneInfo(zone)).date()


class Counter(NamedTuple):
    """What a ticket is decided by, whence it was read, and where it is written."""

    hall: SeenHall
    source: Source
    statement: SwapStatement

    @property
    def is_locked(self) -> bool:
        return not isinstance(self.source, DirectPool)

    async def write(self) -> None:
        """At once in a transaction, else with the answer."""
        if not isinstance(self.source, DirectPool):
            await self.statement.write_in(self.source)


class _Crowds:
    """Who asks for a ticket of a hall in this process waits their turn here: sixteen who ask
    together would else decide twice each, and all but one in vain. Where somebody was just faster
    all the same, in another process, who asks waits in the line of the database at once.
    """

    def __init__(self) -> None:
        self.turns = Cache[str, asyncio.Lock](most=MOST_HALLS)
        self.zones = Cache[str, str](most=MOST_HALLS)
        self.crowded = Cache[str, bool](most=MOST_HALLS, seconds=CROWDED_SECONDS)

    def turn(self, hall_code: str) -> asyncio.Lock:
        """Taken from what is seen until all is written. It only spares work: what guards the number
        is its series (`queries`)."""
        turn = self.turns.peek(hall_code)
        if turn is None:
            turn = asyncio.Lock()
            self.turns.put(hall_code, turn)
        return turn


async def look(swap: SwapStatement, keyring: Keyring, wish: TicketWish) -> Counter:
    """The hall as it is: citizens take tickets anywhere, staff and devices only in their own hall.

    Where somebody was faster, who asks waits in the line for the next number. Raises Invalid, and
    NotFound for another hall.
    """
    code, crowds = wish.request.hall_code, memory_of(swap.direct, _Crowds)
    with suppress(TimeoutError):  # whoever holds them all up: the database has the last word
        async with asyncio.timeout(TURN_SECONDS):
            await swap.keep(crowds.turn(code))
    zone = crowds.zones.peek(code)
    if swap.is_again:
        crowds.crowded.put(code, True)
    if zone is not None and crowds.crowded.peek(code):
        return await _in_line(swap, keyring, wish, zone)
    found = await _hall(swap.direct, keyring, wish)
    crowds.zones.put(code, found.hall.timezone)
    return Counter(found, swap.direct, swap)


async def look_behind_locks(counter: Counter, keyring: Keyring, wish: TicketWish) -> Counter:
    """The same in a transaction, in which neither what the windows serve nor the number changes."""
    return await _in_line(counter.statement, keyring, wish, counter.hall.hall.timezone)


async def _in_line(swap: SwapStatement, keyring: Keyring, wish: TicketWish, zone: str) -> Counter:
    """`zone` is the hall's timezone: its day has a line of its own."""
    session, code = await swap.begin(), wish.request.hall_code
    await queueing.keep_windows(session, code)
    await queries.lock_series(session, code, wish.day(zone), wish.letter)
    return Counter(await _hall(session, keyring, wish), session, SwapStatement())


async def _hall(source: Source, keyring: Keyring, wish: TicketWish) -> SeenHall:
    asked = await _asked(source, keyring, wish)
    hall = await seen.find(fetching(source), asked, wish.now)
    if hall is None:
        raise Invalid(_NO_HALL, pointer="/body/hall_code")
    if asked.account is None:
        if not wish.caller.at(asked.hall_code):
            raise NotFound(_OTHER_HALL, pointer="/body/hall_code")
        return hall
    if await people.current(source, hall.person) != hall.person:  # and now it is under one key
        return await _hall(source, keyring, wish)
    return hall


async def _asked(source: Source, keyring: Keyring, wish: TicketWish) -> Asked:
    """Whose ticket it is: whose account, who booked, or whose ID number staff or a device saw."""
    caller, request, booked = wish.caller, wish.request, wish.appointment
    of = partial(
        Asked,
        request.hall_code,
        request.items,
        wish.letter,
        proofs=drafts.proofs_of(keyring, request),
        appointment=None if booked is None else booked.id,
    )
    if caller.has("citizen"):
        return of(account_key(caller.sub), Person(""))
    documents = drafts.documents_of(keyring, request)
    await people.bring_over(source, stale_of((), documents, ()))
    shown = next(iter(documents), None)
    if booked is None:
        return of(None, Person("", document=shown))
    person = person_of(booked)
    return of(None, person._replace(document=person.document or shown))
