"""Devices: enrolled by a one-time code, known by a key, and what they report."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from tests.appointments.machines import KIOSK, enrol, invite, post, put
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes


async def beat(office: Office, key: str, **report: Any) -> httpx.Response:
    return await post(office, "heartbeat", {"key": key, **report})


async def revoke(office: Office, device: dict[str, Any], **headers: str) -> httpx.Response:
    url = f"/api/v1/devices/{device['id']}/enrolment"
    return await office.client.delete(url, headers={**office.manager(), **headers})


async def seen(office: Office, headers: Any = None) -> list[Any]:
    return list(good(await office.get(f"devices?hall={office.code}", headers=headers))["items"])


async def test_a_device_enrols_by_a_code_and_reports_by_its_key(office: Office) -> None:
    [device] = await put(office, KIOSK)
    invited = await invite(office, device)
    typed = invited["code"].lower().replace("-", " ").replace("0", "o").replace("1", "i")

    enrolled = good(await post(office, "enrolment", {"code": typed}), 201)
    taken = good(await beat(office, enrolled["key"], paper="low", software="1.4.0"))

    assert enrolled["device_id"] == taken["device_id"] == device["id"]
    assert taken["hall_code"] == office.code
    assert taken["offers"] == KIOSK["offers"]
    assert taken["next_seconds"] == 60
    assert taken["renew"] is False
    [shown] = await seen(office, office.clerk())
    assert shown["care"] == {
        "state": "enrolled",
        "version": 2,
        "code_expires_at": None,
        "enrolled_at": "2026-11-24T09:00:00+08:00",
        "seen_at": "2026-11-24T09:00:00+08:00",
        "paper": "low",
        "faults": [],
        "software": "1.4.0",
    }


async def test_neither_code_nor_key_is_stored(office: Office, owner: asyncpg.Connection) -> None:
    [device] = await put(office, KIOSK)
    code = (await invite(office, device))["code"]
    waiting = await owner.fetchval(
        "SELECT row_to_json(a)::text FROM device_access a WHERE device_id = $1", UUID(device["id"])
    )
    key = good(await post(office, "enrolment", {"code": code}), 201)["key"]
    enrolled = await owner.fetchval(
        "SELECT row_to_json(a)::text FROM device_access a WHERE device_id = $1", UUID(device["id"])
    )
    noted = await owner.fetch(
        "SELECT action, details::text FROM audit_log WHERE object = $1 ORDER BY at, action DESC",
        f"device:{device['id']}",
    )

    assert code.replace("-", "") not in waiting
    assert key not in enrolled
    assert [row["action"] for row in noted] == ["device.invited", "device.enrolled"]
    assert key not in str(noted)


@provokes("enrol_device", "enrolment-ended")
async def test_a_code_works_once_and_for_a_day(office: Office) -> None:
    [device] = await put(office, KIOSK)
    first, second = await invite(office, device), await invite(office, device)
    code = {"code": second["code"]}

    problem(await post(office, "enrolment", {"code": first["code"]}), 410, "enrolment-ended")
    good(await post(office, "enrolment", code), 201)
    problem(await post(office, "enrolment", code), 410, "enrolment-ended")
    late = await invite(office, device)
    office.clock.pass_(hours=24)
    problem(await post(office, "enrolment", {"code": late["code"]}), 410, "enrolment-ended")
    problem(await post(office, "enrolment", {"code": "NOBODYS"}), 410, "enrolment-ended")


async def test_of_two_who_use_a_code_at_once_one_gets_a_key(office: Office) -> None:
    [device] = await put(office, KIOSK)
    code = {"code": (await invite(office, device))["code"]}

    answers = await asyncio.gather(*(post(office, "enrolment", code) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 410, 410, 410]


@provokes("report_device", "device-key-refused")
async def test_a_key_is_good_until_its_successor_is_used(office: Office) -> None:
    [device] = await put(office, KIOSK)
    old = await enrol(office, device)
    code = (await invite(office, device))["code"]

    assert good(await beat(office, old))["renew"] is True
    new = good(await post(office, "enrolment", {"code": code}), 201)["key"]

    problem(await beat(office, old), 403, "device-key-refused")
    assert good(await beat(office, new))["renew"] is False


@provokes("revoke_device", "state-conflict")
async def test_a_key_is_revoked_at_once_with_an_open_code(office: Office) -> None:
    [device] = await put(office, KIOSK)
    problem(await revoke(office, device), 404, "not-found")
    key = await enrol(office, device)
    code = (await invite(office, device))["code"]

    problem(await revoke(office, device, **{"If-Match": '"1"'}), 409, "state-conflict")
    assert good(await revoke(office, device))["state"] == "revoked"

    problem(await beat(office, key), 403, "device-key-refused")
    problem(await post(office, "enrolment", {"code": code}), 410, "enrolment-ended")
    problem(await revoke(office, device), 409, "state-conflict")
    good(await beat(office, await enrol(office, device)))


@provokes("invite_device", "state-conflict")
async def test_who_gives_out_a_code_may_name_what_they_have_seen(office: Office) -> None:
    [device] = await put(office, KIOSK)
    url, stale = f"{device['id']}/enrolment", {**office.manager(), "If-Match": '"1"'}

    problem(await post(office, url, headers=stale), 409, "state-conflict")
    made = await invite(office, device)

    fresh = {**office.manager(), "If-Match": f'"{made["version"]}"'}
    good(await post(office, url, headers=fresh), 201)


async def test_a_key_does_not_come_back_with_its_device(office: Office) -> None:
    [device] = await put(office, KIOSK)
    key = await enrol(office, device)
    code = (await invite(office, device))["code"]
    office.clock.pass_(minutes=1)

    await put(office, version=2)
    problem(await beat(office, key), 403, "device-key-refused")
    refused = await post(office, f"{device['id']}/enrolment", headers=office.manager())
    problem(refused, 404, "not-found")
    office.clock.pass_(minutes=1)
    [again] = await put(office, KIOSK, version=3)

    assert again["id"] == device["id"]
    problem(await beat(office, key), 403, "device-key-refused")
    problem(await post(office, "enrolment", {"code": code}), 410, "enrolment-ended")
    [shown] = await seen(office, office.manager())
    assert shown["care"]["state"] is None
    assert shown["condition"] == "unknown"
    good(await beat(office, await enrol(office, again)))


async def test_only_the_halls_manager_gives_out_codes(office: Office) -> None:
    [device] = await put(office, KIOSK)
    url = f"{device['id']}/enrolment"

    other = office.sign("hall_manager", "OTHER")
    problem(await post(office, url, headers=other), 404, "not-found")
    problem(await post(office, url, headers=office.clerk()), 403, "forbidden")
    problem(await post(office, url, headers=office.device()), 403, "forbidden")
    problem(await post(office, f"{uuid4()}/enrolment", headers=other), 404, "not-found")
    good(await post(office, url, headers=office.sign("admin")), 201)


async def test_anybody_sees_which_kiosk_can_do_what_now(office: Office) -> None:
    screen = {"kind": "display", "name": "大屏"}
    kiosk, _ = await put(office, KIOSK, screen)
    key = await enrol(office, kiosk)
    shown: list[tuple[str, list[str]]] = []

    async def look() -> None:
        [machine] = await seen(office)
        assert machine["care"] is None
        assert machine["location"] == KIOSK["location"]
        shown.append((machine["condition"], machine["available"]))

    await look()
    for report in ({"paper": "full"}, {"paper": "empty"}, {"faults": ["touch_screen"]}):
        good(await beat(office, key, **report))
        await look()
    office.clock.pass_(minutes=3, seconds=1)
    await look()

    assert shown == [
        ("unknown", ["tickets", "check_in", "guides"]),
        ("working", ["tickets", "check_in", "guides"]),
        ("limited", ["check_in", "guides"]),
        ("limited", []),
        ("offline", []),
    ]
    assert len(await seen(office, office.clerk())) == 2
    assert len(await seen(office, office.sign("clerk", "OTHER"))) == 1
    problem(await office.get("devices?hall=NONE"), 404, "not-found")


async def test_a_heartbeat_refuses_nobody_who_decides(office: Office) -> None:
    [device] = await put(office, KIOSK)
    key = await enrol(office, device)
    [before] = await seen(office, office.manager())

    good(await beat(office, key))

    match = {"If-Match": f'"{before["care"]["version"]}"'}
    assert good(await revoke(office, device, **match))["state"] == "revoked"
