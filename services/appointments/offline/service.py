"""A kiosk without network gives out numbers that it got beforehand; later they join the queue."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from services.appointments.devices import rules as devices
from services.appointments.directory.models import Device
from services.appointments.issuing import drafts, seen
from services.appointments.issuing.rules import number_of
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.issuing.seen import Asked, SeenHall
from services.appointments.offline import queries, rules
from services.appointments.offline.queries import Offline
from services.appointments.offline.schemas import (
    HANDED_OUT,
    Merged,
    MergedTicket,
    Numbers,
    OfflineTicket,
    OfflineTickets,
)
from services.appointments.people.rules import Person
from services.appointments.priority import service as priority
from services.appointments.queueing import event_log
from services.appointments.queueing import service as queueing
from services.appointments.queueing.legs import FloorWindow, NextLeg, shortest_leg
from services.appointments.queueing.models import Ticket
from services.appointments.queueing.schemas import Entry
from shared.database.engine import DirectPool
from shared.database.faults import Overtaken
from shared.database.rows import fetching
from shared.database.swap_statement import SwapStatement
from shared.errors import NotFound
from shared.security.crypto import Keyring
from shared.security.identity import Caller


async def hand_out(swap: SwapStatement, keyring: Keyring, key: SecretStr, now: datetime) -> Numbers:
    """The next numbers of the hall's day, which nobody else gives out. Raises DeviceKeyRefused."""
    found = await _proven(swap.direct, key, now, now.date(), ())
    hall, today = found.device.hall_code, now.astimezone(ZoneInfo(found.timezone)).date()
    queries.take_numbers(swap, hall, today, seen=found.last, count=HANDED_OUT)
    numbers = Numbers(
        day=today,
        first=found.last + 1,
        last=found.last + HANDED_OUT,
        handed_at=now.replace(microsecond=0),
        signature="0" * 64,
    )
    signature = rules.signed(keyring, found.device.id, hall, numbers)[0]
    return numbers.model_copy(update={"signature": signature})


async def merge(
    swap: SwapStatement, keyring: Keyring, sent: OfflineTickets, now: datetime
) -> list[MergedTicket]:
    """The tickets, each of which waits since it was taken; what was merged before stays as it is.

    Raises DeviceKeyRefused, NumbersRefused, NumbersOld or Invalid.
    """
    wanted = [number_of(rules.LETTER, _count(one)) for one in sent.tickets]
    found = await _proven(swap.direct, sent.key, now, sent.numbers.day, wanted)
    device, zone = found.device, ZoneInfo(found.timezone)
    rules.ensure_signed(keyring, device.id, device.hall_code, sent.numbers)
    rules.ensure_of_today(sent.numbers, now.astimezone(zone).date())
    rules.ensure_of_these(sent.numbers, sent.tickets, zone, now)
    new = [
        one for number, one in zip(wanted, sent.tickets, strict=True) if number not in found.merged
    ]
    hall = await _hall(swap.direct, device.hall_code, new, now) if new else None
    waiting = {} if hall is None else _admit(swap, keyring, device, hall, new, now)
    return [_result(number, found.merged, waiting) for number in wanted]


def _result(number: str, merged: dict[str, UUID], waiting: dict[str, Ticket]) -> MergedTicket:
    if number in merged:
        return MergedTicket(number=number, result=Merged.ALREADY, ticket_id=merged[number])
    if number in waiting:
        return MergedTicket(number=number, result=Merged.MERGED, ticket_id=waiting[number].id)
    return MergedTicket(number=number, result=Merged.NOT_SERVED, ticket_id=None)


async def _proven(
    direct: DirectPool, key: SecretStr, now: datetime, day: date, numbers: list[str] | tuple[()]
) -> Offline:
    digest = devices.digest(key.get_secret_value())
    found = await queries.by_key(direct, digest, now, day, numbers)
    if found is None or not devices.is_good(found.device, found.access.enrolled_at):
        raise devices.DeviceKeyRefused
    return found


async def _hall(
    direct: DirectPool, code: str, tickets: list[OfflineTicket], now: datetime
) -> SeenHall:
    items = sorted({item for one in tickets for item in one.items})
    asked = Asked(code, items, rules.LETTER, None, Person(""), [], None)
    if (hall := await seen.find(fetching(direct), asked, now)) is None:
        raise NotFound
    return hall


def _admit(
    swap: SwapStatement,
    keyring: Keyring,
    device: Device,
    hall: SeenHall,
    tickets: list[OfflineTicket],
    now: datetime,
) -> dict[str, Ticket]:
    """By number those that windows serve: they wait, from when they were taken, for what is seen to
    first.

    Neither the day's limit nor its last ticket holds for them: the people have their numbers, and
    came in time.
    """
    caller = Caller(f"device:{device.id}", frozenset({"device"}), frozenset({device.hall_code}))
    policy, happened = priority.policy(hall.queue_policy), list[tuple[Ticket, Entry]]()
    for one in sorted(tickets, key=_count):
        leg = _first_leg(hall, one)
        if leg is None:
            continue
        taken_at = min(one.taken_at, now)
        request = TicketRequest(hall_code=device.hall_code, items=leg.items)
        ticket = drafts.draft(
            keyring, caller, request, policy, None, Person(""), hall.hall, taken_at
        )
        ticket.number, ticket.pending = number_of(rules.LETTER, _count(one)), leg.pending
        queueing.keep_serving(swap, device.hall_code, leg.window_id, ticket.items)
        swap.insert(ticket)
        # The log goes on in the order of its moments: what the hall did not know has not happened.
        entry = Entry(action="issue", event="issued", actor=caller.sub, at=now)
        happened.append((ticket, entry))
    if happened:
        # Whoever sends the same at once finds them merged.
        swap.refusing("uq_ticket_hall_code_service_day_number_leg", Overtaken)
        event_log.append(swap, *happened)
    return {ticket.number: ticket for ticket, _ in happened}


def _first_leg(hall: SeenHall, one: OfflineTicket) -> NextLeg | None:
    """What the ticket is called for first, as if it were issued now; None where no window serves
    one of its items."""
    items = list(dict.fromkeys(one.items))
    windows = [FloorWindow(each.id, each.items, is_open=False) for each in hall.windows]
    if any(hall.serving([item]) is None for item in items):
        return None
    return shortest_leg(items, hall.floor or windows, hall.lines)


def _count(one: OfflineTicket) -> int:
    return int(one.number[len(rules.LETTER) :])
