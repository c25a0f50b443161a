"""Devices enrol by a one-time code, prove themselves by a key, and report how they are."""

import secrets
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.appointments.devices import queries, rules
from services.appointments.devices.events import of_report
from services.appointments.devices.models import DeviceAccess, DeviceAccessState
from services.appointments.devices.queries import Proven, Registered
from services.appointments.devices.schemas import DeviceAccessAction, Heartbeat
from services.appointments.devices.workflow import WORKFLOW
from services.appointments.directory.models import Device
from shared import ids
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions

_NO_DEVICE = Text("没有这台设备，或已停用", "There is no such device in use")
_NEVER_INVITED = Text("这台设备没有登记", "The device was never enrolled")


class Invited(NamedTuple):
    """A code as it is shown, once."""

    access: DeviceAccess
    code: str
    expires_at: datetime


class NewKey(NamedTuple):
    """A key as it is shown, once."""

    device: Device
    key: str


async def invite(
    session: DecidingSession, device_id: UUID, expected: int | None, caller: Caller, now: datetime
) -> Invited:
    """A code by which the device enrols, or renews its key; an earlier one that is open ends.

    Raises NotFound or StateConflict.
    """
    device, access = await _managed(session, device_id, caller)
    code, expires = ids.secret_code(rules.CODE_LETTERS), now + rules.CODE_LASTS
    values: dict[str, Any] = {
        "code_hash": rules.digest(code),
        "code_expires_at": expires,
        "invited_at": now,
    }
    if access is None:
        versions.ensure(expected, version=0, state="absent")
        row = WORKFLOW[DeviceAccessState.INVITED, DeviceAccessAction.INVITE]
        access = DeviceAccess(device_id=device.id, state=row.to, **values)
        session.add(access)
        session.statement.refusing("pk_device_access", Overtaken)
    else:
        versions.ensure(expected, version=access.version, state=access.state)
        row = WORKFLOW.take(access.state, access.version, DeviceAccessAction.INVITE, caller.roles)
        access = await swap(session, access, {"state": row.to, **values})
    await audit_log.write(session, caller.sub, row.noted, f"device:{device.id}", now)
    return Invited(access, code, expires)


async def revoke(
    session: DecidingSession, device_id: UUID, expected: int | None, caller: Caller, now: datetime
) -> Registered:
    """Ends the device's key and an open code at once. Raises NotFound or StateConflict."""
    device, access = await _managed(session, device_id, caller)
    if access is None:
        raise NotFound(_NEVER_INVITED)
    versions.ensure(expected, version=access.version, state=access.state)
    row = WORKFLOW.take(access.state, access.version, DeviceAccessAction.REVOKE, caller.roles)
    values = {"key_hash": None, "code_hash": None, "code_expires_at": None, "enrolled_at": None}
    access = await swap(session, access, {"state": row.to, **values})
    await audit_log.write(session, caller.sub, row.noted, f"device:{device.id}", now)
    return Registered(device, access)


async def enrol(session: DecidingSession, typed: str, now: datetime) -> NewKey:
    """A new key for the device whose code it is; a key before it is good no more.

    Raises EnrolmentEnded: of two who use a code at once, for one.
    """
    found = await queries.by_code(session, rules.digest(ids.normal_code(typed)))
    if found is None or not rules.may_enrol(*found, now):
        raise rules.EnrolmentEnded
    device, access = found
    row = WORKFLOW.find(access.state, access.version, DeviceAccessAction.ENROL)
    key = secrets.token_urlsafe(32)
    values = {
        "state": row.to,
        "key_hash": rules.digest(key),
        "enrolled_at": now,
        "code_hash": None,
        "code_expires_at": None,
    }
    await swap(session, access, values, follows=True)
    what = f"device:{device.id}"
    await audit_log.write(session, what, row.noted, what, now)
    return NewKey(device, key)


async def report(session: DecidingSession, beat: Heartbeat, now: datetime) -> Proven:
    """The device, which has reported; what nobody knew of it is published.

    Raises DeviceKeyRefused.
    """
    found = await proven(session, beat.key.get_secret_value())
    news = of_report(found.device, found.access, beat.paper, [*beat.faults], now)
    reported = {**beat.model_dump(include={"paper", "faults", "software"}), "seen_at": now}
    values = {**reported, "silent_at": None}
    await swap(session, found.access, values, counter="beats", follows=True)
    await outbox.record_many(session, news)
    return found


async def proven(session: DecidingSession, key: str) -> Proven:
    """The device whose key it is. Raises DeviceKeyRefused."""
    found = await queries.by_key(session, rules.digest(key))
    if found is None or not rules.is_good(found.device, found.access.enrolled_at):
        raise rules.DeviceKeyRefused
    return found


async def _managed(session: DecidingSession, device_id: UUID, caller: Caller) -> Registered:
    """The device in use, if the caller manages its hall. Raises NotFound."""
    found = await queries.find(session, device_id)
    if found is None or found.device.retired_at is not None:
        raise NotFound(_NO_DEVICE)
    if not (caller.has("admin") or caller.at(found.device.hall_code)):
        raise NotFound(_NO_DEVICE)
    return found
