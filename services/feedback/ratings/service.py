"""Inviting citizens to rate, and taking their ratings."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import PolicyKind, SubjectKind
from services.feedback.deadlines.service import Subject
from services.feedback.departments import service as departments
from services.feedback.ratings import queries, rules, workflow
from services.feedback.ratings.contracts import CaseFinished, FollowupAnswered
from services.feedback.ratings.events import RatingInvited, RatingReceived
from services.feedback.ratings.models import (
    NO_HALL,
    Grade,
    Invitation,
    Rating,
    RatingAmendment,
    RatingState,
    ServiceEvent,
)
from services.feedback.ratings.schemas import GiveRating, ServiceReport
from shared.clock import day_start, today
from shared.database import versioned
from shared.database.deciding import DecidingSession
from shared.errors import Invalid, NotFound
from shared.ids import new_id
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller

AMENDABLE_FOR = timedelta(hours=24)
TEXT, NAME, PHONE = "rating.text", "rating.name", "rating.phone"
CITIZEN = "citizen"


class ReportedCase(NamedTuple):
    """The case of a reported service, and the invitation to rate it."""

    case_id: UUID
    invitation: Invitation


async def invite(session: AsyncSession, finished: CaseFinished, now: datetime) -> None:
    """A finished case opens one invitation to rate it; a newer finish corrects it."""
    event = ServiceEvent(**finished.model_dump())
    if await _open_invitation(session, event, now) is None:
        await queries.correct_service_event(session, event)


async def report(
    session: DecidingSession, given: ServiceReport, caller: Caller, now: datetime
) -> ReportedCase:
    """The case of a service that another system delivered, with an invitation to rate it.

    Reported again it is the same case, as it was reported first. Raises Invalid for an unknown
    department or a moment to come, Forbidden for a department that is not the system's.
    """
    rules.ensure_reportable(given, caller, now)
    if not await departments.of_codes(session, [given.department_code]):
        raise Invalid(departments.NO_DEPARTMENT, pointer="/body/department_code")
    case_id = rules.case_of(caller.sub, given.external_id)
    known = await queries.invitation_of_case(session, case_id)
    if known is not None:
        return ReportedCase(case_id, known.invitation)
    event = ServiceEvent(
        case_id=case_id,
        reported_by=caller.sub,
        hall_code=given.hall_code or NO_HALL,
        **given.model_dump(exclude={"external_id", "hall_code"}),
    )
    invitation = await _open_invitation(session, event, now)
    assert invitation is not None  # the case was not known
    return ReportedCase(case_id, invitation)


async def _open_invitation(
    session: AsyncSession, event: ServiceEvent, now: datetime
) -> Invitation | None:
    """One invitation to rate a case; None if the case is known already."""
    if not await queries.add_service_event(session, event):
        return None
    days = (await deadlines.policy(session, PolicyKind.RATING_INVITATION, now)).n
    invitation = Invitation(
        service_event_id=event.id,
        invited_at=now,
        expires_at=day_start(today(now) + timedelta(days=days + 1)),
    )
    session.add(invitation)
    await session.flush()
    invited = RatingInvited(
        invitation_id=invitation.id,
        case_id=event.case_id,
        hall_code=event.hall_code,
        department_code=event.department_code,
        expires_at=invitation.expires_at,
    )
    await outbox.record(session, invited, scope=event.department_code, subject=str(invitation.id))
    return invitation


async def open_rectification(
    session: AsyncSession, answered: FollowupAnswered, now: datetime
) -> bool:
    """A bad follow-up is put right as a bad rating is, once; False if nothing came of it.

    It is a case of its own, so that the visit's own rating stays the person's to give.
    """
    if not answered.is_bad:
        return False
    facts = answered.model_dump(exclude={"case_id", "case_version", "is_bad"})
    case = ServiceEvent(**facts, case_id=answered.followup_id, version=answered.case_version)
    if not await queries.add_service_event(session, case):
        return False
    invitation = Invitation(
        service_event_id=case.id, state=workflow.USED.to, invited_at=now, expires_at=now
    )
    session.add(invitation)
    await session.flush()
    rating = _of_followup(invitation, case, answered.case_id, now)
    session.add(rating)
    await session.flush()
    await _expect_contact(session, rating, now)
    await _announce(session, rating, now, is_amendment=False)
    return True


def _of_followup(
    invitation: Invitation, case: ServiceEvent, case_id: UUID, now: datetime
) -> Rating:
    """About the visit; what was answered stands with the follow-up, and here it is only bad."""
    return Rating(
        invitation_id=invitation.id,
        service_event_id=case.id,
        case_id=case_id,
        hall_code=case.hall_code,
        department_code=case.department_code,
        grade=Grade.DISSATISFIED,
        state=rules.first_state(Grade.DISSATISFIED),
        rated_at=now,
        followup_id=case.followup_id,
    )


async def give(
    session: DecidingSession, given: GiveRating, *, keyring: Keyring, now: datetime
) -> Rating:
    """The rating, and for a bad one the clock for its department to get in touch.

    Raises NotFound for a wrong token, Invalid for tags of another grade, AlreadyRated,
    InvitationExpired.
    """
    invitation_id = rules.invitation_of(given.token, keyring)
    rules.ensure_tags_fit(given.grade, given.tags)
    found = await queries.invitation(session, invitation_id)
    if found is None:
        raise NotFound(rules.NO_INVITATION)
    rules.ensure_open(found.invitation, now)
    queries.use_invitation(session, invitation_id, now)
    rating = _new_rating(*found, given, keyring, now)
    session.add(rating)
    if rules.is_bad(rating.grade):
        await _expect_contact(session, rating, now)
    await _announce(session, rating, now, is_amendment=False)
    return rating


def _new_rating(
    invitation: Invitation, event: ServiceEvent, given: GiveRating, keyring: Keyring, now: datetime
) -> Rating:
    rating_id = new_id()
    return Rating(
        id=rating_id,
        invitation_id=invitation.id,
        service_event_id=event.id,
        stage=invitation.stage,
        case_id=event.case_id,
        hall_code=event.hall_code,
        department_code=event.department_code,
        state=rules.first_state(given.grade),
        rated_at=now,
        **_given(rating_id, given, keyring),
    )


async def amend(
    session: DecidingSession, given: GiveRating, *, keyring: Keyring, now: datetime
) -> Rating:
    """The rating as the citizen wants it now; what it was is kept. The 24 hours are the database's.

    Whoever is just doing something about it is waited for, by its version. Raises NotFound,
    Invalid, or NoLongerAmendable.
    """
    invitation_id = rules.invitation_of(given.token, keyring)
    rules.ensure_tags_fit(given.grade, given.tags)
    rating = await queries.rating_of_invitation(session, invitation_id)
    if rating is None:
        raise NotFound(rules.NO_INVITATION)
    session.statement.wait_for(rating)
    in_time = rating.amended_at is None and now < rating.rated_at + AMENDABLE_FOR
    if not in_time or rating.state not in workflow.AMENDABLE:
        raise rules.NoLongerAmendable(state=rating.state, version=rating.version)
    session.add(_as_it_was(rating, now))
    turns = rules.is_bad(rating.grade) != rules.is_bad(given.grade)
    changes = {**_given(rating.id, given, keyring), "amended_at": now}
    if turns:
        changes["state"] = rules.first_state(given.grade)
    rating = await versioned.swap(session, rating, changes)
    if turns:
        await _settle_grade(session, rating, now)
    await _announce(session, rating, now, is_amendment=True)
    return rating


async def _settle_grade(session: DecidingSession, rating: Rating, now: datetime) -> None:
    """A bad rating made good asks nothing of the department any more, and the other way round."""
    if rating.state is RatingState.RATED_GOOD:
        await deadlines.cancel(session, subject_of(rating), by=CITIZEN, now=now)
    else:
        await _expect_contact(session, rating, now)


def _as_it_was(rating: Rating, now: datetime) -> RatingAmendment:
    return RatingAmendment(
        rating_id=rating.id,
        grade=rating.grade,
        tags=rating.tags,
        text_sealed=rating.text_sealed,
        at=now,
    )


async def expire(session: AsyncSession, now: datetime) -> int:
    """Invitations whose time is over expire; returns how many. Nothing is rated by silence."""
    total = 0
    while expired := await queries.expire(session, now):
        total += expired
    return total


def subject_of(rating: Rating) -> Subject:
    return Subject(SubjectKind.RATING, rating.id)


async def _expect_contact(session: AsyncSession, rating: Rating, now: datetime) -> None:
    await deadlines.start(
        session,
        subject_of(rating),
        PolicyKind.RATING_CONTACT,
        department_code=rating.department_code,
        by=CITIZEN,
        now=now,
    )


def _given(rating_id: UUID, given: GiveRating, keyring: Keyring) -> dict[str, Any]:
    """The columns of what the citizen says, and of how to reach them: as given last, so that both
    can be removed.
    """

    def seal(plain: str | None, where: str) -> str | None:
        return keyring.seal(plain, where=where, row=str(rating_id)) if plain else None

    contact = given.contact
    return {
        "grade": given.grade,
        "tags": given.tags,
        "text_sealed": seal(given.text, TEXT),
        "name_sealed": seal(contact.name if contact else None, NAME),
        "phone_sealed": seal(contact.phone if contact else None, PHONE),
    }


async def _announce(
    session: AsyncSession, rating: Rating, now: datetime, *, is_amendment: bool
) -> None:
    received = RatingReceived(
        rating_id=rating.id,
        case_id=rating.case_id,
        hall_code=rating.hall_code,
        department_code=rating.department_code,
        grade=rating.grade,
        is_bad=rules.is_bad(rating.grade),
        is_amendment=is_amendment,
        at=now,
        followup_id=rating.followup_id,
    )
    await outbox.record(session, received, scope=rating.department_code, subject=str(rating.id))
