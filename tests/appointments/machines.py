"""Machines of a test's hall, and how they get their keys."""

from typing import Any
from uuid import uuid4

import httpx

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import Floor, good

Place = Office | Floor
KIOSK: dict[str, Any] = {
    "kind": "kiosk",
    "name": "取号机 1",
    "location": "一层东门内左侧",
    "offers": ["tickets", "check_in", "guides"],
}


async def put(place: Place, *devices: dict[str, Any], version: int = 1) -> list[Any]:
    """The devices of the hall, as its manager lists them."""
    url = f"/api/v1/halls/{place.code}/devices"
    body = {"version": version, "devices": list(devices)}
    answer = await place.client.put(url, json=body, headers=place.manager())
    return list(good(answer)["items"])


async def post(place: Place, path: str, body: Any = None, headers: Any = None) -> httpx.Response:
    headers = {"Idempotency-Key": uuid4().hex, **(headers or {})}
    return await place.client.post(f"/api/v1/devices/{path}", json=body, headers=headers)


async def invite(place: Place, device: dict[str, Any]) -> dict[str, Any]:
    return good(await post(place, f"{device['id']}/enrolment", headers=place.manager()), 201)


async def enrol(place: Place, device: dict[str, Any]) -> str:
    """The key of the device, enrolled by a new code."""
    code = (await invite(place, device))["code"]
    return str(good(await post(place, "enrolment", {"code": code}), 201)["key"])
