"""The SQL of follow-ups."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.followups.models import Followup, FollowupState, Questionnaire
from services.appointments.followups.schemas import FollowupFigures, ResultGrouping
from services.appointments.followups.workflow import WORKFLOW, FollowupSweep
from shared.database.calendar_days import CONTENT

SWEEP = 500
_OPEN = WORKFLOW.leads(FollowupSweep.EXPIRE)[0]
_SERVED_BY = """ARRAY(
    SELECT k.clerk::text FROM call k JOIN ticket t ON t.id = k.ticket_id WHERE t.visit_id = :case
    UNION SELECT unnest(v.travellers) FROM outreach_visit v WHERE v.id = :case ORDER BY 1
  )"""
_SAMPLING = text(f"""
SELECT p.id, p.version, p.followups, q.version, q.content::text, c.days, c.digest, {_SERVED_BY},
  (SELECT t.appointment_id FROM ticket t
    WHERE t.visit_id = :case AND t.appointment_id IS NOT NULL LIMIT 1)
FROM ({CONTENT}) c (days, digest)
JOIN LATERAL (SELECT id, version, followups::text, followups ->> 'questionnaire_code' AS asks
  FROM booking_policy WHERE hall_code = :hall ORDER BY version DESC LIMIT 1) p ON true
JOIN LATERAL (SELECT version, content FROM questionnaire WHERE code = p.asks
  ORDER BY version DESC LIMIT 1) q ON true
""")
# At a window, or where the window went: a visit that served somebody ends as a case does.
_FINISHED = text("""
SELECT c.hall_code, c.item_code, coalesce(i.name, c.item_code), coalesce(i.department_code, '_'),
  c.outcome, c.ended_at, c.version
FROM (
  SELECT hall_code, item_code, outcome, state_since AS ended_at, version, leg FROM ticket
  WHERE visit_id = :case AND state = 'done'
  UNION ALL
  SELECT hall_code, item_code, outcome, ended_at, version, 1 FROM outreach_visit
  WHERE id = :case AND state = 'done' AND outcome <> 'nobody_there'
) c LEFT JOIN item i ON i.code = c.item_code ORDER BY c.leg DESC LIMIT 1
""")
_KEYS = {
    ResultGrouping.HALL: "NULL::text",
    ResultGrouping.ITEM: "f.item_code",
    ResultGrouping.DEPARTMENT: "f.department_code",
    ResultGrouping.CLERK: "s.clerk",
    ResultGrouping.MONTH: "to_char(f.finished_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')",
}
_RESULTS = {
    by: text(f"""
SELECT {key}, count(*)::int, count(*) FILTER (WHERE f.state = 'answered')::int,
  count(*) FILTER (WHERE f.is_bad)::int,
  count(*) FILTER (WHERE f.is_bad AND f.rectified_at IS NOT NULL)::int, avg(f.score)
FROM followup f {"CROSS JOIN unnest(f.served_by) s (clerk)" if "clerk" in key else ""}
WHERE f.hall_code = :hall AND f.finished_at >= :begins AND f.finished_at < :ends
GROUP BY 1 ORDER BY 1""")
    for by, key in _KEYS.items()
}


class Sampling(NamedTuple):
    """What decides on drawing a case: the hall's policy, whose `seed` is its id, its newest
    questionnaire, and what is known of the visit; `terms` and `content` are JSON."""

    seed: UUID
    policy_version: int
    terms: str
    questionnaire_version: int
    content: str
    calendar: tuple[int, int]
    served_by: list[str]
    appointment_id: UUID | None


class FinishedVisit(NamedTuple):
    """How a visit ended, in the order of the statement's columns."""

    hall_code: str
    item_code: str
    item_name: str
    department_code: str
    outcome: str
    finished_at: datetime
    version: int


class AskedFollowup(NamedTuple):
    """A follow-up, and what it asks."""

    followup: Followup
    content: dict[str, Any]


class FollowupFilter(NamedTuple):
    """Which of the follow-ups that the caller may see; None: all of them."""

    hall: str | None = None
    department: str | None = None
    state: FollowupState | None = None
    is_bad: bool | None = None


async def sampling(session: AsyncSession, hall: str, case_id: UUID) -> Sampling | None:
    """None where the hall's policy names no questionnaire that there is."""
    row = (await session.execute(_SAMPLING, {"hall": hall, "case": case_id})).first()
    if row is None:
        return None
    seed, version, terms, asks, content, days, digest, served_by, appointment = row
    calendar = (days, digest)
    return Sampling(seed, version, terms, asks, content, calendar, list(served_by), appointment)


async def finished(session: AsyncSession, case_id: UUID) -> FinishedVisit | None:
    """How the visit ended; None where it has not, or there is none."""
    row = (await session.execute(_FINISHED, {"case": case_id})).first()
    return FinishedVisit(*row) if row is not None else None


async def add(session: AsyncSession, followup: Followup) -> bool:
    """False if the case is known already."""
    added = upsert(Followup).values(followup.model_dump()).on_conflict_do_nothing()
    return (await session.execute(added.returning(col(Followup.id)))).first() is not None


async def correct(
    session: AsyncSession, case_id: UUID, case_version: int, values: dict[str, Any]
) -> None:
    """A case that ended anew, if it is not answered yet, with who has served by now; older news
    changes nothing."""
    served_by = text(_SERVED_BY).bindparams(case=case_id)
    corrected = (
        update(Followup)
        .where(
            col(Followup.case_id) == case_id,
            col(Followup.case_version) < case_version,
            col(Followup.state).in_(_OPEN),
        )
        .values(
            case_version=case_version,
            version=col(Followup.version) + 1,
            served_by=served_by,
            **values,
        )
        .execution_options(synchronize_session=False)
    )
    await session.execute(corrected)


async def asked(
    session: AsyncSession, *, followup_id: UUID | None = None, case_id: UUID | None = None
) -> AskedFollowup | None:
    """The follow-up with that id, or of that case, and its questions."""
    rows = select(Followup, col(Questionnaire.content)).join(
        Questionnaire,
        and_(
            col(Questionnaire.code) == col(Followup.questionnaire_code),
            col(Questionnaire.version) == col(Followup.questionnaire_version),
        ),
    )
    if followup_id is not None:
        rows = rows.where(col(Followup.id) == followup_id)
    else:
        rows = rows.where(col(Followup.case_id) == case_id)
    row = (await session.execute(rows)).one_or_none()
    return AskedFollowup(row[0], row[1]) if row is not None else None


async def page(
    session: AsyncSession,
    *,
    places: Collection[str] | None,
    wanted: FollowupFilter,
    before: UUID | None,
    limit: int,
) -> Sequence[Followup]:
    """Of the caller's halls and departments (None: everywhere), newest first."""
    rows = select(Followup).order_by(col(Followup.id).desc()).limit(limit)
    if places is not None:
        own = (col(Followup.hall_code), col(Followup.department_code))
        rows = rows.where(or_(*(column.in_(places) for column in own)))
    if wanted.hall is not None:
        rows = rows.where(col(Followup.hall_code) == wanted.hall)
    if wanted.department is not None:
        rows = rows.where(col(Followup.department_code) == wanted.department)
    if wanted.state is not None:
        rows = rows.where(col(Followup.state) == wanted.state)
    if wanted.is_bad is not None:
        rows = rows.where(col(Followup.is_bad).is_(wanted.is_bad))
    if before is not None:
        rows = rows.where(col(Followup.id) < before)
    return (await session.execute(rows)).scalars().all()


async def over(session: AsyncSession, today: date) -> Sequence[Followup]:
    """Up to SWEEP whose last day is over, locked."""
    rows = (
        select(Followup)
        .where(col(Followup.state).in_(_OPEN), col(Followup.due_on) < today)
        .order_by(col(Followup.due_on))
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(rows)).scalars().all()


async def note_rectified(session: AsyncSession, followup_id: UUID, at: datetime) -> None:
    """Its department has put a bad one right, for the first time."""
    noted = (
        update(Followup)
        .where(
            col(Followup.id) == followup_id,
            col(Followup.is_bad).is_(True),
            col(Followup.rectified_at).is_(None),
        )
        .values(rectified_at=at, version=col(Followup.version) + 1)
        .execution_options(synchronize_session=False)
    )
    await session.execute(noted)


async def figures(
    session: AsyncSession, by: ResultGrouping, hall: str, begins: datetime, ends: datetime
) -> list[FollowupFigures]:
    """Results over the cases that were finished in a time, by group."""
    asked = {"hall": hall, "begins": begins, "ends": ends}
    return [_figures(*row) for row in await session.execute(_RESULTS[by], asked)]


def _figures(
    key: str | None, invited: int, answered: int, bad: int, rectified: int, score: float | None
) -> FollowupFigures:
    return FollowupFigures(
        key=key,
        account=None,
        invited=invited,
        answered=answered,
        bad=bad,
        rectified=rectified,
        answered_rate=round(answered / invited, 4) if invited else None,
        bad_rate=round(bad / answered, 4) if answered else None,
        mean_score=round(float(score), 2) if score is not None else None,
    )


async def newest_questionnaire(session: AsyncSession, code: str) -> Questionnaire | None:
    """The version that is asked."""
    rows = (
        select(Questionnaire)
        .where(col(Questionnaire.code) == code)
        .order_by(col(Questionnaire.version).desc())
        .limit(1)
    )
    return (await session.execute(rows)).scalar_one_or_none()
