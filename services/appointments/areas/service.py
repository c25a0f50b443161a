"""Puts areas and agencies, moves what stands under them, and says which days of halls count."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas import queries, rules
from services.appointments.areas.models import Agency, Area, AreaPlacement, PlacedKind
from services.appointments.areas.rules import AskedDays, HallSpan, Hierarchy, Placing
from services.appointments.areas.schemas import AgencyIn, AgencyTerms, AreaIn, AreaTerms, Move
from services.appointments.directory import changing
from services.appointments.directory import service as directory
from services.appointments.directory.models import Hall
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.database.versioned import hold, swap
from shared.errors import Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions

Named = TypeVar("Named", Area, Agency)
NO_AREA = Text("没有这个区划", "There is no such area")
_NO_AGENCY = Text("没有这个部门", "There is no such agency")


async def spans(session: AsyncSession, wanted: AskedDays) -> list[HallSpan]:
    """The days of halls that count. Raises NotFound for an area that there is not."""
    if wanted.area is not None and await queries.area(session, wanted.area) is None:
        raise NotFound(NO_AREA, pointer="/query/area")
    hierarchy = Hierarchy(await queries.placings(session))
    return rules.spans(hierarchy, await queries.hall_codes(session), wanted)


async def acts_for_an_area(session: AsyncSession, caller: Caller) -> bool:
    """Whether some of the caller's places are areas, whose halls change from day to day."""
    return "*" not in caller.places and await queries.any_area(session, caller.places)


async def names_above(session: AsyncSession, hall: str, on: date) -> list[str]:
    """What the areas above the hall are called, the highest first."""
    hierarchy = Hierarchy(await queries.placings(session))
    names = await queries.area_names(session)
    [stay] = hierarchy.stays(PlacedKind.HALL, hall, on, on)
    return [names.get(code, code) for code in stay.path]


async def area(session: AsyncSession, code: str) -> Area:
    """Raises NotFound."""
    if (found := await queries.area(session, code)) is None:
        raise NotFound(NO_AREA)
    return found


async def put_area(
    session: AsyncSession, code: str, wanted: AreaIn, caller: Caller, now: datetime
) -> tuple[Area, list[str]]:
    """The area as wanted, and which of its terms change. Raises StateConflict, Invalid."""
    values = wanted.model_dump(include=set(AreaTerms.model_fields))
    found = await queries.area(session, code)
    if found is not None and wanted.level is not found.level:
        rules.ensure_stands_alone(code, await queries.placings(session))
    new = Area(code=code, **values, updated_at=now)
    put, changed = await _put(session, found, new, values, wanted, now)
    if changed and not wanted.dry_run:
        await audit_log.write(session, caller.sub, "area.put", f"area:{code}", now)
    return put, changed


async def put_agency(
    session: AsyncSession, code: str, wanted: AgencyIn, caller: Caller, now: datetime
) -> tuple[Agency, list[str]]:
    """The agency as wanted, and which of its terms change. Raises StateConflict."""
    values = wanted.model_dump(include=set(AgencyTerms.model_fields))
    found = await queries.agency(session, code)
    new = Agency(code=code, **values, updated_at=now)
    put, changed = await _put(session, found, new, values, wanted, now)
    if changed and not wanted.dry_run:
        await audit_log.write(session, caller.sub, "agency.put", f"agency:{code}", now)
    return put, changed


async def _put(
    session: AsyncSession,
    found: Named | None,
    new: Named,
    values: dict[str, Any],
    wanted: AreaIn | AgencyIn,
    now: datetime,
) -> tuple[Named, list[str]]:
    if found is None:
        versions.ensure(wanted.version, version=0, state="absent")
        if not wanted.dry_run:
            session.add(new)
            if isinstance(session, DecidingSession):  # somebody else may have made it meanwhile
                session.statement.refusing(f"pk_{new.__tablename__}", Overtaken)
        return new, sorted(values)
    versions.ensure(wanted.version or 0, version=found.version, state=found.presence)
    changed = sorted(name for name, value in values.items() if getattr(found, name) != value)
    if wanted.dry_run:
        return found.model_copy(update=values), changed
    return await swap(session, found, values | {"updated_at": now}, state="presence"), changed


async def ensure_may_move(
    session: AsyncSession, kind: PlacedKind, code: str, caller: Caller
) -> Area | Agency | Hall:
    """What is to be moved: a hall by who manages it, all else by an administrator.

    Raises NotFound.
    """
    if kind is PlacedKind.HALL:
        return await directory.managed_hall(session, code, caller)
    if kind is PlacedKind.AREA:
        return await area(session, code)
    if (agency := await queries.agency(session, code)) is None:
        raise NotFound(_NO_AGENCY)
    return agency


async def ensure_fits(
    session: AsyncSession, row: Area | Agency | Hall, wanted: Move
) -> Area | None:
    """The area that it shall stand under, None for none. Raises Invalid, StateConflict."""
    versions.ensure(wanted.version, version=row.version, state=row.presence)
    if wanted.parent_code is None:
        return None
    parent = await queries.area(session, wanted.parent_code)
    if parent is None:
        raise Invalid(NO_AREA, pointer="/body/parent_code")
    if isinstance(row, Area):
        rules.ensure_higher(row.level, parent.level, "/body/parent_code")
    return parent


async def move(
    session: AsyncSession,
    kind: PlacedKind,
    row: Area | Agency | Hall,
    parent: Area | None,
    wanted: Move,
    caller: Caller,
    now: datetime,
) -> None:
    """From a day on it stands under that area. Raises StateConflict."""
    if parent is not None:
        await hold(session, parent)
    if isinstance(row, Hall):
        await changing.raise_version(session, row, caller, now)
    else:
        await swap(session, row, {"updated_at": now}, state="presence")
    await _place(session, kind, row.code, wanted, caller, now)


async def _place(
    session: AsyncSession, kind: PlacedKind, code: str, wanted: Move, caller: Caller, now: datetime
) -> None:
    placed: dict[str, Any] = {
        "parent_code": wanted.parent_code,
        "placed_by": caller.sub,
        "placed_at": now,
    }
    same_day = await queries.placement(session, kind, code, wanted.valid_from)
    if same_day is not None:
        await swap(session, same_day, placed, state="kind", follows=True)
    else:
        session.add(AreaPlacement(kind=kind, code=code, valid_from=wanted.valid_from, **placed))
    details = {"parent": wanted.parent_code, "valid_from": wanted.valid_from.isoformat()}
    await audit_log.write(session, caller.sub, f"{kind}.moved", f"{kind}:{code}", now, details)


def moved(placings: Sequence[Placing], kind: PlacedKind, code: str, wanted: Move) -> Hierarchy:
    """How all stand once it is moved."""
    key = (kind, code, wanted.valid_from)
    others = [one for one in placings if (one.kind, one.code, one.valid_from) != key]
    return Hierarchy([*others, Placing(*key, wanted.parent_code)])
