import json
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, String, Text, any_, cast, delete, literal, or_, text
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


_UNIT_ROWS = """
  SELECT u.code, u.name, u.name_en, u.valid_from, u.valid_to, u.version,
         coalesce(array_agg(a.alias ORDER BY a.alias) FILTER (WHERE a.alias IS NOT NULL),
                  ARRAY[]::varchar[]) AS aliases
  FROM responsible_unit u LEFT JOIN unit_alias a ON a.unit_code = u.code"""
_UNITS_OF = text(f"{_UNIT_ROWS} WHERE u.code = ANY(CAST(:codes AS text[])) GROUP BY u.code")
_UNITS = text(f"""{_UNIT_ROWS}
  WHERE (CAST(:after AS text) IS NULL OR u.code > :after)
    AND (CAST(:code AS text) IS NULL OR u.code = :code)
  GROUP BY u.code ORDER BY u.code LIMIT :limit""")

_LISTS = text("""
  SELECT l.id, l.year, l.title, l.doc_no FROM project_list l
  JOIN project_list_member m ON m.list_id = l.id
  WHERE m.project_code = :code ORDER BY l.year, l.title""")


_NAMED = text("""
  SELECT name, code FROM responsible_unit WHERE name = ANY(CAST(:names AS text[]))
  UNION ALL SELECT alias, unit_code FROM unit_alias WHERE alias = ANY(CAST(:names AS text[]))""")
_WRITTEN = (
    *("name", "aliases", "approval_kind", "phase", "lead_unit_code", "scope_basis"),
    *("investment_10k_yuan", "match_wanted", "confirmed_names", "names_since", "updated_at"),
)
_UNIT_LINES = """jsonb_to_recordset(CAST(:rows AS jsonb)) AS l (code text, name text, name_en text,
    aliases jsonb, valid_from date, valid_to date)"""
_PUT_UNITS = text(f"""
  INSERT INTO responsible_unit AS u (code, name, name_en, valid_from, valid_to, match_wanted)
  SELECT l.code, l.name, l.name_en, l.valid_from, l.valid_to, true FROM {_UNIT_LINES}
  ORDER BY l.code
  ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
    valid_from = excluded.valid_from, valid_to = excluded.valid_to, match_wanted = true,
    version = u.version + 1""")
_DROP_ALIASES = text(f"""
  DELETE FROM unit_alias a USING {_UNIT_LINES}
  WHERE a.unit_code = l.code AND NOT l.aliases ? a.alias""")
_ADD_ALIASES = text(f"""
  INSERT INTO unit_alias (alias, unit_code)
  SELECT alias, l.code FROM {_UNIT_LINES}, jsonb_array_elements_text(l.aliases) alias
  ORDER BY alias ON CONFLICT DO NOTHING""")
_ROWS = "jsonb_populate_recordset(CAST(NULL AS project), CAST(:rows AS jsonb))"
_INSERT = text(f"""
  INSERT INTO project (code, version, {", ".join(_WRITTEN)})
  SELECT code, version, {", ".join(_WRITTEN)} FROM {_ROWS} ORDER BY code
  ON CONFLICT DO NOTHING RETURNING code""")
_UPDATE = text(f"""
  UPDATE project p SET version = p.version + 1,
    {", ".join(f"{column} = n.{column}" for column in _WRITTEN)}
  FROM {_ROWS} n WHERE p.code = n.code AND p.version = n.version RETURNING p.code""")
_MEMBERS = text("""
  INSERT INTO project_list_member (list_id, project_code)
  SELECT CAST(:list_id AS uuid), unnest(CAST(:codes AS text[])) ON CONFLICT DO NOTHING""")


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


async def known_units_by_code(session: AsyncSession, codes: Collection[str]) -> dict[str, UnitRow]:
    """Those of the units that are registered, as they stand."""
    found = await session.execute(_UNITS_OF, {"codes": list(codes)})
    return {row["code"]: UnitRow(**row) for row in found.mappings()}


async def aliases_of_others(
    session: AsyncSession, aliases: Collection[str], codes: Collection[str]
) -> dict[str, str]:
    """Whose the names are that units other than these have, by the name."""
    taken = select(UnitAlias.alias, UnitAlias.unit_code).where(
        col(UnitAlias.alias) == _any(aliases), ~(col(UnitAlias.unit_code) == _any(codes))
    )
    return dict((await session.exec(taken)).all())


async def put_units(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Register these units or change them, with their other names; no others are touched."""
    given = {"rows": json.dumps(rows, default=str)}
    for statement in (_PUT_UNITS, _DROP_ALIASES, _ADD_ALIASES):
        await session.execute(statement, given)


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
    found = await session.execute(_INSERT, {"rows": json.dumps(projects, default=str)})
    return set(found.scalars())


async def update_projects(session: AsyncSession, projects: list[dict[str, Any]]) -> int:
    """Write these rows over those of the same version; how many were."""
    found = await session.execute(_UPDATE, {"rows": json.dumps(projects, default=str)})
    return len(found.scalars().all())


async def put_list(session: AsyncSession, year: int, title: str) -> ProjectList:
    """The year's list of that title, made if it is new."""
    statement = insert(ProjectList).values(**ProjectList(year=year, title=title).model_dump())
    await session.execute(statement.on_conflict_do_nothing())
    query = select(ProjectList).where(ProjectList.year == year, ProjectList.title == title)
    return (await session.exec(query)).one()


async def put_members(session: AsyncSession, list_id: UUID, codes: Collection[str]) -> None:
    """These projects are on the list, besides those that are."""
    await session.execute(_MEMBERS, {"list_id": list_id, "codes": sorted(codes)})


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
    found = await session.execute(_NAMED, {"names": list(names)})
    return {row.name: row.code for row in found}


async def lists_of(session: AsyncSession, code: str) -> list[ListRow]:
    """The yearly lists that a project is on."""
    return [ListRow(**row) for row in (await session.execute(_LISTS, {"code": code})).mappings()]
