"""Halls, windows and devices as the API gives them."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import queries, rules, service
from services.appointments.directory.models import Hall, HallLoad
from services.appointments.directory.schemas import (
    DeviceView,
    HallContactView,
    HallDetail,
    HallTerms,
    HallView,
    Load,
    WindowView,
    ZoneIn,
)
from services.appointments.guides import service as guides
from shared.errors import NotFound, Text
from shared.web.pagination import Page, PageRequest, page

_NO_ITEM = Text("没有这个事项", "There is no such item")


async def list_halls(
    session: AsyncSession,
    paging: PageRequest,
    *,
    words: str | None,
    item: str | None,
    near: str | None,
) -> Page[HallView]:
    """Halls by name, item and distance, each with its load.

    Raises Invalid for a bad place, NotFound for an unknown item.
    """
    if item is not None and await guides.unknown_items(session, [item]):
        raise NotFound(_NO_ITEM, pointer="/query/item")
    place = rules.place(near) if near else None
    after = paging.key(float, str)
    rows = await queries.halls(
        session,
        words=words,
        item=item,
        near=place,
        after=(after[0], after[1]) if after else None,
        limit=paging.limit + 1,
    )
    return page(
        rows,
        paging,
        lambda row: (float(row[2]), row[0].code),
        lambda row: hall_view(row[0], row[1], row[2] if place else None),
    )


async def of_hall(session: AsyncSession, hall: Hall) -> HallView:
    """The hall with its load."""
    return hall_view(hall, await queries.load(session, hall.code), None)


async def hall_detail(session: AsyncSession, code: str, now: datetime) -> HallDetail:
    """The hall with its windows, telephone numbers and coming closures. Raises NotFound."""
    hall = await service.get_hall(session, code)
    return HallDetail(
        **(await of_hall(session, hall)).model_dump(),
        contacts=[
            HallContactView.model_validate(one) for one in await queries.contacts(session, code)
        ],
        zones=[ZoneIn.model_validate(one) for one in await queries.zones(session, code)],
        windows=await windows_of(session, code),
        closures=await queries.coming_closures(session, code, now),
    )


async def windows_of(session: AsyncSession, code: str) -> list[WindowView]:
    """The hall's windows in use, by number, each with its items, first choice first."""
    zones = {zone.id: zone.code for zone in await queries.zones(session, code)}
    items: dict[UUID, list[str]] = defaultdict(list)
    for served in await queries.window_items(session, code):
        items[served.window_id].append(served.item_code)
    return [
        WindowView(
            **window.model_dump(
                include={"id", "no", "name", "kind", "department_code", "late_hours"}
            ),
            zone=zones.get(window.zone_id) if window.zone_id else None,
            items=items[window.id],
        )
        for window in await queries.windows(session, code)
    ]


async def devices_of(session: AsyncSession, code: str) -> list[DeviceView]:
    """The hall's devices in use."""
    windows = {window.id: window.no for window in await queries.windows(session, code)}
    zones = {zone.id: zone.code for zone in await queries.zones(session, code)}
    return [
        DeviceView(
            **device.model_dump(include={"id", "kind", "name", "account", "location", "offers"}),
            window_no=windows.get(device.window_id) if device.window_id else None,
            zone=zones.get(device.zone_id) if device.zone_id else None,
        )
        for device in await queries.devices(session, code)
    ]


def hall_view(hall: Hall, load: HallLoad | None, distance: float | None) -> HallView:
    """The hall in a list."""
    return HallView(
        **hall.model_dump(include=set(HallTerms.model_fields) | {"code", "version"}),
        load=Load.model_validate(load) if load else Load(),
        distance_metres=round(distance) if distance is not None and distance < 1e9 else None,
    )
