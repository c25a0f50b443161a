"""Whom a notice is for is handed to the gateway alone, and when something has to be said."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.appointments.notices import rules, service
from services.appointments.notices.rules import CallingWindow, WaitingTicket
from shared.database.engine import Sessions
from tests.appointments.conftest import Build
from tests.appointments.offices import NINE, Office, person
from tests.appointments.queue_helpers import Floor, good

TEN = NINE + timedelta(hours=1)


def signed(floor: Floor, account: str) -> dict[str, str]:
    return {**floor.sign("citizen", sub=account), "Idempotency-Key": uuid4().hex}


async def ask(office: Office | Floor, kind: str, about: Any, sub: str = "gateway") -> Any:
    return await office.client.get(
        f"/api/v1/notice-recipients/{uuid4()}",
        params={"kind": kind, "about": str(about)},
        headers=office.sign("system", sub=sub),
    )


async def handed(office: Office | Floor, kind: str, about: Any) -> dict[str, Any]:
    return dict(good(await ask(office, kind, about)))


async def test_an_accounts_own_appointment_is_handed_over_while_it_holds(office: Office) -> None:
    account = str(uuid4())
    mine = office.citizen(account)
    held = await office.hold(await office.slot(TEN), headers=mine)
    assert await handed(office, "appointment_confirmed", held["id"]) == {
        "applies": False,
        "account_id": None,
        "phone": None,
        "facts": {},
    }, "it is not confirmed yet"
    good(await office.do(held, "confirm", mine))
    known = await handed(office, "appointment_confirmed", held["id"])
    assert (known["applies"], known["account_id"], known["phone"]) == (True, account, None)
    assert known["facts"]["starts_at"] == "2026-11-24T02:00:00+00:00"
    assert known["facts"]["hall_name"]
    assert known["facts"]["item_name"]
    assert not (await handed(office, "appointment_missed", held["id"]))["applies"]
    good(await office.do(held, "cancel", mine))
    assert not (await handed(office, "appointment_reminder_day", held["id"]))["applies"]


async def test_whom_staff_booked_for_is_reached_by_the_phone_they_named(office: Office) -> None:
    who = person()
    slot = await office.slot(TEN, pool="assisted")
    held = await office.hold(slot, headers=office.clerk(), citizen=who)
    good(await office.do(held, "confirm", office.clerk()))
    known = await handed(office, "appointment_reminder_hours", held["id"])
    assert (known["account_id"], known["phone"]) == (None, who["phone"])


@pytest.mark.parametrize("role", ["system", "admin", "clerk", "citizen"])
async def test_nobody_but_the_gateway_is_handed_a_contact(office: Office, role: str) -> None:
    url = f"/api/v1/notice-recipients/{uuid4()}?kind=appointment_confirmed&about={uuid4()}"
    answer = await office.client.get(url, headers=office.sign(role, office.code))
    assert answer.status_code == 403
    assert (await office.client.get(url)).status_code == 401


async def test_what_nobody_knows_holds_no_more(office: Office) -> None:
    for kind in ("appointment_confirmed", "ticket_called", "waitlist_offer"):
        assert not (await handed(office, kind, uuid4()))["applies"]


async def test_a_ticket_is_handed_over_with_its_number_and_window(hall: Build) -> None:
    floor = await hall(windows=1)
    await floor.open()
    account = str(uuid4())
    ticket = await floor.issue(headers=signed(floor, account))
    assert (await handed(floor, "ticket_soon", ticket["id"]))["applies"]
    assert not (await handed(floor, "ticket_called", ticket["id"]))["applies"]
    await floor.call()
    known = await handed(floor, "ticket_called", ticket["id"])
    assert (known["account_id"], known["facts"]["number"]) == (account, ticket["number"])
    assert known["facts"]["window_no"] == "1"


async def due(owner: asyncpg.Connection, about: str) -> list[dict[str, Any]]:
    """What was published of one thing, in order."""
    bodies = await owner.fetch(
        "SELECT body FROM outbox WHERE subject LIKE 'appointments.notice.due.%' ORDER BY position"
    )
    data = [json.loads(row["body"])["data"] for row in bodies]
    return [one for one in data if one["about_id"] == about]


async def reminded(sessions: Sessions, now: datetime) -> None:
    async with sessions() as session, session.begin():
        await service.remind(session, now)


async def test_who_booked_in_time_is_reminded_a_day_and_two_hours_before_once_each(
    office: Office, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    start = NINE + timedelta(days=2)
    await owner.execute("DELETE FROM reminder_mark")
    await reminded(sessions, NINE)
    mine = office.citizen()
    slot = await office.slot(start)
    kept = await office.hold(slot, headers=mine)
    good(await office.do(kept, "confirm", mine))
    other = office.citizen()
    given_up = await office.hold(slot, headers=other)
    good(await office.do(given_up, "confirm", other))
    good(await office.do(given_up, "cancel", other))

    day, hours = start - timedelta(hours=24), start - timedelta(hours=2)
    for now in (day - timedelta(minutes=1), day, day, day + timedelta(minutes=1)):
        await reminded(sessions, now)
    found = await due(owner, kept["id"])
    assert [one["kind"] for one in found] == ["appointment_reminder_day"]
    for now in (hours - timedelta(minutes=1), hours + timedelta(minutes=30), start):
        await reminded(sessions, now)
    found = await due(owner, kept["id"])
    assert [one["kind"] for one in found][1:] == ["appointment_reminder_hours"]
    assert found[1]["useful_until"] == "2026-11-26T01:00:00Z"
    assert await due(owner, given_up["id"]) == []


async def test_who_books_within_the_time_is_not_reminded_of_what_they_just_heard(
    office: Office, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    await owner.execute("DELETE FROM reminder_mark")
    await reminded(sessions, NINE)
    mine = office.citizen()
    held = await office.hold(await office.slot(TEN), headers=mine)
    good(await office.do(held, "confirm", mine))
    await reminded(sessions, NINE + timedelta(minutes=1))
    assert await due(owner, held["id"]) == []


async def test_after_an_outage_nobody_is_reminded_of_what_has_begun(
    office: Office, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    await owner.execute("DELETE FROM reminder_mark")
    mine, later = office.citizen(), office.citizen()
    past = await office.hold(await office.slot(NINE + timedelta(hours=4)), headers=mine)
    coming = await office.hold(await office.slot(NINE + timedelta(hours=7)), headers=later)
    good(await office.do(past, "confirm", mine))
    good(await office.do(coming, "confirm", later))
    await reminded(sessions, NINE)
    await reminded(sessions, NINE + timedelta(hours=6))
    kinds = [one["kind"] for one in await due(owner, coming["id"])]
    assert kinds == ["appointment_reminder_hours"]
    assert await due(owner, past["id"]) == []


async def test_three_before_them_are_let_know_at_a_call_and_once(
    hall: Build, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    floor = await hall(windows=1)
    await floor.open()
    tickets = []
    for _ in range(7):
        floor.clock.pass_(seconds=1)
        tickets.append(await floor.issue(headers=signed(floor, str(uuid4()))))
    floor.clock.pass_(seconds=1)
    await floor.call()

    async def look() -> list[int]:
        async with sessions() as session, session.begin():
            await service.notice_nearly(session, floor.code, floor.clock.at)
        return [len(await due(owner, ticket["id"])) for ticket in tickets]

    assert await look() == [0, 1, 1, 1, 1, 0, 0]
    assert await look() == [0, 1, 1, 1, 1, 0, 0]


ONE, TWO = (CallingWindow(UUID(int=n), frozenset({item})) for n, item in ((1, "A"), (2, "B")))


def queue(items: str, reachable: bool = True) -> list[WaitingTicket]:
    return [WaitingTicket(UUID(int=n), item, None, reachable) for n, item in enumerate(items)]


@pytest.mark.parametrize(
    ("items", "windows", "near"),
    [
        ("AAAAA", [ONE], [0, 1, 2, 3]),
        ("BBBBA", [ONE, TWO], [0, 1, 2, 3, 4]),
        ("BBBBA", [CallingWindow(UUID(int=3), frozenset("AB"))], [0, 1, 2, 3]),
        ("AAAA", [TWO], []),
        ("AAAA", [], []),
        ("", [ONE], []),
    ],
)
def test_before_somebody_are_those_whom_the_same_windows_call(
    items: str, windows: list[CallingWindow], near: list[int]
) -> None:
    assert rules.nearly(queue(items), windows) == [UUID(int=n) for n in near]


def test_who_waits_for_a_certain_window_waits_for_that_alone() -> None:
    """And whom nobody can reach is not let know, but is before the others all the same."""
    four = queue("AAAA", reachable=False)
    certain = WaitingTicket(UUID(int=9), "A", TWO.id, True)
    assert rules.nearly([*four, certain], [ONE, TWO]) == [certain.id]
    assert rules.nearly([*four, WaitingTicket(UUID(int=9), "A", None, True)], [ONE, TWO]) == []
