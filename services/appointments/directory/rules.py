"""What may be asked of the directory, and written into it. Pure."""

import math
from collections.abc import Sequence
from typing import TypeVar

from services.appointments.directory.schemas import DevicesIn, GeoPoint, WindowsIn
from shared.errors import Invalid, Text

T = TypeVar("T")

_NEAR = Text(
    "应为“纬度,经度”，例如 32.06,118.79", "Must be latitude and longitude, e.g. 32.06,118.79"
)


def place(near: str) -> GeoPoint:
    """The point that `lat,lon` names. Raises Invalid."""
    try:
        latitude, longitude = (float(part) for part in near.split(","))
    except ValueError:
        raise Invalid(_NEAR, pointer="/query/near") from None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180) or math.isnan(latitude + longitude):
        raise Invalid(_NEAR, pointer="/query/near")
    return GeoPoint(latitude, longitude)


def ensure_windows(wanted: WindowsIn) -> None:
    """Raises Invalid for a number given twice, an unknown zone, or an item named twice."""
    zones = {zone.code for zone in wanted.zones}
    _ensure_once([zone.code for zone in wanted.zones], "/body/zones", "code")
    _ensure_once([window.no for window in wanted.windows], "/body/windows", "no")
    for place_, window in enumerate(wanted.windows):
        if window.zone is not None and window.zone not in zones:
            raise Invalid(
                Text("没有这个等候区", "There is no such zone"),
                pointer=f"/body/windows/{place_}/zone",
            )
        _ensure_once(window.items, f"/body/windows/{place_}/items")


def ensure_devices(wanted: DevicesIn) -> None:
    """Raises Invalid for a name or an account given twice."""
    _ensure_once([device.name for device in wanted.devices], "/body/devices", "name")
    accounts = [device.account or f"\n{place_}" for place_, device in enumerate(wanted.devices)]
    _ensure_once(accounts, "/body/devices", "account")


def _ensure_once(values: Sequence[T], pointer: str, field: str | None = None) -> None:
    for place_, value in enumerate(values):
        if value in values[:place_]:
            at = f"{pointer}/{place_}" + (f"/{field}" if field else "")
            raise Invalid(Text("重复了，每个只能出现一次", "Given twice"), pointer=at)
