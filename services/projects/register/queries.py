import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, String, Text, any_, cast, delete, literal, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar.models import Region
from services.projects.register.models import (
    Project,
    ProjectList,
    ProjectListMember,
    ResponsibleUnit,
    UnitAlias,
)
from services.projects.register.statement import (
    ADD_ALIASES,
    ADD_UNITS,
    CHANGE_UNITS,
    DROP_ALIASES,
    INSERT,
    LEAD,
    LISTS,
    MEMBERS,
    NAMED,
    OPEN,
    SUCCEED,
    UNITS,
    UNITS_OF,
    UPDATE,
)

RENAMED_A_TURN = 500


class UnitRow(NamedTuple):
    """A unit with the other names it goes by."""

    code: str
    name: str
    name_en: str
    valid_from: date
    valid_to: date | None
    region: str
    successor_code: str | None
    version: int
    aliases: list[str]


class UnitOpen(NamedTuple):
    """What of a unit somebody still has to see to; all of it numbers."""

    duties: int
    """Not published, and not left alone."""
    orders: int
    disputes: int
    exemptions: int
    releases: int
    """Approved, with a number in the register, and not out yet."""
    portals: int
    packs: int

    @property
    def cases(self) -> int:
        """What is between the unit and somebody else, so that nobody can take it over."""
        return self.orders + self.disputes + self.exemptions + self.releases


class ListRow(NamedTuple):
    """A yearly list that a project is on."""

    id: UUID
    year: int
    title: str
    doc_no: str | None


async def units(
    session: AsyncSession, after: str | None, limit: int, code: str | None = None
) -> list[UnitRow]:
    """Units with their other names, by code; or that one."""
    found = await session.execute(UNITS, {"after": after, "limit": limit, "code": code})
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


async def known_units_by_code(session: AsyncSession, codes: Collection[str]) -> dict[str, UnitRow]:
    """Those of the units that are registered, as they stand."""
    found = await session.execute(UNITS_OF, {"codes": list(codes)})
    return {row["code"]: UnitRow(**row) for row in found.mappings()}


async def aliases_of_others(
    session: AsyncSession, aliases: Collection[str], codes: Collection[str]
) -> dict[str, str]:
    """Whose the names are that units other than these have, by the name."""
    taken = select(UnitAlias.alias, UnitAlias.unit_code).where(
        col(UnitAlias.alias) == _any(aliases), ~(col(UnitAlias.unit_code) == _any(codes))
    )
    return dict((await session.exec(taken)).all())


async def put_units(session: AsyncSession, rows: list[dict[str, Any]]) -> int:
    """Register these units or change them, with their other names, where none was changed since
    its version in `seen` (0: it was not there); no others are touched. How many were written.
    """
    given = {"rows": json.dumps(rows, default=str)}
    written = [
        len((await session.execute(statement, given)).all())
        for statement in (ADD_UNITS, CHANGE_UNITS)
    ]
    for statement in (DROP_ALIASES, ADD_ALIASES):
        await session.execute(statement, given)
    return sum(written)


async def what_is_open(
    session: AsyncSession, codes: Collection[str], day: date
) -> dict[str, UnitOpen]:
    """What of these units is still to be seen to, from that day on, by the unit."""
    found = await session.execute(OPEN, {"units": list(codes), "day": day})
    return {code: UnitOpen(*numbers) for code, *numbers in found}


async def succeed(session: AsyncSession, code: str, successor: str) -> None:
    """The unit, and what became part of it before, is part of that one."""
    await session.execute(SUCCEED, {"unit": code, "into": successor})


async def hand_over_projects(
    session: AsyncSession, code: str, successor: str, now: datetime
) -> int:
    """The projects that the unit leads are led by that one; how many they are."""
    moved = await session.execute(LEAD, {"unit": code, "into": successor, "now": now})
    return len(moved.all())


async def known_regions(session: AsyncSession, codes: Collection[str]) -> set[str]:
    """Those of the regions that are registered."""
    found = select(Region.code).where(col(Region.code) == _any(codes))
    return set((await session.exec(found)).all())


async def units_on(session: AsyncSession, codes: Collection[str], day: date) -> set[str]:
    """Those of the units that exist on that day."""
    query = select(ResponsibleUnit.code).where(
        col(ResponsibleUnit.code).in_(codes),
        ResponsibleUnit.valid_from <= day,
        or_(col(ResponsibleUnit.valid_to).is_(None), col(ResponsibleUnit.valid_to) >= day),
    )
    return set((await session.exec(query)).all())


def _any(codes: Collection[str]) -> Any:
    """One parameter, however many codes there are."""
    return any_(literal(list(codes), ARRAY(String())))


async def known_units(session: AsyncSession, codes: Collection[str]) -> set[str]:
    query = select(ResponsibleUnit.code).where(col(ResponsibleUnit.code) == _any(codes))
    return set((await session.exec(query)).all())


async def known_projects(session: AsyncSession, codes: Collection[str]) -> dict[str, Project]:
    """The projects among `codes`, locked in their order, so that no other import comes between."""
    query = select(Project).where(col(Project.code) == _any(codes)).order_by(Project.code)
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
    found = await session.execute(INSERT, {"rows": json.dumps(projects, default=str)})
    return set(found.scalars())


async def update_projects(session: AsyncSession, projects: list[dict[str, Any]]) -> int:
    """Write these rows over those of the same version; how many were."""
    found = await session.execute(UPDATE, {"rows": json.dumps(projects, default=str)})
    return len(found.scalars().all())


async def put_list(session: AsyncSession, year: int, title: str) -> ProjectList:
    """The year's list of that title, made if it is new."""
    statement = insert(ProjectList).values(**ProjectList(year=year, title=title).model_dump())
    await session.execute(statement.on_conflict_do_nothing())
    query = select(ProjectList).where(ProjectList.year == year, ProjectList.title == title)
    return (await session.exec(query)).one()


async def put_members(session: AsyncSession, list_id: UUID, codes: Collection[str]) -> None:
    """These projects are on the list, besides those that are."""
    await session.execute(MEMBERS, {"list_id": list_id, "codes": sorted(codes)})


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


async def take_renamed_units(session: AsyncSession) -> dict[str, list[str]]:
    """The units whose names have changed, with those names; they are not given a second time."""
    taken = select(ResponsibleUnit.code).where(col(ResponsibleUnit.match_wanted))
    found = (
        update(ResponsibleUnit)
        .where(col(ResponsibleUnit.code).in_(taken.with_for_update(skip_locked=True)))
        .values(match_wanted=False)
        .returning(col(ResponsibleUnit.code), col(ResponsibleUnit.name))
        .execution_options(synchronize_session=False)
    )
    names = {code: [name] for code, name in (await session.execute(found)).all()}
    aliases = select(UnitAlias).where(col(UnitAlias.unit_code) == _any(names))
    for alias in (await session.exec(aliases)).all() if names else ():
        names[alias.unit_code].append(alias.alias)
    return names


async def units_named(session: AsyncSession, names: Collection[str]) -> dict[str, str]:
    """The codes of the units that go by one of these names, by the name."""
    found = await session.execute(NAMED, {"names": list(names)})
    return {row.name: row.code for row in found}


async def lists_of(session: AsyncSession, code: str) -> list[ListRow]:
    """The yearly lists that a project is on."""
    return [ListRow(**row) for row in (await session.execute(LISTS, {"code": code})).mappings()]
