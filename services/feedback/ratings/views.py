"""Ratings as citizens and staff see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import rules as limits
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import Deadline, SubjectKind
from services.feedback.ratings import handling, queries, rules
from services.feedback.ratings.handling import STEP_PLAN, STEP_TEXT, RatingAfter
from services.feedback.ratings.models import Rating, RatingState, RatingStep
from services.feedback.ratings.schemas import (
    AskToRate,
    InvitationView,
    RaterContact,
    RatingDetail,
    RatingReceipt,
    RatingStepView,
    RatingView,
    ServiceReceipt,
    TagView,
)
from services.feedback.ratings.service import NAME, PHONE, TEXT, ReportedCase
from shared.errors import NotFound
from shared.security import audit_log
from shared.security.crypto import Keyring, rating_key
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page


def tags() -> list[TagView]:
    """The national tag set, the best grade first."""
    return [TagView.model_validate(tag) for tag in rules.national_tags().values()]


def receipt(rating: Rating) -> RatingReceipt:
    return RatingReceipt(id=rating.id, state=rating.state)


async def invitation(
    session: AsyncSession, asked: AskToRate, *, keyring: Keyring
) -> InvitationView:
    """How to rate a case, for whoever has its key. Raises NotFound."""
    rules.ensure_key(asked.case_id, asked.rating_key, keyring)
    found = await queries.invitation_of_case(session, asked.case_id)
    if found is None:
        raise NotFound(rules.NO_CASE)
    return InvitationView(
        token=rules.token_of(found.invitation.id, keyring),
        expires_at=found.invitation.expires_at,
        state=found.invitation.state,
        item_name=found.event.item_name,
        rating=receipt(found.rating) if found.rating else None,
    )


def reported(case: ReportedCase, *, keyring: Keyring) -> ServiceReceipt:
    """What the system that reported a service hands to whoever was served."""
    invitation = case.invitation
    return ServiceReceipt(
        case_id=case.case_id,
        rating_key=rating_key(keyring, case.case_id),
        token=rules.token_of(invitation.id, keyring),
        expires_at=invitation.expires_at,
        state=invitation.state,
    )


async def ratings(
    session: AsyncSession,
    *,
    caller: Caller,
    state: RatingState | None,
    is_bad: bool | None,
    paging: PageRequest,
    now: datetime,
) -> Page[RatingView]:
    """The ratings of the caller's departments or halls, the latest first."""
    grades = [g for g in rules.STARS if rules.is_bad(g) == is_bad] if is_bad is not None else None
    found = await queries.page(
        session,
        places=None if "*" in caller.places else caller.places,
        state=state,
        grades=grades,
        after=paging.key(datetime, UUID),
        limit=paging.limit + 1,
    )
    views = await _views(session, found, now)
    return page(found, paging, lambda r: (r.rated_at, r.id), lambda r: views[r.id])


def after(done: RatingAfter, now: datetime) -> RatingView:
    """A rating just changed, as lists show it."""
    return _view(done.rating, done.clocks.live(), now)


async def detail(
    session: AsyncSession, rating_id: UUID, *, caller: Caller, keyring: Keyring, now: datetime
) -> RatingDetail:
    """A rating with what the citizen wrote and its history. Reading it is logged.

    Raises NotFound.
    """
    found = await queries.detailed(session, rating_id)
    if found is None or not handling.may_see(caller, found.rating):
        raise NotFound(rules.NO_RATING)
    rating = found.rating
    await audit_log.write(session, caller.sub, "rating.text_read", f"rating:{rating.id}", now)
    view = (await _views(session, [rating], now))[rating.id]
    return RatingDetail(
        **dict(view),
        text=_opened(rating.text_sealed, TEXT, rating.id, keyring),
        contact=_contact(rating, keyring),
        revisits_tried=found.revisits_tried,
        steps=[_step(step, keyring) for step in found.steps],
    )


def _opened(sealed: str | None, where: str, row: UUID, keyring: Keyring) -> str | None:
    return keyring.open(sealed, where=where, row=str(row)) if sealed else None


def _contact(rating: Rating, keyring: Keyring) -> RaterContact | None:
    phone = _opened(rating.phone_sealed, PHONE, rating.id, keyring)
    if phone is None:
        return None
    name = _opened(rating.name_sealed, NAME, rating.id, keyring)
    return RaterContact.model_construct(name=name, phone=phone)


def _step(step: RatingStep, keyring: Keyring) -> RatingStepView:
    return RatingStepView(
        action=step.action,
        state=step.state,
        round=step.round,
        at=step.at,
        by=step.by,
        text=_opened(step.said_sealed, STEP_TEXT, step.id, keyring),
        plan=_opened(step.plan_sealed, STEP_PLAN, step.id, keyring),
        appeal_reason=step.appeal_reason,
    )


async def _views(
    session: AsyncSession, ratings: Sequence[Rating], now: datetime
) -> dict[UUID, RatingView]:
    ids = [rating.id for rating in ratings]
    clocks = await deadlines.of_many(session, SubjectKind.RATING, ids)
    return {r.id: _view(r, clocks.get(r.id, []), now) for r in ratings}


def _view(rating: Rating, clocks: Sequence[Deadline], now: datetime) -> RatingView:
    """The clock shown is the latest started: an appeal's runs while that of the fix is paused."""
    clock = clocks[-1] if clocks else None
    return RatingView(
        **rating.model_dump(include=set(RatingView.model_fields)),
        stars=rules.STARS[rating.grade],
        gbt39046_code=rules.GBT39046[rating.grade],
        is_bad=rules.is_bad(rating.grade),
        due_on=clock and clock.due_on,
        due_on_is_provisional=clock and clock.provisional,
        overdue=clock is not None and limits.is_overdue(clock, now),
        has_contact=rating.phone_sealed is not None,
    )
