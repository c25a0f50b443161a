"""The SQL of offline numbers."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.appointments.devices.models import DeviceAccess
from services.appointments.directory.models import Device
from services.appointments.offline.rules import LETTER
from shared.database.engine import DirectPool
from shared.database.rows import columns, fields, loaded
from shared.database.swap_statement import SwapStatement

_DEVICE = f"""
SELECT {columns(Device, "d")}, {columns(DeviceAccess, "a")}, h.timezone, coalesce((
    SELECT n.last FROM number_series n WHERE n.hall_code = d.hall_code AND n.letter = '{LETTER}'
      AND n.day = (now_.at AT TIME ZONE h.timezone)::date
  ), 0), ARRAY(
    SELECT ROW(t.number, t.id) FROM ticket t WHERE t.hall_code = d.hall_code
      AND t.service_day = $3::date AND t.number = ANY($4::text[]) AND t.leg = 1
  )
FROM device_access a JOIN device d ON d.id = a.device_id JOIN hall h ON h.code = d.hall_code
CROSS JOIN (SELECT $2::timestamptz AS at) now_
WHERE a.key_hash = $1
"""
_TAKE_NUMBERS = """
INSERT INTO number_series AS n (hall_code, day, letter, last)
VALUES (:hall, :day, :letter, :count)
ON CONFLICT (hall_code, day, letter) DO UPDATE SET last = n.last + :count
WHERE n.last = :seen RETURNING 1
"""


class Offline(NamedTuple):
    """A device by its key, its hall's timezone, the last offline number of the day, and those of
    the numbers asked about that have a ticket."""

    device: Device
    access: DeviceAccess
    timezone: str
    last: int
    merged: dict[str, UUID]


async def by_key(
    direct: DirectPool, key_hash: str, now: Any, day: date, numbers: Sequence[str]
) -> Offline | None:
    """In one reading."""
    found = await direct.fetchrow(_DEVICE, key_hash, now, day, list(numbers))
    if found is None:
        return None
    values = list(found)
    own, of_access = len(fields(Device)), len(fields(DeviceAccess))
    timezone, last, merged = values[own + of_access :]
    return Offline(
        loaded(Device, values[:own]),
        loaded(DeviceAccess, values[own : own + of_access]),
        timezone,
        last,
        dict(merged),
    )


def take_numbers(statement: SwapStatement, hall: str, day: date, *, seen: int, count: int) -> None:
    """The numbers after the last one `seen`; if somebody was faster, all is decided anew."""
    statement.lock(_TAKE_NUMBERS, hall=hall, day=day, letter=LETTER, count=count, seen=seen)
