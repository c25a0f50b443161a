"""Waiting for a place, and leaving the line."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import admitting, finding, offering, whom
from services.appointments.booking import rules as booking
from services.appointments.booking import service as appointments
from services.appointments.booking.context import BookingContext, Terms, ensure_offered
from services.appointments.guides.rules import Offer
from services.appointments.offers import queries, rules
from services.appointments.offers.changing import change, of_change
from services.appointments.offers.queries import Joining
from services.appointments.offers.schemas import LONGEST_WAIT_DAYS, WaitlistRequest
from services.appointments.people import service as people
from services.appointments.people.rules import Person, account_key
from services.appointments.releases import service as releases
from services.appointments.slots.models import Pool
from services.appointments.slots.schemas import FreeSlot
from services.appointments.waitlist.events import WaitlistJoined
from services.appointments.waitlist.models import WaitlistEntry, WaitlistState
from services.appointments.waitlist.workflow import WORKFLOW, WaitlistAction
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.errors import Invalid, NotFound, Text, counted
from shared.messaging import outbox
from shared.security.identity import Caller
from shared.web import versions

STAFF = ("clerk", "hall_manager")
LEAVE = WaitlistAction.LEAVE
_MONTH = timedelta(days=30)
_NO_HALL = Text("没有这个大厅", "There is no such hall")
_UNKNOWN = Text("没有找到这条候补", "There is no such place in line")
_NOT_YOURS = Text(
    "网上只能候补网上名额；其他名额请到大厅或请工作人员代为候补",
    "Online one waits for online places; for others please ask the staff of the hall",
)
_FOR_YOURSELF = Text("为自己候补时不用填写", "Leave this out when you wait yourself")


class _WaitDays(NamedTuple):
    first: date
    last: date


async def join(
    swap: SwapStatement,
    context: BookingContext,
    wanted: WaitlistRequest,
    caller: Caller,
    now: datetime,
) -> WaitlistEntry:
    """A new place at the end of the line, for the caller or for whom staff name.

    Raises Invalid, NotFound, AlreadyWaiting, PlacesFree, NotAdmitted, BookingBarred.
    """
    found = await _joining(swap, context, wanted, caller, now)
    zone = _zone(found, wanted, caller)
    _ensure_may_wait(found, caller)
    days = _days(wanted, now.astimezone(zone).date())
    terms = await context.terms(wanted.hall_code, wanted.item_code)
    offer = _offered(terms, days)
    await _ensure_full(context, found.person, offer, wanted, days, zone, now)
    entry = WaitlistEntry(
        hall_code=wanted.hall_code,
        item_code=wanted.item_code,
        pool=wanted.pool,
        first_on=days.first,
        last_on=days.last,
        not_before=wanted.not_before,
        not_after=wanted.not_after,
        citizen_key=found.person.citizen_key,
        person_document=found.person.document,
        person_phone=found.person.phone,
        joined_by=caller.sub,
        joined_at=now,
        changed_at=now,
    )
    people.take_seen_turns(swap, found.person, found.turns)
    swap.insert(entry)
    swap.refusing("uq_waitlist_entry_live", Overtaken)
    when = {"first_on": days.first, "last_on": days.last}
    outbox.promise(swap, of_change(WaitlistJoined, entry, **when))
    return entry


async def _joining(
    swap: SwapStatement,
    context: BookingContext,
    wanted: WaitlistRequest,
    caller: Caller,
    now: datetime,
) -> Joining:
    """Who would wait, with what stands against it; the contact that staff gave is kept."""
    await whom.bring_over(context, wanted.citizen, caller)
    if caller.has(*STAFF):
        named = whom.named_person(wanted.citizen, context.keyring)
        person = named.known
        whom.keep_contact(swap, named, now)
    elif wanted.citizen is not None:
        raise Invalid(_FOR_YOURSELF, pointer="/body/citizen")
    elif wanted.pool is not Pool.ONLINE:
        raise Invalid(_NOT_YOURS, pointer="/body/pool")
    else:
        person = Person(account_key(caller.sub))
    return await queries.joining(swap.direct, person, wanted.hall_code, wanted.item_code, now)


def _zone(found: Joining, wanted: WaitlistRequest, caller: Caller) -> ZoneInfo:
    """The hall's. Raises NotFound where there is none, or staff are of another."""
    elsewhere = caller.has(*STAFF) and not caller.at(wanted.hall_code)
    if found.timezone is None or elsewhere:
        raise NotFound(_NO_HALL, pointer="/body/hall_code")
    return ZoneInfo(found.timezone)


def _ensure_may_wait(found: Joining, caller: Caller) -> None:
    """Raises AlreadyWaiting or BookingBarred."""
    if found.waiting is not None:
        may_see = found.is_own or caller.has(*STAFF)
        raise rules.already_waiting(found.waiting if may_see else None)
    if found.penalty is not None:
        may_see = booking.may_see(found.person, caller, found.penalty)
        raise booking.barred(found.penalty) if may_see else booking.BookingBarred()


def _days(wanted: WaitlistRequest, today: date) -> _WaitDays:
    """From the first to the last day that is waited for. Raises Invalid for days that are past."""
    first = max(wanted.first_on or today, today)
    last = wanted.last_on or first + _MONTH
    if last < first:
        raise Invalid(Text("这些日子已经过去", "These days are past"), pointer="/body/last_on")
    if (last - first).days >= LONGEST_WAIT_DAYS:
        days = Text(
            f"最多候补 {LONGEST_WAIT_DAYS} 天",
            f"At most {counted(LONGEST_WAIT_DAYS, 'day')} can be waited for",
        )
        raise Invalid(days, pointer="/body/last_on")
    return _WaitDays(first, last)


def _offered(terms: Terms, days: _WaitDays) -> Offer:
    """The offer, if the item can be booked on some of the days. Raises Invalid."""
    begins = terms.offer.valid_from if terms.offer else days.first
    on = min(max(days.first, begins), days.last)
    return ensure_offered(terms, on, pointer="/body/item_code")


async def _ensure_full(
    context: BookingContext,
    person: Person,
    offer: Offer,
    wanted: WaitlistRequest,
    days: _WaitDays,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Raises PlacesFree: who could book would wait in vain for what nobody gives back; and
    NotAdmitted where what is free is booked in turn, and it is not theirs."""
    hall, items = wanted.hall_code, [offer.code]
    is_wanted = rules.within(zone, wanted.not_before, wanted.not_after)
    pressing = await releases.pressing(context.direct, hall)

    def is_in_turn(at: datetime) -> bool:
        return any(release.covers(items, at) for release in pressing)

    async def free(is_meant: Callable[[datetime], bool]) -> list[FreeSlot]:
        since = datetime.combine(days.first, time(), zone)
        until = datetime.combine(days.last + timedelta(days=1), time(), zone)
        return await finding.first_free(
            context.direct, hall, offer, wanted.pool,
            since=since, until=until, is_wanted=is_meant, now=now,
        )  # fmt: skip

    found = await free(lambda at: is_wanted(at) and not is_in_turn(at))
    if not found and pressing:
        found = await free(lambda at: is_wanted(at) and is_in_turn(at))
        for one in found[:1]:
            await admitting.ensure_admitted(context, hall, items, one.starts_at, person, now)
    if found:
        raise rules.places_free(found)


async def visible(session: AsyncSession, key: UUID, caller: Caller) -> WaitlistEntry:
    """The entry, if it is the caller's or of a hall where the caller works. Raises NotFound."""
    found = await queries.find(session, key)
    if found is None:
        raise NotFound(_UNKNOWN)
    serves = caller.has(*STAFF) and caller.at(found.hall_code)
    if not serves and not await people.owns(session, caller, found):
        raise NotFound(_UNKNOWN)
    return found


async def leave(
    session: DecidingSession, key: UUID, expected: int | None, caller: Caller, now: datetime
) -> WaitlistEntry:
    """The entry, out of line; a place that is held for it goes to the next.

    Raises NotFound, StateConflict: also where the offer was accepted meanwhile.
    """
    entry = await visible(session, key, caller)
    versions.ensure(expected, version=entry.version, state=entry.state)
    row = WORKFLOW.take(entry.state, entry.version, LEAVE, caller.roles)
    if entry.state is WaitlistState.OFFERED:
        return await _leave_offered(await session.statement.begin(), entry.id, caller, now)
    return await change(session, entry, row, now)


async def _leave_offered(
    session: AsyncSession, key: UUID, caller: Caller, now: datetime
) -> WaitlistEntry:
    """The same behind locks, where a place goes to who lost theirs before anybody else."""
    entry = await visible(session, key, caller)
    row = WORKFLOW.take(entry.state, entry.version, LEAVE, caller.roles)
    declining = None
    if entry.state is WaitlistState.OFFERED and entry.appointment_id is not None:
        declining = await _decline(session, entry, entry.appointment_id, caller, now)
    done = await change(session, entry, row, now)
    if declining is not None:
        await declining.settle(session, now)
    return done


async def _decline(
    session: AsyncSession, entry: WaitlistEntry, appointment: UUID, caller: Caller, now: datetime
) -> offering.Declining | None:
    """The hold that it was offered, ended; None where it is over already. Raises StateConflict."""
    offered = await appointments.visible(session, str(appointment), caller)
    action = rules.answered(offered.state, offered.version, offered.expires_at, now)
    if action is None:
        by_hall = caller.has(*appointments.STAFF)
        return await offering.decline(session, offered, now, by_hall=by_hall)
    # It is answered, though no job has noted it yet.
    WORKFLOW.take(WORKFLOW[entry.state, action].to, entry.version, LEAVE, caller.roles)
    return None
