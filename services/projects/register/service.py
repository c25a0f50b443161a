"""The register of units and projects."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar import service as calendars
from services.projects.register import queries, rules
from services.projects.register.models import Project, ResponsibleUnit
from services.projects.register.queries import UnitOpen, UnitRow
from services.projects.register.schemas import ProjectInput, UnitInput
from shared.database.versioned import hold, swap
from shared.errors import Forbidden, Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

KEPT = ("code", "version", "match_wanted", "confirmed_names", "names_since")
"""Columns of a project that a change may leave as they are."""

_REGISTERED = Text(
    "这个项目已经登记；要修改它，请带上读到的版本号",
    "This project is registered already; to change it, send the version that you have read",
)


_UNIT_REGISTERED = Text(
    "这个公开主体已经登记；要修改它，请带上读到的版本号",
    "This unit is registered already; to change it, send the version that you have read",
)
_NOT_BY_OFFICERS = Text(
    "经办人改动的名称须由监察人员或管理员确认",
    "Names that an officer gave are confirmed by an auditor or an administrator",
)
_CONFIRMED_ALREADY = Text("这个项目没有待确认的名称", "No name of this project waits")
_ENDED = Text("这个公开主体已经撤并", "This unit has ended already")
_MERGED = Text(
    "这个公开主体已并入其他单位，存续期间不再改动",
    "This unit is part of another one: how long it existed stays as it is",
)
_BACKWARDS = Text("撤并之日不能早于存在之日", "It cannot end before it begins")
_NO_SUCCESSOR = Text(
    "并入之日没有这个公开主体，或它已定下撤并之日",
    "There is no such unit on that day, or its own end is set",
)
ONE_DAY = timedelta(days=1)


async def take_renamed(session: AsyncSession) -> list[str]:
    """The projects whose names have changed; they are not given a second time."""
    return await queries.take_renamed(session)


async def take_renamed_units(session: AsyncSession) -> dict[str, list[str]]:
    """The units whose names have changed, with those names; they are not given a second time."""
    return await queries.take_renamed_units(session)


async def units_named(session: AsyncSession, names: Collection[str]) -> dict[str, str]:
    """The codes of the units that go by one of these names, by the name."""
    return await queries.units_named(session, names)


async def unit_now(session: AsyncSession, code: str | None) -> str | None:
    """The unit that stands for that one now: itself, unless it became part of another."""
    unit = None if code is None else await session.get(ResponsibleUnit, code)
    return unit.successor_code or code if unit is not None else code


async def has_unit(session: AsyncSession, code: str, day: date) -> bool:
    """Whether the unit exists on that day."""
    return bool(await queries.units_on(session, [code], day))


async def find_project(session: AsyncSession, code: str) -> Project:
    """Raises NotFound."""
    project = await session.get(Project, code)
    if project is None:
        raise NotFound
    return project


async def put_project(
    session: AsyncSession, code: str, order: ProjectInput, now: datetime, caller: Caller
) -> tuple[Project, bool]:
    """Register a project or change it; also whether it is new.

    Raises NotFound for an officer of another unit, Invalid for an unknown unit, StateConflict if
    the project moved since it was read.
    """
    if not caller.has("admin") and not (order.lead_unit and caller.at(order.lead_unit)):
        raise NotFound
    if order.lead_unit and not await queries.known_units(session, [order.lead_unit]):
        detail = Text("没有这个公开主体", "There is no such unit")
        raise Invalid(detail, pointer="/body/lead_unit")
    is_new = order.version is None
    if is_new and await queries.insert_projects(session, [new_row(code, order, now)]):
        project = await find_project(session, code)
        await _audit(session, project, "project.put", now, caller)
        return project, True
    project = await find_project(session, code)
    if is_new:
        refuse(project.phase, project.version, _REGISTERED)
    _own_only(project, caller)
    versions.ensure(order.version, version=project.version, state=project.phase)
    return await _change(session, project, order, now, caller), False


async def confirm_names(
    session: AsyncSession, code: str, version: int, now: datetime, caller: Caller
) -> Project:
    """Let the names that an officer gave count; the project's duties are matched again by them.

    Raises NotFound, Forbidden for who is an officer as well, StateConflict if the project moved
    since it was read or nothing waits.
    """
    project = await find_project(session, code)
    if caller.has("officer"):
        raise Forbidden(_NOT_BY_OFFICERS)
    versions.ensure(version, version=project.version, state=project.phase)
    if project.names_confirmed:
        refuse(project.phase, project.version, _CONFIRMED_ALREADY)
    changes = {"confirmed_names": None, "names_since": now, "match_wanted": True}
    project = await swap(session, project, changes, state="phase")
    await _audit(session, project, "project.names_confirmed", now, caller)
    return project


async def _change(
    session: AsyncSession, project: Project, order: ProjectInput, now: datetime, caller: Caller
) -> Project:
    """Write the change and note it in the audit log."""
    changes = changes_of(project, order, now, names_wait=not caller.has("admin"))
    project = await swap(session, project, changes, state="phase")
    await _audit(session, project, "project.put", now, caller)
    return project


def audited(names: list[str], confirmed: list[str] | None, version: int) -> dict[str, Any]:
    """What the audit log keeps of a change: the names, and those that count meanwhile."""
    return {"names": names, "confirmed": confirmed, "version": version}


async def _audit(
    session: AsyncSession, project: Project, action: str, now: datetime, caller: Caller
) -> None:
    names = [project.name, *project.aliases]
    details = audited(names, project.confirmed_names, project.version)
    await audit_log.write(session, caller.sub, action, f"project:{project.code}", now, details)


async def put_unit(
    session: AsyncSession, code: str, order: UnitInput, now: datetime, *, actor: str
) -> tuple[UnitRow, bool]:
    """Register a unit with its other names, or change it; also whether it is new.

    Raises Invalid for days in the wrong order or a name that another unit has, StateConflict if the
    unit moved since it was read.
    """
    if order.valid_to is not None and order.valid_to < order.valid_from:
        raise Invalid(_BACKWARDS, pointer="/body/valid_to")
    values = order.model_dump(exclude={"aliases", "version", "region"})
    if order.region is not None:
        await calendars.find_region(session, order.region, "/body/region")
        values["region"] = order.region
    is_new = order.version is None
    if is_new and not await queries.insert_unit(session, ResponsibleUnit(code=code, **values)):
        known = await session.get_one(ResponsibleUnit, code)
        refuse(known.state, known.version, _UNIT_REGISTERED)
    if not is_new:
        unit = await session.get(ResponsibleUnit, code)
        if unit is None:
            raise NotFound
        versions.ensure(order.version, version=unit.version, state=unit.state)
        await _ensure_may_end(session, unit, order.valid_to)
        await swap(session, unit, {**values, "match_wanted": True})
    if taken := await queries.put_aliases(session, code, set(order.aliases)):
        zh, en = f"“{taken[0]}”已是另一单位的名称", f"{taken[0]} is another unit's name"
        raise Invalid(Text(zh, en), pointer="/body/aliases")
    await audit_log.write(session, actor, "unit.put", f"unit:{code}", now)
    [row] = await queries.units(session, None, 1, code)
    return row, is_new


async def _ensure_may_end(
    session: AsyncSession, unit: ResponsibleUnit, last_day: date | None
) -> None:
    """Raises StateConflict for another end of a unit that merged, and UnitStillOpen where one ends
    of which something is open: nobody would be there to see to it."""
    if unit.successor_code is not None and last_day != unit.valid_to:
        refuse(unit.state, unit.version, _MERGED)
    if rules.ends(unit.valid_to, last_day) and last_day is not None:
        found = (await queries.what_is_open(session, [unit.code], last_day))[unit.code]
        if any(found):
            raise rules.UnitStillOpen(open=found._asdict())


async def what_is_open(session: AsyncSession, code: str, day: date) -> UnitOpen:
    """What of the unit is still to be seen to, from that day on."""
    return (await queries.what_is_open(session, [code], day))[code]


async def ensure_merges(
    session: AsyncSession, code: str, successor_code: str, last_day: date, version: int
) -> ResponsibleUnit:
    """The unit, if it may be part of the other one from the day after on; that one stays as it was
    found until all is written.

    Who calls has made sure that nobody else merges meanwhile. Raises NotFound, Invalid for a day
    before it began or on which the other one was not there, and StateConflict if it moved since it
    was read, or has ended.
    """
    unit = await session.get(ResponsibleUnit, code, populate_existing=True)
    if unit is None:
        raise NotFound
    versions.ensure(version, version=unit.version, state=unit.state)
    if unit.valid_to is not None and unit.valid_to <= last_day:
        refuse(unit.state, unit.version, _ENDED)
    if last_day < unit.valid_from:
        raise Invalid(_BACKWARDS, pointer="/body/merged_on")
    other = await session.get(ResponsibleUnit, successor_code, populate_existing=True)
    if other is None or other.valid_to is not None or other.valid_from > last_day + ONE_DAY:
        raise Invalid(_NO_SUCCESSOR, pointer="/body/successor_code")
    await hold(session, other)
    return unit


async def end_unit(
    session: AsyncSession, code: str, successor_code: str, last_day: date, version: int
) -> None:
    """Let the unit exist until that day, and be part of the other one then. Raises as
    `ensure_merges`."""
    unit = await ensure_merges(session, code, successor_code, last_day, version)
    await swap(session, unit, {"valid_to": last_day})
    await queries.succeed(session, code, successor_code)


async def hand_over(session: AsyncSession, code: str, successor_code: str, now: datetime) -> int:
    """The projects that the unit leads are led by the other one; how many they are."""
    return await queries.hand_over_projects(session, code, successor_code, now)


def _own_only(project: Project, caller: Caller) -> None:
    if not caller.has("admin") and not (
        project.lead_unit_code and caller.at(project.lead_unit_code)
    ):
        raise NotFound


def values_of(order: ProjectInput, now: datetime) -> dict[str, Any]:
    """The columns that the order names; its aliases apart, which it may leave as they are."""
    return {
        "name": order.name,
        "approval_kind": order.approval_kind,
        "phase": order.phase,
        "lead_unit_code": order.lead_unit,
        "scope_basis": order.scope_basis,
        "investment_10k_yuan": order.investment_10k_yuan,
        "updated_at": now,
    }


def changes_of(
    project: Project, order: ProjectInput, now: datetime, *, names_wait: bool
) -> dict[str, Any]:
    """The columns of the change; under new names its duties are matched with pages again, and they
    count at once or wait to be confirmed."""
    aliases = project.aliases if order.aliases is None else order.aliases
    names = rules.renamed(project, order.name, aliases, now, by_officer=names_wait)
    return {**values_of(order, now), "aliases": aliases, **names}


def new_row(code: str, order: ProjectInput, now: datetime) -> dict[str, Any]:
    """The row of a project that is new."""
    unsaid = {"match_wanted": False, "confirmed_names": None, "names_since": None}
    values = {**values_of(order, now), "aliases": order.aliases or [], **unsaid}
    return {"code": code, "version": 1, **values}
