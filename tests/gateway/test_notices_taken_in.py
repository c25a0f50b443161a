"""Each event makes its notice, once, while it is news."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from services.gateway.notices import contracts, handlers, matters
from services.gateway.notices.contracts import (
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentMissed,
    AppointmentOrphaned,
    AppointmentRescheduled,
    DeadlineMoved,
    LetterExtended,
    LetterRegistered,
    LetterReplied,
    NoticeDue,
    TicketCalled,
    TicketMissed,
)
from shared import clock
from shared.database.engine import Sessions
from shared.messaging.events import Envelope, Event
from tests.gateway.carrying import NOON


def of(data: Event, age: timedelta = timedelta()) -> Any:
    return Envelope(source="urn:test", type=data.type, time=clock.now() - age, data=data)


def moved_to(kind: str, subject: UUID) -> DeadlineMoved:
    return DeadlineMoved(subject_kind=kind, subject_id=subject, due_on=NOON.date())


async def test_each_event_makes_its_notice_and_a_repetition_none(
    sessions: Sessions, rows: asyncpg.Connection
) -> None:
    one, other = uuid4(), uuid4()
    due = NoticeDue(kind="ticket_soon", about_id=one, occasion="soon")
    unknown = NoticeDue(kind="nobody_knows", about_id=one, occasion="1")
    by_staff = AppointmentCancelled(appointment_id=one, version=7, by_hall=True, state="cancelled")
    steps: list[tuple[Any, Any]] = [
        (handlers.confirmed, AppointmentConfirmed(appointment_id=one, version=2)),
        (handlers.moved, AppointmentRescheduled(replaced_by=other)),
        (handlers.orphaned, AppointmentOrphaned(appointment_id=one, version=3)),
        (handlers.missed, AppointmentMissed(appointment_id=one, version=4)),
        (handlers.cancelled, AppointmentCancelled(appointment_id=one, version=5, by_hall=True)),
        (handlers.cancelled, AppointmentCancelled(appointment_id=one, version=6, by_hall=False)),
        (handlers.cancelled, by_staff),
        (handlers.called, TicketCalled(ticket_id=one, version=2)),
        (handlers.passed, TicketMissed(ticket_id=one, version=3)),
        (handlers.due, due),
        (handlers.due, unknown),
        (handlers.received, LetterRegistered(letter_id=one)),
        (handlers.answered, LetterReplied(letter_id=one, at=NOON)),
        (handlers.answered, LetterReplied(letter_id=one, at=NOON + timedelta(days=9))),
        (handlers.extended, LetterExtended(letter_id=one, at=NOON)),
        (handlers.due_moved, moved_to("letter", one)),
        (handlers.due_moved, moved_to("rating", other)),
    ]
    for handle, data in [*steps, *steps]:
        async with sessions() as session, session.begin():
            await handle(session, of(data))

    found = await rows.fetch("SELECT kind, about_id FROM notice ORDER BY kind")
    assert [(row["kind"], row["about_id"]) for row in found] == [
        ("appointment_cancelled_by_hall", one),
        ("appointment_cancelled_by_staff", one),
        ("appointment_confirmed", one),
        ("appointment_missed", one),
        ("appointment_moved", other),
        ("appointment_orphaned", one),
        ("letter_answered", one),
        ("letter_answered", one),
        ("letter_due_moved", one),
        ("letter_due_moved", one),
        ("letter_received", one),
        ("ticket_called", one),
        ("ticket_missed", one),
        ("ticket_soon", one),
    ]


async def test_so_does_each_event_of_what_is_no_appointment(
    sessions: Sessions, rows: asyncpg.Connection
) -> None:
    one, day = uuid4(), date(2099, 3, 9)
    checked = [
        contracts.PreCheckAnswered(pre_check_id=one, state=state, version=2)
        for state in ("complete", "missing", "elsewhere")
    ]
    times = [NOON + timedelta(days=36500 + n) for n in (0, 0, 1, 0)]
    planned = [
        contracts.OutreachVisitPlanned(
            visit_id=one, version=version, starts_at=at, earlier_starts_at=before
        )
        for version, (at, before) in enumerate(zip(times, [None, *times[:-1]], strict=True), 2)
    ]
    steps: list[tuple[Any, Any]] = [
        (matters.promised, contracts.DeferralPromised(deferral_id=one, due_on=day)),
        (matters.reminded, contracts.DeferralReminded(deferral_id=one, due_on=day)),
        (matters.lapsed, contracts.DeferralLapsed(deferral_id=one, due_on=day)),
        *((matters.checked, each) for each in checked),
        *((matters.planned, each) for each in planned),
        (matters.refused, contracts.OutreachVisitRefused(visit_id=one, version=2)),
        (matters.called_off, contracts.OutreachVisitCancelled(visit_id=one, version=3)),
        (matters.registered, contracts.OutreachRegistrationMade(registration_id=one, version=1)),
        (
            matters.unregistered,
            contracts.OutreachRegistrationCancelled(registration_id=one, version=2),
        ),
        (matters.decided, contracts.ConsultationAnswered(consultation_id=one, version=5)),
        (matters.invited, contracts.FollowupInvited(followup_id=one, due_on=day)),
    ]
    for handle, data in [*steps, *steps]:
        async with sessions() as session, session.begin():
            await handle(session, of(data))

    found = await rows.fetch("SELECT kind, useful_until FROM notice ORDER BY kind, useful_until")
    assert [row["kind"] for row in found] == [
        "consultation_answered",
        "deferral_lapsed",
        "deferral_promised",
        "deferral_reminder",
        "followup_invited",
        "outreach_registered",
        "outreach_registration_cancelled",
        "outreach_visit_cancelled",
        *["outreach_visit_planned"] * 3,  # to another time, and back to the first
        "outreach_visit_refused",
        "pre_check_complete",
        "pre_check_elsewhere",
        "pre_check_missing",
    ]
    until = {row["kind"]: row["useful_until"] for row in found}
    assert until["deferral_reminder"] == datetime(2099, 3, 9, 15, 59, tzinfo=UTC)


async def test_a_stream_that_is_read_from_its_beginning_wakes_nobody(
    sessions: Sessions, rows: asyncpg.Connection
) -> None:
    """As by a gateway that has just learned to read it."""
    data = AppointmentConfirmed(appointment_id=uuid4(), version=2)
    async with sessions() as session, session.begin():
        await handlers.confirmed(session, of(data, age=timedelta(days=1, minutes=1)))
    assert await rows.fetchval("SELECT count(*) FROM notice") == 0
