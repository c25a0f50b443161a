"""Outreach events: announced with places, registered for, travelled to, finished."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides import service as guides
from services.appointments.outreach import queries, rules
from services.appointments.outreach.events import (
    OutreachEventAnnounced,
    OutreachEventBase,
    OutreachRegistrationEvent,
    OutreachRegistrationMade,
)
from services.appointments.outreach.models import Gathering, GatheringState, Registration
from services.appointments.outreach.queries import SeenRegistration
from services.appointments.outreach.schemas import (
    EventMove,
    EventPlan,
    GatheringResult,
    NewGathering,
    OutreachReason,
    RegistrationIn,
)
from services.appointments.outreach.service import travel
from services.appointments.outreach.workflow import (
    GATHERINGS,
    REGISTRATIONS,
    GatheringAction,
    GatheringMove,
    RegistrationAction,
)
from shared.database.deciding import DecidingSession
from shared.database.versioned import swap
from shared.errors import Conflict, Invalid, NotFound
from shared.ids import new_id
from shared.messaging import outbox
from shared.security.identity import Caller
from shared.web import versions
from shared.web.steps import StepTaker
from shared.workflow import refuse

NAME, PHONE = "outreach_registration.name", "outreach_registration.phone"
PHONE_INDEX = "outreach.phone"


async def announce(session: AsyncSession, wanted: NewGathering, step: StepTaker) -> Gathering:
    """A new event of the caller's hall. Raises NotFound, Invalid."""
    if not step.caller.at(wanted.hall_code):
        raise NotFound(rules.NO_HALL)
    if wanted.starts_at <= step.now:
        raise Invalid(rules.IN_THE_PAST, pointer="/body/starts_at")
    offered = await guides.offers(session, wanted.hall_code, wanted.item_codes)
    for place, code in enumerate(wanted.item_codes):
        if code not in offered:
            raise Invalid(rules.NO_ITEM, pointer=f"/body/item_codes/{place}")
    gathering = Gathering(
        **wanted.model_dump(exclude={"closes_at"}),
        closes_at=wanted.closes_at or wanted.starts_at,
        announced_by=step.caller.sub,
        announced_at=step.now,
    )
    session.add(gathering)
    await publish(session, gathering, OutreachEventAnnounced, step.now)
    return gathering


async def find(session: AsyncSession, event_id: UUID) -> Gathering:
    """Raises NotFound."""
    gathering = await queries.gathering(session, event_id)
    if gathering is None:
        raise NotFound(rules.NO_GATHERING)
    return gathering


async def plan(
    session: DecidingSession, event_id: UUID, wanted: EventPlan, step: StepTaker
) -> Gathering:
    """How the team travels. Raises Invalid."""
    gathering, move = await _begin(session, event_id, GatheringAction.PLAN, step)
    if wanted.leaves_at > gathering.starts_at:
        raise Invalid(rules.LEAVES_LATE, pointer="/body/leaves_at")
    return await _take(session, gathering, move, travel(wanted, step.caller), step)


async def move(
    session: DecidingSession, event_id: UUID, wanted: EventMove, step: StepTaker
) -> Gathering:
    """At another time, or elsewhere; how the team travels has to be planned anew. Raises Invalid.

    Who registered keeps their places, and is let know.
    """
    gathering, move = await _begin(session, event_id, GatheringAction.MOVE, step)
    if wanted.starts_at <= step.now:
        raise Invalid(rules.IN_THE_PAST, pointer="/body/starts_at")
    changes = {
        "starts_at": wanted.starts_at,
        "ends_at": wanted.ends_at,
        "closes_at": wanted.closes_at or wanted.starts_at,
        "place": wanted.place or gathering.place,
        "leaves_at": None,
    }
    return await _take(session, gathering, move, changes, step)


async def cancel(
    session: DecidingSession, event_id: UUID, given: OutreachReason, step: StepTaker
) -> Gathering:
    """It does not take place; the reason is published, and the event says how many were to come."""
    gathering, move = await _begin(session, event_id, GatheringAction.CANCEL, step)
    session.statement.hold(gathering, counter="taken")
    return await _take(session, gathering, move, {"words": given.reason}, step)


async def finish(
    session: DecidingSession, event_id: UUID, result: GatheringResult, step: StepTaker
) -> Gathering:
    """What came of it. Raises Conflict before it has begun."""
    gathering, move = await _begin(session, event_id, GatheringAction.FINISH, step)
    changes = {"served": result.served, "done": result.done, "words": result.text}
    return await _take(session, gathering, move, changes, step)


async def _begin(
    session: DecidingSession, event_id: UUID, action: GatheringAction, step: StepTaker
) -> tuple[Gathering, GatheringMove]:
    """Raises NotFound, StateConflict, Forbidden, Conflict."""
    gathering = await find(session, event_id)
    if not rules.is_staff(step.caller, gathering.hall_code):
        raise NotFound(rules.NO_GATHERING)
    if step.expected is None:
        session.statement.wait_for(gathering)
    versions.ensure(step.expected, version=gathering.version, state=gathering.state)
    move = GATHERINGS.take(gathering.state, gathering.version, action, step.caller.roles)
    if move.after_start and step.now < gathering.starts_at:
        raise Conflict(rules.NOT_BEGUN)
    return gathering, move


async def _take(
    session: DecidingSession,
    gathering: Gathering,
    move: GatheringMove,
    changes: dict[str, Any],
    step: StepTaker,
) -> Gathering:
    gathering = await swap(session, gathering, {"state": move.to, **changes})
    await publish(session, gathering, move.event, step.now)
    return gathering


async def register(
    session: DecidingSession, event_id: UUID, wanted: RegistrationIn, step: StepTaker
) -> Registration:
    """Places for some people, if there are as many; never more than there are.

    Raises NotFound, Invalid, RegistrationClosed, OutreachFull, AlreadyRegistered.
    """
    gathering, caller = await find(session, event_id), step.caller
    is_own = not caller.has(*rules.STAFF)
    if not (is_own or caller.at(gathering.hall_code)):
        raise NotFound(rules.NO_GATHERING)
    if wanted.item_code is not None and wanted.item_code not in gathering.item_codes:
        raise Invalid(rules.NOT_THERE, pointer="/body/item_code")
    phone = step.keyring.phone_forms(wanted.phone, where=PHONE_INDEX)
    owner = caller.sub if is_own else None
    if await queries.is_registered(session, event_id, phone, owner):
        raise rules.AlreadyRegistered
    rules.ensure_open(gathering, wanted.people, step.now)
    queries.take_places(session, event_id, wanted.people, step.now)
    row_id = new_id()
    registration = Registration(
        id=row_id,
        event_id=event_id,
        owner=owner,
        name_sealed=step.keyring.seal(wanted.name, where=NAME, row=str(row_id)),
        phone_sealed=step.keyring.seal(wanted.phone, where=PHONE, row=str(row_id)),
        phone_index=phone[0],
        item_code=wanted.item_code,
        people=wanted.people,
        registered_by=caller.sub,
        registered_at=step.now,
    )
    session.add(registration)
    for index in ("uq_outreach_registration_phone", "uq_outreach_registration_own"):
        session.statement.refusing(index, rules.AlreadyRegistered)
    seen = SeenRegistration(registration, gathering)
    await _publish_registration(session, seen, OutreachRegistrationMade, step.now)
    return registration


async def visible_registration(
    session: AsyncSession, registration_id: UUID, caller: Caller
) -> SeenRegistration:
    """The registration, for whose it is and for the hall's staff. Raises NotFound."""
    found = await queries.registration(session, registration_id)
    if found is None or not (
        rules.is_staff(caller, found.gathering.hall_code) or found.registration.owner == caller.sub
    ):
        raise NotFound(rules.NO_REGISTRATION)
    return found


async def settle(
    session: DecidingSession, registration_id: UUID, action: RegistrationAction, step: StepTaker
) -> Registration:
    """Cancelled, which gives its places back, or there. Raises NotFound, StateConflict."""
    found = await visible_registration(session, registration_id, step.caller)
    registration = found.registration
    if step.expected is None:
        session.statement.wait_for(registration)
    versions.ensure(step.expected, version=registration.version, state=registration.state)
    move = REGISTRATIONS.take(registration.state, registration.version, action, step.caller.roles)
    is_off = found.gathering.state is GatheringState.CANCELLED
    if is_off and not move.gives_back:
        refuse(registration.state, registration.version, rules.CALLED_OFF)
    registration = await swap(session, registration, {"state": move.to, "ended_at": step.now})
    if move.gives_back:
        queries.give_back(session, registration.event_id, registration.people)
    await _publish_registration(session, found, move.event, step.now)
    return registration


async def publish(
    session: AsyncSession, gathering: Gathering, event: type[OutreachEventBase], now: datetime
) -> None:
    """The event of a change, in the scope of the hall, with the columns that it names."""
    named = event.model_fields.keys() - {"event_id", "at"}
    facts = {name: getattr(gathering, name) for name in named}
    made = event(event_id=gathering.id, at=now, **facts)
    await outbox.record(session, made, scope=gathering.hall_code, subject=str(gathering.id))


async def _publish_registration(
    session: AsyncSession,
    found: SeenRegistration,
    event: type[OutreachRegistrationEvent],
    now: datetime,
) -> None:
    one, hall = found.registration, found.gathering.hall_code
    made = event(
        registration_id=one.id,
        event_id=one.event_id,
        hall_code=hall,
        people=one.people,
        state=one.state,
        version=one.version,
        at=now,
    )
    await outbox.record(session, made, scope=hall, subject=str(one.event_id))
