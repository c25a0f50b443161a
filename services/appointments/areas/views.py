"""Areas, agencies and moves as the API gives them: by their names, not by codes alone."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas import queries, rules, service
from services.appointments.areas.models import Agency, Area, PlacedKind
from services.appointments.areas.rules import Hierarchy, Stay
from services.appointments.areas.schemas import (
    AgencyView,
    AreaDetail,
    AreaView,
    Move,
    MoveView,
    PlaceName,
    PlaceView,
)
from shared.security.identity import Caller
from shared.web.models import FIRST_DAY, LAST_DAY
from shared.web.pagination import Page, PageRequest, page


async def list_areas(session: AsyncSession, paging: PageRequest, on: date) -> Page[AreaView]:
    """By their codes, each with the one above it on the day."""
    (after,) = paging.key(str) or (None,)
    rows = await queries.areas(session, after, paging.limit + 1)
    hierarchy = Hierarchy(await queries.placings(session))
    names = await queries.area_names(session)
    return page(
        rows, paging, lambda one: (one.code,), lambda one: _area_view(one, hierarchy, names, on)
    )


async def list_agencies(session: AsyncSession, paging: PageRequest, on: date) -> Page[AgencyView]:
    """By their codes, each with its area on the day."""
    (after,) = paging.key(str) or (None,)
    rows = await queries.agencies(session, after, paging.limit + 1)
    hierarchy = Hierarchy(await queries.placings(session))
    names = await queries.area_names(session)
    return page(
        rows, paging, lambda one: (one.code,), lambda one: _agency_view(one, hierarchy, names, on)
    )


async def area_view(session: AsyncSession, area: Area, on: date) -> AreaView:
    """The area, and the one above it on the day."""
    hierarchy = Hierarchy(await queries.placings(session))
    return _area_view(area, hierarchy, await queries.area_names(session), on)


async def agency_view(session: AsyncSession, agency: Agency, on: date) -> AgencyView:
    """The agency, and its area on the day."""
    hierarchy = Hierarchy(await queries.placings(session))
    return _agency_view(agency, hierarchy, await queries.area_names(session), on)


def _area_view(one: Area, hierarchy: Hierarchy, names: dict[str, str], on: date) -> AreaView:
    parent = _parent(hierarchy, PlacedKind.AREA, one.code, on)
    return AreaView(
        **one.model_dump(include=set(AreaView.model_fields)),
        parent_code=parent,
        parent_name=names.get(parent or ""),
    )


def _agency_view(one: Agency, hierarchy: Hierarchy, names: dict[str, str], on: date) -> AgencyView:
    parent = _parent(hierarchy, PlacedKind.AGENCY, one.code, on)
    return AgencyView(
        **one.model_dump(include=set(AgencyView.model_fields)),
        parent_code=parent,
        parent_name=names.get(parent or ""),
    )


def _parent(hierarchy: Hierarchy, kind: PlacedKind, code: str, on: date) -> str | None:
    [stay] = hierarchy.stays(kind, code, on, on)
    return stay.path[-1] if stay.path else None


async def area_detail(session: AsyncSession, code: str, on: date) -> AreaDetail:
    """The area, where it stood, and what stands right under it on the day. Raises NotFound."""
    area = await service.area(session, code)
    hierarchy = Hierarchy(await queries.placings(session))
    names = await queries.area_names(session)
    below: dict[PlacedKind, list[str]] = {kind: [] for kind in PlacedKind}
    for kind, one in sorted(hierarchy.under(code, on, on)):
        if _parent(hierarchy, kind, one, on) == code:
            below[kind].append(one)
    agency_names = await queries.agency_names(session, below[PlacedKind.AGENCY])
    hall_names = await queries.hall_names(session, below[PlacedKind.HALL])
    return AreaDetail(
        **_area_view(area, hierarchy, names, on).model_dump(),
        places=_places(hierarchy.stays(PlacedKind.AREA, code, FIRST_DAY, LAST_DAY), names),
        areas=_named(below[PlacedKind.AREA], names),
        agencies=_named(below[PlacedKind.AGENCY], agency_names),
        halls=_named(below[PlacedKind.HALL], hall_names),
    )


def _named(codes: Iterable[str], names: dict[str, str]) -> list[PlaceName]:
    return [PlaceName(code=code, name=names.get(code, code)) for code in codes]


def _places(stays: Iterable[Stay], names: dict[str, str]) -> list[PlaceView]:
    return [_place(stay, names) for stay in stays]


def _place(stay: Stay, names: dict[str, str]) -> PlaceView:
    parent = stay.path[-1] if stay.path else None
    return PlaceView(
        valid_from=None if stay.first <= FIRST_DAY else stay.first,
        valid_to=None if stay.last >= LAST_DAY else stay.last,
        parent_code=parent,
        parent_name=names.get(parent or ""),
        path=_named(stay.path, names),
    )


async def move(
    session: AsyncSession, kind: PlacedKind, code: str, wanted: Move, caller: Caller, now: datetime
) -> MoveView:
    """Carries the move out, or only says what it would change.

    Raises NotFound, Invalid, StateConflict.
    """
    row = await service.ensure_may_move(session, kind, code, caller)
    parent = await service.ensure_fits(session, row, wanted)
    placings = await queries.placings(session)
    before, after = Hierarchy(placings), service.moved(placings, kind, code, wanted)
    own = [one for one in placings if (one.kind, one.code) == (kind, code)]
    last = rules.until(own, wanted.valid_from)
    through = last or LAST_DAY
    halls = {code} if kind is PlacedKind.HALL else set()
    if kind is PlacedKind.AREA:
        below = after.under(code, wanted.valid_from, through)
        halls = {one for of, one in below if of is PlacedKind.HALL}
    counted = await queries.counted(session, halls, wanted.valid_from, last)
    names = await queries.area_names(session)
    hall_names = await queries.hall_names(session, halls)
    if not wanted.dry_run:
        await service.move(session, kind, row, parent, wanted, caller, now)
    [stands, *_] = after.stays(kind, code, wanted.valid_from, through)
    return MoveView(
        kind=kind,
        code=code,
        name=row.name,
        before=_places(before.stays(kind, code, wanted.valid_from, through), names),
        after=_place(stands._replace(last=through), names),
        halls=_named(sorted(halls), hall_names),
        counted_days=counted.days,
        counted_tickets=counted.tickets,
        version=row.version,
        dry_run=wanted.dry_run,
    )
