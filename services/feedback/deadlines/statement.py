"""Clocks with the numbers of what they go by, in one statement."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, String, Uuid, and_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar.models import CalendarEdition, Edition
from services.feedback.deadlines.models import Deadline, DeadlinePolicy, SubjectKind
from shared.database.deciding import DecidingSession
from shared.database.reading import Reading
from shared.database.tables import enum_type

_EDITIONS = select(
    func.jsonb_object_agg(
        col(CalendarEdition.region),
        func.jsonb_build_array(
            col(CalendarEdition.edition),
            col(CalendarEdition.notice),
            col(CalendarEdition.learned_at),
        ),
        type_=JSONB,
    )
).scalar_subquery()
# Rows are added and stay as they are, so that their ids say which there are.
_WHICH_POLICIES = select(
    func.sum(func.uuid_hash_extended(col(DeadlinePolicy.id), 5)).cast(String)
).scalar_subquery()
_ONE = select(literal(1).label("one")).subquery()
_WANTED = (
    col(Deadline.subject_kind) == bindparam("kind", type_=enum_type(SubjectKind)),
    col(Deadline.subject_id) == func.any(bindparam("ids", type_=ARRAY(Uuid))),
)
_IN_ORDER = (col(Deadline.started_at), col(Deadline.id))
_GOES_BY = select(_EDITIONS, _WHICH_POLICIES)
_OF_SUBJECTS = Reading(
    select(_EDITIONS, _WHICH_POLICIES, Deadline)
    .select_from(_ONE.outerjoin(Deadline, and_(*_WANTED)))
    .order_by(*_IN_ORDER)
)
_LOCKED_OF_SUBJECTS = (
    select(_EDITIONS, _WHICH_POLICIES, Deadline)
    .where(*_WANTED)
    .order_by(*_IN_ORDER)
    .with_for_update(of=Deadline)
    .execution_options(populate_existing=True)
)


class GoesBy(NamedTuple):
    """The edition of each region's calendar, and what changes with the policy rows."""

    editions: dict[str, Edition]
    policies: str


class FoundClocks(NamedTuple):
    """The clocks of some subjects, oldest first, and what they go by."""

    goes_by: GoesBy
    clocks: Sequence[Deadline]


async def goes_by(session: AsyncSession) -> GoesBy:
    """What limits go by at this moment."""
    return _goes_by(*(await session.execute(_GOES_BY)).one())


def _goes_by(editions: dict[str, list[Any]] | None, policies: str | None) -> GoesBy:
    return GoesBy({k: Edition(*v) for k, v in (editions or {}).items()}, policies or "")


async def of_subjects(
    session: AsyncSession, kind: SubjectKind, subject_ids: Collection[UUID]
) -> FoundClocks:
    """All clocks of these subjects, past and present."""
    rows = await _OF_SUBJECTS.all(session, kind=kind, ids=list(subject_ids))
    return FoundClocks(_goes_by(*rows[0][:2]), [row[2] for row in rows if row[2] is not None])


async def to_change(
    session: AsyncSession, kind: SubjectKind, subject_ids: Collection[UUID]
) -> FoundClocks:
    """The same, to be changed: in a transaction locked until it ends, so that changes queue up.

    Where a decision reads without locks the version of each clock guards what is changed of it.
    """
    if isinstance(session, DecidingSession):
        return await of_subjects(session, kind, subject_ids)
    wanted = {"kind": kind, "ids": list(subject_ids)}
    rows = (await session.execute(_LOCKED_OF_SUBJECTS, wanted)).all()
    found = _goes_by(*rows[0][:2]) if rows else await goes_by(session)
    return FoundClocks(found, [row[2] for row in rows])
