"""The SQL of consultations."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.consultations.models import (
    HIGHEST_LEVEL,
    Consultation,
    ConsultationState,
    ConsultedDepartment,
)
from services.appointments.consultations.workflow import WORKFLOW, ConsultationAction
from shared.database.calendar_days import CONTENT

BATCH = 100
_LIVE = tuple(WORKFLOW.leads(ConsultationAction.WITHDRAW)[0])
_ESCALATED = WORKFLOW.leads(ConsultationAction.ESCALATE)[1]
_TERMS = ("opinion_days", "answer_days", "remind_days", "escalate_days")
_BASIS = text(f"""
SELECT EXISTS (SELECT FROM hall WHERE code = :hall),
  CAST(:item AS text) IS NULL OR EXISTS (SELECT FROM item WHERE code = :item),
  coalesce(p.version, 0), c.days, c.digest,
  {", ".join(f"(p.consultations ->> '{name}')::int" for name in _TERMS)}
FROM ({CONTENT}) c (days, digest) LEFT JOIN LATERAL (
  SELECT version, consultations FROM booking_policy WHERE hall_code = :hall
  ORDER BY version DESC LIMIT 1) p ON true
""")


class ConsultationBasis(NamedTuple):
    """What a new consultation goes by; `terms` are those that the hall's policy lays down."""

    has_hall: bool
    has_item: bool
    policy_version: int
    calendar: tuple[int, int]
    terms: dict[str, int]


class ConsultationFilter(NamedTuple):
    """Which of the consultations that the caller may see; None: all of them."""

    hall: str | None = None
    department: str | None = None
    state: ConsultationState | None = None
    is_late: bool = False


class SeenConsultation(NamedTuple):
    """A consultation with everybody who was asked, by code."""

    consultation: Consultation
    departments: list[ConsultedDepartment]


async def basis(session: AsyncSession, hall: str, item: str | None) -> ConsultationBasis:
    """The policy in force at the hall, and how its calendar is known."""
    row = (await session.execute(_BASIS, {"hall": hall, "item": item})).one()
    has_hall, has_item, version, days, digest, *terms = row
    named = dict(zip(_TERMS, terms, strict=True))
    known = {name: n for name, n in named.items() if n is not None}
    return ConsultationBasis(has_hall, has_item, version, (days, digest), known)


async def seen(session: AsyncSession, consultation_id: UUID) -> SeenConsultation | None:
    """The consultation and who was asked, in one read."""
    rows = (
        select(Consultation, ConsultedDepartment)
        .join(
            ConsultedDepartment,
            col(ConsultedDepartment.consultation_id) == col(Consultation.id),
        )
        .where(col(Consultation.id) == consultation_id)
        .order_by(col(ConsultedDepartment.department_code))
    )
    found = (await session.execute(rows)).all()
    return _together(found)[0] if found else None


async def page(
    session: AsyncSession,
    *,
    places: Collection[str] | None,
    wanted: ConsultationFilter,
    today: date,
    before: UUID | None,
    limit: int,
) -> list[SeenConsultation]:
    """Of the caller's places (None: everywhere), newest first."""
    chosen = select(col(Consultation.id)).order_by(col(Consultation.id).desc()).limit(limit)
    if places is not None:
        chosen = chosen.where(_takes_part(places))
    if wanted.department is not None:
        chosen = chosen.where(_takes_part([wanted.department]))
    if wanted.hall is not None:
        chosen = chosen.where(col(Consultation.hall_code) == wanted.hall)
    if wanted.state is not None:
        chosen = chosen.where(col(Consultation.state) == wanted.state)
    if wanted.is_late:
        chosen = chosen.where(
            col(Consultation.state).in_(_LIVE),
            col(Consultation.due_on) < today,
            col(Consultation.provisional).is_(False),
        )
    if before is not None:
        chosen = chosen.where(col(Consultation.id) < before)
    rows = (
        select(Consultation, ConsultedDepartment)
        .join(
            ConsultedDepartment,
            col(ConsultedDepartment.consultation_id) == col(Consultation.id),
        )
        .where(col(Consultation.id).in_(chosen))
        .order_by(col(Consultation.id).desc(), col(ConsultedDepartment.department_code))
    )
    return _together((await session.execute(rows)).all())


async def late(session: AsyncSession, today: date) -> list[SeenConsultation]:
    """Up to BATCH that go a level higher today, locked: where an opinion or the answer is late, or
    that were escalated so long ago. What others work on is left for the next time."""
    opinion_is_late = exists().where(
        col(ConsultedDepartment.consultation_id) == col(Consultation.id),
        col(ConsultedDepartment.opined_at).is_(None),
        col(ConsultedDepartment.due_on) < today,
        col(ConsultedDepartment.provisional).is_(False),
    )
    answer_is_late = (col(Consultation.due_on) < today) & col(Consultation.provisional).is_(False)
    chosen = (
        select(Consultation)
        .where(
            col(Consultation.state).in_(_LIVE),
            col(Consultation.level) < HIGHEST_LEVEL,
            or_(col(Consultation.escalate_on).is_(None), col(Consultation.escalate_on) <= today),
            or_(col(Consultation.state) == _ESCALATED, answer_is_late, opinion_is_late),
        )
        .order_by(col(Consultation.id))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return await _with_departments(session, (await session.execute(chosen)).scalars().all())


async def ending(session: AsyncSession, today: date) -> list[SeenConsultation]:
    """Up to BATCH of which an opinion or the answer is to be reminded of, locked."""
    opinion_ends = exists().where(
        col(ConsultedDepartment.consultation_id) == col(Consultation.id),
        col(ConsultedDepartment.opined_at).is_(None),
        col(ConsultedDepartment.remind_on) <= today,
    )
    chosen = (
        select(Consultation)
        .where(
            col(Consultation.state).in_(_LIVE),
            or_(col(Consultation.remind_on) <= today, opinion_ends),
        )
        .order_by(col(Consultation.id))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return await _with_departments(session, (await session.execute(chosen)).scalars().all())


async def live(session: AsyncSession) -> list[SeenConsultation]:
    """All that are not ended, locked: for when the calendar has changed."""
    chosen = (
        select(Consultation)
        .where(col(Consultation.state).in_(_LIVE))
        .order_by(col(Consultation.id))
        .with_for_update()
    )
    return await _with_departments(session, (await session.execute(chosen)).scalars().all())


async def _with_departments(
    session: AsyncSession, consultations: Sequence[Consultation]
) -> list[SeenConsultation]:
    found = {one.id: SeenConsultation(one, []) for one in consultations}
    if found:
        asked = (
            select(ConsultedDepartment)
            .where(col(ConsultedDepartment.consultation_id).in_(found))
            .order_by(col(ConsultedDepartment.department_code))
        )
        for one in (await session.execute(asked)).scalars():
            found[one.consultation_id].departments.append(one)
    return list(found.values())


def _takes_part(places: Collection[str]) -> ColumnElement[bool]:
    asked = exists().where(
        col(ConsultedDepartment.consultation_id) == col(Consultation.id),
        col(ConsultedDepartment.department_code).in_(places),
    )
    own = (col(Consultation.hall_code), col(Consultation.lead_department_code))
    return or_(*(column.in_(places) for column in own), asked)


def _together(
    rows: Iterable[Any],
) -> list[SeenConsultation]:
    """Of rows of a consultation and one of its departments each."""
    found: dict[UUID, SeenConsultation] = {}
    for consultation, department in rows:
        one = found.setdefault(consultation.id, SeenConsultation(consultation, []))
        one.departments.append(department)
    return list(found.values())
