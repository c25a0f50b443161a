"""What happens to a machine is published once, so that whoever looks after it hears of it."""

from typing import Any

import pytest

from services.appointments.devices import watching
from shared.database.engine import Sessions
from tests.appointments.machines import KIOSK, enrol, post, put
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good

KINDS = ("went_offline", "came_back", "paper_changed", "faults_changed")


async def reported(office: Office, key: str, **report: Any) -> None:
    good(await post(office, "heartbeat", {"key": key, **report}))


async def heard(office: Office) -> list[str]:
    """The kinds of what was published of the office's machines, in order of kind."""
    return [kind for kind in KINDS for _ in await office.events(f"device.{kind}")]


async def look(office: Office, sessions: Sessions) -> None:
    async with sessions() as session, session.begin():
        await watching.watch(session, office.clock())


@pytest.fixture
async def kiosk(office: Office) -> tuple[dict[str, Any], str]:
    """A machine of the office that has reported once, and its key."""
    [device] = await put(office, KIOSK)
    key = await enrol(office, device)
    await reported(office, key, paper="full")
    return device, key


async def test_paper_and_faults_are_told_when_they_change_and_not_every_minute(
    office: Office, kiosk: tuple[dict[str, Any], str]
) -> None:
    device, key = kiosk
    for paper in ("full", "low", "empty", "empty", "full"):
        office.clock.pass_(minutes=1)
        await reported(office, key, paper=paper)
    told = await office.events("device.paper_changed")
    assert [(one["before"], one["paper"]) for one in told] == [
        ("unknown", "full"),
        ("full", "low"),
        ("low", "empty"),
        ("empty", "full"),
    ]
    assert {(one["device_id"], one["hall_code"], one["device_name"]) for one in told} == {
        (device["id"], office.code, KIOSK["name"])
    }
    for faults in (["printer"], ["printer", "printer"], []):
        await reported(office, key, paper="full", faults=faults)
    assert [one["faults"] for one in await office.events("device.faults_changed")] == [
        ["printer"],
        [],
    ]


async def test_a_machine_that_is_silent_is_told_of_once_and_when_it_is_back(
    office: Office, sessions: Sessions, kiosk: tuple[dict[str, Any], str]
) -> None:
    _, key = kiosk
    await look(office, sessions)
    office.clock.pass_(minutes=3)
    await look(office, sessions)
    assert await heard(office) == ["paper_changed"], "two heartbeats may get lost"
    office.clock.pass_(seconds=1)
    await look(office, sessions)
    await look(office, sessions)
    [gone] = await office.events("device.went_offline")
    assert gone["seen_at"] == "2026-11-24T01:00:00Z"

    office.clock.pass_(minutes=10)
    await reported(office, key, paper="full")
    await reported(office, key, paper="full")
    [back] = await office.events("device.came_back")
    assert back["offline_since"] == gone["at"]
    office.clock.pass_(minutes=4)
    await look(office, sessions)
    assert len(await office.events("device.went_offline")) == 2


async def test_nobody_is_told_of_a_machine_that_is_not_in_use(
    office: Office, sessions: Sessions, kiosk: tuple[dict[str, Any], str]
) -> None:
    await put(office, version=2)
    office.clock.pass_(minutes=10)
    await look(office, sessions)
    assert await office.events("device.went_offline") == []


async def test_nor_of_one_that_has_just_enrolled_again(
    office: Office, sessions: Sessions, kiosk: tuple[dict[str, Any], str]
) -> None:
    device, _ = kiosk
    office.clock.pass_(hours=1)
    await enrol(office, device)
    await look(office, sessions)
    assert await office.events("device.went_offline") == []
    office.clock.pass_(minutes=4)
    await look(office, sessions)
    assert len(await office.events("device.went_offline")) == 1


async def test_one_that_was_silent_is_back_with_its_first_report_under_another_key(
    office: Office, sessions: Sessions, kiosk: tuple[dict[str, Any], str]
) -> None:
    device, _ = kiosk
    office.clock.pass_(hours=1)
    await look(office, sessions)
    [gone] = await office.events("device.went_offline")
    key = await enrol(office, device)
    assert await office.events("device.came_back") == []
    await reported(office, key, paper="full")
    [back] = await office.events("device.came_back")
    assert back["offline_since"] == gone["at"]
