"""Devices as people may see them, and as a device sees itself."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.devices import queries, rules
from services.appointments.devices.models import DeviceAccess, PaperState
from services.appointments.devices.queries import Placed, Proven
from services.appointments.devices.schemas import (
    NEXT_SECONDS,
    DeviceCare,
    Enrolled,
    EnrolmentCode,
    HeartbeatTaken,
    Machine,
)
from services.appointments.devices.service import Invited, NewKey
from services.appointments.directory import service as directory
from services.appointments.directory.models import Device, DeviceKind
from shared.security.identity import Caller

_NAMED = {"hall_code", "kind", "name"}


async def machines(
    session: AsyncSession, hall: str, caller: Caller | None, now: datetime
) -> list[Machine]:
    """The kiosks of the hall; for its staff every device in use, and how to look after it.

    Raises NotFound.
    """
    await directory.get_hall(session, hall)
    is_staff = caller is not None and (
        caller.has("admin") or (caller.has("clerk", "hall_manager") and caller.at(hall))
    )
    return [
        _machine(placed, now, is_staff=is_staff)
        for placed in await queries.of_hall(session, hall)
        if is_staff or placed.device.kind is DeviceKind.KIOSK
    ]


def _machine(placed: Placed, now: datetime, *, is_staff: bool) -> Machine:
    device, access = placed.device, placed.access
    return Machine(
        **device.model_dump(include={"id", "location", "offers", *_NAMED}),
        zone=placed.zone,
        window_no=placed.window_no,
        available=rules.available(device, access, now),
        condition=rules.condition(device, access, now),
        care=care(device, access) if is_staff else None,
    )


def care(device: Device, access: DeviceAccess | None) -> DeviceCare:
    """What those who look after a device need to know of it."""
    if access is None or not rules.is_good(device, access.enrolled_at or access.invited_at):
        return DeviceCare(
            state=None,
            version=0 if access is None else access.version,
            code_expires_at=None,
            enrolled_at=None,
            seen_at=None,
            paper=PaperState.UNKNOWN,
            faults=[],
            software=None,
        )
    return DeviceCare(**access.model_dump(include=set(DeviceCare.model_fields)))


def invited(made: Invited) -> EnrolmentCode:
    """The code in groups of four, which are easier to type."""
    groups = (made.code[at : at + 4] for at in range(0, len(made.code), 4))
    access = made.access
    return EnrolmentCode(
        device_id=access.device_id,
        code="-".join(groups),
        expires_at=made.expires_at,
        version=access.version,
    )


def enrolled(made: NewKey) -> Enrolled:
    """Which device it is, and its key."""
    device = made.device
    return Enrolled(device_id=device.id, key=made.key, **_names(device))


def taken(found: Proven, now: datetime) -> HeartbeatTaken:
    """What the device should know."""
    device = found.device
    return HeartbeatTaken(
        device_id=device.id,
        hall_code=device.hall_code,
        name=device.name,
        offers=[*device.offers],
        at=now,
        next_seconds=NEXT_SECONDS,
        renew=rules.may_enrol(device, found.access, now),
    )


def _names(device: Device) -> dict[str, str]:
    return device.model_dump(include=_NAMED)
