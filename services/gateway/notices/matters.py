"""Which event of what is no appointment, ticket or letter makes which notice."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.notices import service
from services.gateway.notices.contracts import (
    ConsultationAnswered,
    DeferralLapsed,
    DeferralPromised,
    DeferralReminded,
    FollowupInvited,
    OutreachRegistrationCancelled,
    OutreachRegistrationMade,
    OutreachVisitCancelled,
    OutreachVisitPlanned,
    OutreachVisitRefused,
    PreCheckAnswered,
)
from services.gateway.notices.service import APPOINTMENTS, Occasion
from shared import clock
from shared.clock import SHANGHAI
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def promised(session: AsyncSession, envelope: Envelope[DeferralPromised]) -> None:
    data = envelope.data
    until = _end_of(data.due_on)
    await _accept(session, envelope, "deferral_promised", data.deferral_id, "promised", until)


async def reminded(session: AsyncSession, envelope: Envelope[DeferralReminded]) -> None:
    data = envelope.data
    until = _end_of(data.due_on)
    await _accept(session, envelope, "deferral_reminder", data.deferral_id, "reminder", until)


async def lapsed(session: AsyncSession, envelope: Envelope[DeferralLapsed]) -> None:
    await _accept(session, envelope, "deferral_lapsed", envelope.data.deferral_id, "lapsed")


async def checked(session: AsyncSession, envelope: Envelope[PreCheckAnswered]) -> None:
    """Whether all is there, something is missing, or it is dealt with elsewhere: a kind each."""
    data = envelope.data
    kind = f"pre_check_{data.state}"
    await _accept(session, envelope, kind, data.pre_check_id, str(data.version))


async def planned(session: AsyncSession, envelope: Envelope[OutreachVisitPlanned]) -> None:
    """Each other time is said, be it one that was named before; who travels is no matter to who is
    visited."""
    data = envelope.data
    about, at = data.visit_id, data.starts_at
    if at != data.earlier_starts_at:
        occasion = str(data.version)
        await _accept(session, envelope, "outreach_visit_planned", about, occasion, at)


async def refused(session: AsyncSession, envelope: Envelope[OutreachVisitRefused]) -> None:
    about, occasion = envelope.data.visit_id, str(envelope.data.version)
    await _accept(session, envelope, "outreach_visit_refused", about, occasion)


async def called_off(session: AsyncSession, envelope: Envelope[OutreachVisitCancelled]) -> None:
    about, occasion = envelope.data.visit_id, str(envelope.data.version)
    await _accept(session, envelope, "outreach_visit_cancelled", about, occasion)


async def registered(session: AsyncSession, envelope: Envelope[OutreachRegistrationMade]) -> None:
    about, occasion = envelope.data.registration_id, str(envelope.data.version)
    await _accept(session, envelope, "outreach_registered", about, occasion)


async def unregistered(
    session: AsyncSession, envelope: Envelope[OutreachRegistrationCancelled]
) -> None:
    about, occasion = envelope.data.registration_id, str(envelope.data.version)
    await _accept(session, envelope, "outreach_registration_cancelled", about, occasion)


async def decided(session: AsyncSession, envelope: Envelope[ConsultationAnswered]) -> None:
    about, occasion = envelope.data.consultation_id, str(envelope.data.version)
    await _accept(session, envelope, "consultation_answered", about, occasion)


async def invited(session: AsyncSession, envelope: Envelope[FollowupInvited]) -> None:
    data = envelope.data
    until = _end_of(data.due_on)
    await _accept(session, envelope, "followup_invited", data.followup_id, "invited", until)


def _end_of(day: date) -> datetime:
    """A minute before midnight in Shanghai: until then somebody may still do it."""
    return datetime(day.year, day.month, day.day, 23, 59, tzinfo=SHANGHAI)


async def _accept(
    session: AsyncSession,
    envelope: Envelope[Any],
    kind: str,
    about_id: UUID,
    occasion: str,
    useful_until: datetime | None = None,
) -> None:
    about = Occasion(APPOINTMENTS, kind, about_id, occasion, useful_until)
    await service.accept(session, about, envelope.time, clock.now())


subscriptions: list[Subscription[Any]] = [
    Subscription("notices-deferred", DeferralPromised, promised),
    Subscription("notices-deferral-near", DeferralReminded, reminded),
    Subscription("notices-deferral-over", DeferralLapsed, lapsed),
    Subscription("notices-checked", PreCheckAnswered, checked),
    Subscription("notices-visit-planned", OutreachVisitPlanned, planned),
    Subscription("notices-visit-refused", OutreachVisitRefused, refused),
    Subscription("notices-visit-cancelled", OutreachVisitCancelled, called_off),
    Subscription("notices-registered", OutreachRegistrationMade, registered),
    Subscription("notices-unregistered", OutreachRegistrationCancelled, unregistered),
    Subscription("notices-consulted", ConsultationAnswered, decided),
    Subscription("notices-followup", FollowupInvited, invited),
]
