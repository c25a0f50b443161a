"""Which event makes which notice."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.notices import matters, service
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
from services.gateway.notices.service import APPOINTMENTS, FEEDBACK, Occasion
from shared import clock
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope

_DUE_MOVED = "letter_due_moved"


async def confirmed(session: AsyncSession, envelope: Envelope[AppointmentConfirmed]) -> None:
    await _of_appointment(session, "appointment_confirmed", envelope)


async def orphaned(session: AsyncSession, envelope: Envelope[AppointmentOrphaned]) -> None:
    await _of_appointment(session, "appointment_orphaned", envelope)


async def missed(session: AsyncSession, envelope: Envelope[AppointmentMissed]) -> None:
    await _of_appointment(session, "appointment_missed", envelope)


async def cancelled(session: AsyncSession, envelope: Envelope[AppointmentCancelled]) -> None:
    """Who cancelled it themselves knows. What the staff cancel may have been the person's own wish;
    what the hall took the time from was not."""
    if envelope.data.by_hall:
        by = "staff" if envelope.data.state == "cancelled" else "hall"
        await _of_appointment(session, f"appointment_cancelled_by_{by}", envelope)


async def moved(session: AsyncSession, envelope: Envelope[AppointmentRescheduled]) -> None:
    """About the appointment that holds now."""
    about = Occasion(APPOINTMENTS, "appointment_moved", envelope.data.replaced_by, "moved")
    await service.accept(session, about, envelope.time, clock.now())


async def called(session: AsyncSession, envelope: Envelope[TicketCalled]) -> None:
    await _of_ticket(session, "ticket_called", envelope)


async def passed(session: AsyncSession, envelope: Envelope[TicketMissed]) -> None:
    await _of_ticket(session, "ticket_missed", envelope)


async def due(session: AsyncSession, envelope: Envelope[NoticeDue]) -> None:
    data = envelope.data
    about = Occasion(APPOINTMENTS, data.kind, data.about_id, data.occasion, data.useful_until)
    await service.accept(session, about, envelope.time, clock.now())


async def received(session: AsyncSession, envelope: Envelope[LetterRegistered]) -> None:
    about = Occasion(FEEDBACK, "letter_received", envelope.data.letter_id, "registered")
    await service.accept(session, about, envelope.time, clock.now())


async def answered(session: AsyncSession, envelope: Envelope[LetterReplied]) -> None:
    data = envelope.data
    about = Occasion(FEEDBACK, "letter_answered", data.letter_id, _moment(data.at))
    await service.accept(session, about, envelope.time, clock.now())


async def extended(session: AsyncSession, envelope: Envelope[LetterExtended]) -> None:
    data = envelope.data
    about = Occasion(FEEDBACK, _DUE_MOVED, data.letter_id, _moment(data.at))
    await service.accept(session, about, envelope.time, clock.now())


async def due_moved(session: AsyncSession, envelope: Envelope[DeadlineMoved]) -> None:
    """Several clocks of a letter may move to one day: that is said once."""
    data = envelope.data
    if data.subject_kind == "letter":
        about = Occasion(FEEDBACK, _DUE_MOVED, data.subject_id, data.due_on.isoformat())
        await service.accept(session, about, envelope.time, clock.now())


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


async def _of_appointment(
    session: AsyncSession,
    kind: str,
    envelope: Envelope[AppointmentConfirmed]
    | Envelope[AppointmentOrphaned]
    | Envelope[AppointmentMissed]
    | Envelope[AppointmentCancelled],
) -> None:
    data = envelope.data
    about = Occasion(APPOINTMENTS, kind, data.appointment_id, str(data.version))
    await service.accept(session, about, envelope.time, clock.now())


async def _of_ticket(
    session: AsyncSession, kind: str, envelope: Envelope[TicketCalled] | Envelope[TicketMissed]
) -> None:
    data = envelope.data
    about = Occasion(APPOINTMENTS, kind, data.ticket_id, str(data.version))
    await service.accept(session, about, envelope.time, clock.now())


subscriptions: list[Subscription[Any]] = [
    Subscription("notices-confirmed", AppointmentConfirmed, confirmed),
    Subscription("notices-moved", AppointmentRescheduled, moved),
    Subscription("notices-orphaned", AppointmentOrphaned, orphaned),
    Subscription("notices-cancelled", AppointmentCancelled, cancelled),
    Subscription("notices-missed", AppointmentMissed, missed),
    Subscription("notices-called", TicketCalled, called),
    Subscription("notices-passed", TicketMissed, passed),
    Subscription("notices-due", NoticeDue, due),
    Subscription("notices-received", LetterRegistered, received),
    Subscription("notices-answered", LetterReplied, answered),
    Subscription("notices-extended", LetterExtended, extended),
    Subscription("notices-due-moved", DeadlineMoved, due_moved),
    *matters.subscriptions,
]
