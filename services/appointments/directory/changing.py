"""Changing a hall, its windows and its devices: each raises the hall's version by one."""

from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import queries, rules, service
from services.appointments.directory.events import HallChanged
from services.appointments.directory.models import Device, Hall, Window, WindowItem, Zone
from services.appointments.directory.schemas import (
    DevicesIn,
    HallIn,
    HallTerms,
    WindowsIn,
)
from services.appointments.guides import service as guides
from shared.database.versioned import swap
from shared.errors import Invalid, NotFound, Text
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions

_NO_ITEM = Text("没有这个事项", "There is no such item")
_NO_WINDOW = Text("没有这个窗口", "There is no such window")


async def put_hall(
    session: AsyncSession, code: str, wanted: HallIn, caller: Caller, now: datetime
) -> Hall:
    """The hall as wanted; new halls are the administrator's. Raises NotFound, StateConflict."""
    values = wanted.model_dump(include=set(HallTerms.model_fields) - {"opening_hours"}) | {
        "opening_hours": [hours.model_dump(mode="json") for hours in wanted.opening_hours],
        "updated_at": now,
    }
    hall = await queries.hall(session, code)
    if hall is None:
        hall = _new_hall(code, wanted, caller, values)
        session.add(hall)
    else:
        await service.managed_hall(session, code, caller)
        await _raise_version(session, hall, wanted.version, now)
        hall.sqlmodel_update(values)
    await session.flush()
    await _publish(session, hall, "hall", caller, now)
    return hall


def _new_hall(code: str, wanted: HallIn, caller: Caller, values: dict[str, Any]) -> Hall:
    if not caller.has("admin"):
        raise NotFound
    versions.ensure(wanted.version, version=0, state="absent")
    return Hall(code=code, **values)


async def put_windows(
    session: AsyncSession, code: str, wanted: WindowsIn, caller: Caller, now: datetime
) -> None:
    """Makes all windows as wanted; those left out are retired.

    Raises NotFound, Invalid, StateConflict.
    """
    rules.ensure_windows(wanted)
    hall = await service.managed_hall(session, code, caller)
    await _ensure_items(session, wanted)
    await _raise_version(session, hall, wanted.version, now)
    zones = await _put_zones(session, code, wanted, now)
    known = {window.no: window for window in await queries.windows(session, code, retired=True)}
    served: list[WindowItem] = []
    for one in wanted.windows:
        window = known.pop(one.no, None) or Window(hall_code=code, no=one.no)
        values = one.model_dump(include={"name", "kind", "department_code"})
        values["late_hours"] = [hours.model_dump(mode="json") for hours in one.late_hours]
        zone = zones[one.zone].id if one.zone else None
        window.sqlmodel_update(values | {"zone_id": zone, "retired_at": None})
        session.add(window)
        served += [
            WindowItem(window_id=window.id, item_code=item, hall_code=code, rank=rank)
            for rank, item in enumerate(one.items, 1)
        ]
    for window in known.values():
        window.retired_at = window.retired_at or now
    await session.flush()
    await guides.offer_at_hall(session, code, sorted({one.item_code for one in served}))
    await queries.replace_window_items(session, code, served)
    await _publish(session, hall, "windows", caller, now)


async def put_devices(
    session: AsyncSession, code: str, wanted: DevicesIn, caller: Caller, now: datetime
) -> None:
    """Makes all devices as wanted; those left out are retired.

    Raises NotFound, Invalid, StateConflict.
    """
    rules.ensure_devices(wanted)
    hall = await service.managed_hall(session, code, caller)
    await _raise_version(session, hall, wanted.version, now)
    windows = {window.no: window.id for window in await queries.windows(session, code)}
    zones = {zone.code: zone.id for zone in await queries.zones(session, code)}
    known = {device.name: device for device in await queries.devices(session, code, retired=True)}
    for place, one in enumerate(wanted.devices):
        if one.window_no is not None and one.window_no not in windows:
            raise Invalid(
                _NO_WINDOW,
                pointer=f"/body/devices/{place}/window_no",
            )
        device = known.pop(one.name, None) or Device(
            hall_code=code, name=one.name, kind=one.kind, in_use_since=now
        )
        device.sqlmodel_update(
            {
                **one.model_dump(include={"kind", "account", "location", "offers"}),
                "in_use_since": now if device.retired_at else device.in_use_since,
                "window_id": windows.get(one.window_no) if one.window_no else None,
                "zone_id": zones.get(one.zone) if one.zone else None,
                "retired_at": None,
            }
        )
        session.add(device)
    for device in known.values():
        device.retired_at, device.account = device.retired_at or now, None
    await session.flush()
    await _publish(session, hall, "devices", caller, now)


async def raise_version(session: AsyncSession, hall: Hall, caller: Caller, now: datetime) -> None:
    """For what belongs to a hall and is kept by another room, such as where it stands: the hall
    has changed. Raises StateConflict where somebody else has changed it since it was read."""
    await _raise_version(session, hall, hall.version, now)
    await _publish(session, hall, "hall", caller, now)


async def _ensure_items(session: AsyncSession, wanted: WindowsIn) -> None:
    codes = sorted({item for window in wanted.windows for item in window.items})
    unknown = await guides.unknown_items(session, codes)
    for place, window in enumerate(wanted.windows):
        for item_place, item in enumerate(window.items):
            if item in unknown:
                at = f"/body/windows/{place}/items/{item_place}"
                raise Invalid(_NO_ITEM, pointer=at)


async def _put_zones(
    session: AsyncSession, code: str, wanted: WindowsIn, now: datetime
) -> dict[str, Zone]:
    known = {zone.code: zone for zone in await queries.zones(session, code, retired=True)}
    zones = {}
    for one in wanted.zones:
        zone = known.pop(one.code, None) or Zone(hall_code=code, code=one.code, name=one.name)
        zone.name, zone.retired_at = one.name, None
        session.add(zone)
        zones[one.code] = zone
    for zone in known.values():
        zone.retired_at = zone.retired_at or now
    await session.flush()
    return zones


async def _raise_version(
    session: AsyncSession, hall: Hall, seen: int | None, now: datetime
) -> None:
    """The compare-and-swap of every change to a hall. Raises StateConflict."""
    versions.ensure(seen or 0, version=hall.version, state=hall.presence)
    await swap(session, hall, {"updated_at": now}, state="presence")


async def _publish(
    session: AsyncSession, hall: Hall, part: str, caller: Caller, now: datetime
) -> None:
    event = HallChanged.model_validate(
        {"hall_code": hall.code, "part": part, "version": hall.version}
    )
    await outbox.record(session, event, scope=hall.code, subject=hall.code)
    details = {"version": hall.version}
    await audit_log.write(session, caller.sub, f"{part}.put", f"hall:{hall.code}", now, details)
