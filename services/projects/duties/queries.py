"""All queries on trigger events, duties and what was observed of them."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import AbsenceSetAside, Standing, Verdict
from services.projects.duties.models import (
    Duty,
    DutyRuling,
    FullWalk,
    Publication,
    PublicationFact,
    TriggerEvent,
)
from services.projects.duties.rows import DetailRow, DutyRow, LifeRow
from services.projects.duties.statement import (
    ADD_FACTS,
    DETAIL,
    LIFE,
    LIFE_COUNTS,
    LIST,
    PROOF_NEEDED_SINCE,
    PUT_PUBLICATIONS,
    REMATCH,
    REMATCH_UNITS,
    SETTLE_REMATCHED,
    SOME,
    TO_REMATCH,
    UNSEEN,
)
from services.projects.register.models import ResponsibleUnit
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.database.reading import Reading

_IDS = any_(bindparam("ids", type_=ARRAY(Uuid)))
_DUTIES = Reading(select(Duty).where(col(Duty.id) == _IDS))
_SET_ASIDE = col(AbsenceSetAside.fact_id)
_FACTS = Reading(
    select(PublicationFact, _SET_ASIDE)
    .outerjoin(AbsenceSetAside, col(PublicationFact.id) == _SET_ASIDE)
    .where(col(PublicationFact.duty_id) == _IDS)
    .order_by(col(PublicationFact.id))
)


class LifeCount(NamedTuple):
    """How many duties of a project stand so."""

    verdict: Verdict
    is_published: bool
    n: int


class UnseenDuty(NamedTuple):
    """A duty of which no page was seen."""

    duty_id: UUID
    unit_code: str
    about: str
    project_name: str
    item_code: str
    formed_on: date | None
    doc_no: str | None
    aliases: list[str]
    confirmed: list[str] | None
    is_notice: bool
    project_code: str | None
    subject: str | None


async def add_made(
    session: AsyncSession, triggers: Sequence[TriggerEvent], duties: Sequence[Duty]
) -> None:
    """Events with the duties that they make; of an event that is known by then all is decided
    anew."""
    if isinstance(session, DecidingSession):
        session.statement.refusing("uq_trigger_event_fact", Overtaken)
    session.add_all(triggers)
    await session.flush()
    session.add_all(duties)
    await session.flush()


async def list_duties(session: AsyncSession, as_of: date, **filters: Any) -> list[DutyRow]:
    """Duties with their standing, by id; filters: units, verdict, project, item, after, limit."""
    found = await session.execute(LIST, {"as_of": as_of} | filters)
    return [DutyRow(**row) for row in found.mappings()]


async def views(session: AsyncSession, as_of: date, ids: Sequence[UUID]) -> list[DutyRow]:
    """These duties with their standing."""
    found = await session.execute(SOME, {"as_of": as_of, "ids": list(ids)})
    return [DutyRow(**row) for row in found.mappings()]


async def detail(session: AsyncSession, as_of: date, duty_id: UUID) -> DetailRow | None:
    """A duty with the names that people read and all that led to its verdict."""
    row = (await session.execute(DETAIL, {"as_of": as_of, "id": duty_id})).mappings().first()
    return None if row is None else DetailRow(**row)


async def life(
    session: AsyncSession,
    as_of: date,
    project: str,
    *,
    after: tuple[date | None, UUID] | None,
    limit: int,
) -> list[LifeRow]:
    """A project's duties in the order of its life, with the names that people read."""
    after_on, after_id = after or (None, None)
    wanted = {"project": project, "after_on": after_on, "after_id": after_id, "limit": limit}
    found = await session.execute(LIFE, {"as_of": as_of} | wanted)
    return [LifeRow(**row) for row in found.mappings()]


async def life_counts(session: AsyncSession, project: str) -> list[LifeCount]:
    """How many of a project's duties stand so, published or not."""
    found = (await session.execute(LIFE_COUNTS, {"project": project})).mappings()
    return [LifeCount(**row) for row in found]


async def unseen(session: AsyncSession, unit: str) -> list[UnseenDuty]:
    """The unit's duties of which no page was seen, and those that are told apart from them only by
    a document or a day.
    """
    found = await session.execute(UNSEEN, {"unit": unit})
    return [UnseenDuty(**row) for row in found.mappings()]


async def rematch(session: AsyncSession, projects: Sequence[str]) -> list[UUID]:
    """Want the duties of these projects matched again, by what they are called now."""
    return list((await session.execute(REMATCH, {"projects": list(projects)})).scalars())


async def rematch_units(session: AsyncSession, units: Sequence[str], now: datetime) -> list[UUID]:
    """Want the duties of these units matched again, by what the units are called `now`."""
    given = {"units": list(units), "now": now}
    return list((await session.execute(REMATCH_UNITS, given)).scalars())


async def to_rematch(session: AsyncSession, limit: int) -> dict[UUID, datetime | None]:
    """Some duties that must be matched again, with when that was wanted last."""
    found = await session.execute(TO_REMATCH, {"limit": limit})
    return {row.duty_id: row.match_wanted_at for row in found}


async def settle_rematched(session: AsyncSession, duties: Mapping[UUID, datetime | None]) -> None:
    """These duties need no more matching, unless they were renamed since."""
    await session.execute(SETTLE_REMATCHED, {"ids": [*duties], "at": [*duties.values()]})


async def wants_rematching(session: AsyncSession) -> bool:
    """Whether a duty must still be matched with the pages collected before."""
    wanted = select(Standing.duty_id).where(col(Standing.match_wanted)).limit(1)
    return (await session.exec(wanted)).first() is not None


async def proof_needed_since(
    session: AsyncSession, units: Sequence[str], day: datetime
) -> dict[str, datetime]:
    """By unit of `units`, what a proof of absence must be younger than, and than the `day`."""
    asked = {"units": [*units], "day": day}
    return {row[0]: row[1] for row in await session.execute(PROOF_NEEDED_SINCE, asked)}


async def duties(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Duty]:
    """These duties, to be looked at."""
    return [row[0] for row in await _DUTIES.bare(session, ids=list(ids))]


async def facts(session: AsyncSession, ids: Sequence[UUID]) -> list[PublicationFact]:
    """All facts of these duties, oldest first, without the absences that were set aside."""
    found = await recorded_facts(session, ids)
    return [fact.without_absence() if is_aside else fact for fact, is_aside in found]


async def recorded_facts(
    session: AsyncSession, ids: Sequence[UUID]
) -> list[tuple[PublicationFact, bool]]:
    """All facts of these duties as recorded, oldest first; of which the absence was set aside."""
    found = await _FACTS.bare(session, ids=list(ids))
    return [(fact, by is not None) for fact, by in found]


async def put_walk(session: AsyncSession, walk: FullWalk) -> None:
    await session.execute(insert(FullWalk).values(**walk.model_dump()).on_conflict_do_nothing())


async def add_facts(session: AsyncSession, facts: Sequence[Mapping[str, Any]]) -> None:
    """Append these facts, in their order, by one statement."""
    await session.execute(ADD_FACTS, {"rows": json.dumps(facts, default=str)})


async def put_publications(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the current evidence of these duties over what it was, by one statement."""
    await session.execute(PUT_PUBLICATIONS, {"rows": json.dumps(rows, default=str)})


async def drop_publications(session: AsyncSession, duties: Sequence[UUID]) -> None:
    """Drop the current evidence of duties of which nothing that was seen counts."""
    gone = delete(Publication).where(col(Publication.duty_id) == _IDS)
    await session.execute(gone, {"ids": list(duties)})


async def put_standing(session: AsyncSession, duty_id: UUID, **columns: Any) -> None:
    """Write derived columns of a standing; the verdict is the audit's to write."""
    standing = Standing.__table__  # type: ignore[attr-defined]
    put = standing.update().where(standing.c.duty_id == duty_id)
    await session.execute(put.values(**columns, version=standing.c.version + 1))


async def hand_over(session: AsyncSession, duties: Sequence[UUID], unit: str) -> None:
    """These duties are owed by another unit from now on."""
    moved = update(Duty).where(col(Duty.id) == _IDS)
    values = {"unit_code": unit, "version": Duty.version + 1}
    await session.execute(moved.values(**values), {"ids": list(duties)})


async def known_subjects(
    session: AsyncSession, unit: str, items: Sequence[str]
) -> set[tuple[str, str | None]]:
    """By item: the subjects without a project of which an event of the unit is recorded, or of one
    that became part of it."""
    its = or_(col(ResponsibleUnit.code) == unit, col(ResponsibleUnit.successor_code) == unit)
    found = select(TriggerEvent.item_code, TriggerEvent.subject).where(
        col(TriggerEvent.unit_code).in_(select(ResponsibleUnit.code).where(its)),
        col(TriggerEvent.item_code).in_(items),
        col(TriggerEvent.project_code).is_(None),
    )
    return {(item, subject) for item, subject in (await session.exec(found)).all()}


async def count_change(session: AsyncSession, duties: Sequence[UUID]) -> None:
    """Something about these duties is otherwise, though they stand as before."""
    standing = Standing.__table__  # type: ignore[attr-defined]
    changed = standing.update().where(standing.c.duty_id == _IDS)
    await session.execute(changed.values(version=standing.c.version + 1), {"ids": list(duties)})


async def rulings(session: AsyncSession, duty_id: UUID) -> Sequence[DutyRuling]:
    query = select(DutyRuling).where(DutyRuling.duty_id == duty_id)
    return (await session.exec(query.order_by(col(DutyRuling.ruled_at), col(DutyRuling.id)))).all()
