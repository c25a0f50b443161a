"""The SQL of devices: each with its enrolment, in one reading."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.devices.models import DeviceAccess, DeviceAccessState
from services.appointments.directory.models import Device, Window, Zone


class Registered(NamedTuple):
    """A device, and its enrolment if one was begun."""

    device: Device
    access: DeviceAccess | None


class Placed(NamedTuple):
    """A device in use, with the window and the zone at which it stands."""

    device: Device
    access: DeviceAccess | None
    window_no: int | None
    zone: str | None


class Proven(NamedTuple):
    """A device that was found by what it has: a code or a key."""

    device: Device
    access: DeviceAccess


_WITH_ACCESS: Any = col(DeviceAccess.device_id) == col(Device.id)


async def find(session: AsyncSession, device_id: UUID) -> Registered | None:
    rows = select(Device, DeviceAccess).outerjoin(DeviceAccess, _WITH_ACCESS)
    found = (await session.exec(rows.where(col(Device.id) == device_id))).first()
    return None if found is None else Registered(*found)


async def by_code(session: AsyncSession, code_hash: str) -> Proven | None:
    """The device whose open code it is, be it expired or not."""
    rows = select(Device, DeviceAccess).join(DeviceAccess, _WITH_ACCESS)
    found = (await session.exec(rows.where(col(DeviceAccess.code_hash) == code_hash))).first()
    return None if found is None else Proven(*found)


async def by_key(session: AsyncSession, key_hash: str) -> Proven | None:
    """The device whose key it is, be it in use or not."""
    rows = select(Device, DeviceAccess).join(DeviceAccess, _WITH_ACCESS)
    found = (await session.exec(rows.where(col(DeviceAccess.key_hash) == key_hash))).first()
    return None if found is None else Proven(*found)


async def silent(session: AsyncSession, since: datetime, limit: int) -> list[Proven]:
    """Devices at work that reported before and not since then, which nobody has noted; locked. One
    that just reports is left alone."""
    rows = (
        select(Device, DeviceAccess)
        .join(DeviceAccess, _WITH_ACCESS)
        .where(
            col(DeviceAccess.state) == DeviceAccessState.ENROLLED,
            col(DeviceAccess.seen_at).is_not(None),
            func.greatest(col(DeviceAccess.seen_at), col(DeviceAccess.enrolled_at)) < since,
            col(DeviceAccess.silent_at).is_(None),
            col(Device.retired_at).is_(None),
            func.coalesce(col(DeviceAccess.enrolled_at) >= col(Device.in_use_since), True),
        )
        .order_by(col(DeviceAccess.seen_at))
        .limit(limit)
        .with_for_update(skip_locked=True, of=DeviceAccess)
    )
    return [Proven(*row) for row in await session.exec(rows)]


async def of_hall(session: AsyncSession, hall: str) -> list[Placed]:
    """Those in use, by name."""
    rows = (
        select(Device, DeviceAccess, Window.no, Zone.code)
        .outerjoin(DeviceAccess, _WITH_ACCESS)
        .outerjoin(Window, col(Window.id) == col(Device.window_id))
        .outerjoin(Zone, col(Zone.id) == col(Device.zone_id))
        .where(col(Device.hall_code) == hall, col(Device.retired_at).is_(None))
        .order_by(col(Device.name))
    )
    return [Placed(*row) for row in await session.exec(rows)]
