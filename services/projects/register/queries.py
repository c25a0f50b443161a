from collections.abc import Collection, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text, cast, delete, or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.register.models import (
    Project,
    ProjectList,
    ProjectListMember,
    ResponsibleUnit,
    UnitAlias,
)

RENAMED_A_TURN = 500


class UnitRow(NamedTuple):
    """A unit with the other names it goes by."""

    code: str
    name: str
    name_en: str
    valid_from: date
    valid_to: date | None
    version: int
    aliases: list[str]


class ListRow(NamedTuple):
    """A yearly list that a project is on."""

    id: UUID
    year: int
    title: str
    doc_no: str | None


_UNITS = text("""
  SELECT u.code, u.name, u.name_en, u.valid_from, u.valid_to, u.version,
         coalesce(array_agg(a.alias ORDER BY a.alias) FILTER (WHERE a.alias IS NOT NULL),
                  ARRAY[]::varchar[]) AS aliases
  FROM responsible_unit u LEFT JOIN unit_alias a ON a.unit_code = u.code
  WHERE (CAST(:after AS text) IS NULL OR u.code > :after)
    AND (CAST(:code AS text) IS NULL OR u.code = :code)
  GROUP BY u.code ORDER BY u.code LIMIT :limit""")

_LISTS = text("""
  SELECT l.id, l.year, l.title, l.doc_no FROM project_list l
  JOIN project_list_member m ON m.list_id = l.id
  WHERE m.project_code = :code ORDER BY l.year, l.title""")


async def units(
    session: AsyncSession, after: str | None, limit: int, code: str | None = None
) -> list[UnitRow]:
    """Units with their other names, by code; or that one."""
    found = await session.execute(_UNITS, {"after": after, "limit": limit, "code": code})
    return [UnitRow(**row) for row in found.mappings()]


async def insert_unit(session: AsyncSession, unit: ResponsibleUnit) -> bool:
    """False if it is registered already."""
    statement = insert(ResponsibleUnit).values(**unit.model_dump()).on_conflict_do_nothing()
    found = await session.execute(statement.returning(col(ResponsibleUnit.code)))
    return found.scalar_one_or_none() is not None


async def put_aliases(session: AsyncSession, code: str, aliases: Collection[str]) -> list[str]:
    """These and no others are the unit's other names; those that another unit has are returned."""
    gone = delete(UnitAlias).where(
        col(UnitAlias.unit_code) == code, col(UnitAlias.alias).not_in(aliases)
    )
    await session.execute(gone)
    values = [{"alias": alias, "unit_code": code} for alias in sorted(aliases)]
    if values:
        await session.execute(insert(UnitAlias).values(values).on_conflict_do_nothing())
    taken = select(UnitAlias.alias).where(
        col(UnitAlias.alias).in_(aliases), col(UnitAlias.unit_code) != code
    )
    return sorted((await session.exec(taken)).all())


async def project_codes(session: AsyncSession, codes: Collection[str]) -> set[str]:
    query = select(Project.code).where(col(Project.code).in_(codes))
    return set((await session.exec(query)).all())


async def units_on(session: AsyncSession, codes: Collection[str], day: date) -> set[str]:
    """Those of the units that exist on that day."""
    query = select(ResponsibleUnit.code).where(
        col(ResponsibleUnit.code).in_(codes),
        ResponsibleUnit.valid_from <= day,
        or_(col(ResponsibleUnit.valid_to).is_(None), col(ResponsibleUnit.valid_to) >= day),
    )
    return set((await session.exec(query)).all())


async def known_units(session: AsyncSession, codes: Collection[str]) -> set[str]:
    query = select(ResponsibleUnit.code).where(col(ResponsibleUnit.code).in_(codes))
    return set((await session.exec(query)).all())


async def known_projects(session: AsyncSession, codes: Collection[str]) -> dict[str, Project]:
    """The projects among `codes`, locked in their order, so that no other import comes between."""
    query = select(Project).where(col(Project.code).in_(codes)).order_by(Project.code)
    found = await session.exec(query.with_for_update())
    return {project.code: project for project in found.all()}


async def search(
    session: AsyncSession,
    *,
    words: str | None,
    unit: str | None,
    year: int | None,
    after: str | None,
    limit: int,
) -> Sequence[Project]:
    """Projects by code: whose code or a name holds `words`, of a lead unit, on a year's list."""
    query = select(Project)
    if words:
        like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        named = cast(Project.aliases, Text).ilike(like)
        query = query.where(or_(col(Project.name).ilike(like), col(Project.code).like(like), named))
    if unit is not None:
        query = query.where(Project.lead_unit_code == unit)
    if year is not None:
        listed = select(ProjectListMember.project_code).join(
            ProjectList, col(ProjectList.id) == ProjectListMember.list_id
        )
        query = query.where(col(Project.code).in_(listed.where(ProjectList.year == year)))
    if after is not None:
        query = query.where(Project.code > after)
    return (await session.exec(query.order_by(Project.code).limit(limit))).all()


async def insert_projects(session: AsyncSession, projects: list[dict[str, Any]]) -> set[str]:
    """The codes of those that were inserted: the others are there already.

    Waits for whoever inserts the same codes at this moment. In the order of the codes, so that two
    imports wait for one another in one direction only.
    """
    if not projects:
        return set()
    statement = insert(Project).on_conflict_do_nothing().returning(col(Project.code))
    ordered = sorted(projects, key=itemgetter("code"))
    return set((await session.execute(statement, ordered)).scalars())


async def put_list(session: AsyncSession, year: int, title: str) -> ProjectList:
    """The year's list of that title, made if it is new."""
    statement = insert(ProjectList).values(**ProjectList(year=year, title=title).model_dump())
    await session.execute(statement.on_conflict_do_nothing())
    query = select(ProjectList).where(ProjectList.year == year, ProjectList.title == title)
    return (await session.exec(query)).one()


async def put_members(session: AsyncSession, members: list[dict[str, Any]]) -> None:
    if members:
        statement = insert(ProjectListMember).on_conflict_do_nothing()
        await session.execute(statement, members)


async def take_renamed(session: AsyncSession) -> list[str]:
    """The projects whose names have changed; they are not given a second time."""
    taken = select(Project.code).where(col(Project.match_wanted)).order_by(Project.code)
    found = (
        update(Project)
        .where(col(Project.code).in_(taken.limit(RENAMED_A_TURN).with_for_update(skip_locked=True)))
        .values(match_wanted=False)
        .returning(col(Project.code))
        .execution_options(synchronize_session=False)
    )
    return list((await session.execute(found)).scalars())


async def lists_of(session: AsyncSession, code: str) -> list[ListRow]:
    """The yearly lists that a project is on."""
    return [ListRow(**row) for row in (await session.execute(_LISTS, {"code": code})).mappings()]
