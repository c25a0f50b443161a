"""行诊: the windows go out, for as many as there are places, whoever races for the last one."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from random import randrange
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from services.appointments.outreach.models import GatheringState, RegistrationState
from services.appointments.outreach.workflow import (
    GATHERINGS,
    REGISTRATIONS,
    GatheringAction,
    RegistrationAction,
)
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

URL = "/api/v1/outreach-events"
STARTS = NINE + timedelta(days=2)
LATER = [(STARTS + timedelta(days=7, hours=hours)).isoformat() for hours in (0, 3)]
BODIES: dict[str, dict[str, Any]] = {
    "plan": {"leaves_at": (STARTS - timedelta(hours=1)).isoformat(), "carries": ["发电机"]},
    "move": {"starts_at": LATER[0], "ends_at": LATER[1], "place": "村小学操场"},
    "cancel": {"reason": "道路塌方"},
    "finish": {"served": 12, "done": 9, "text": "当场办结九件"},
}


@dataclass
class Announced:
    """An outreach event, and short words for what people do."""

    office: Office
    made: dict[str, Any]

    async def register(
        self, people: int = 1, headers: dict[str, str] | None = None, **others: Any
    ) -> httpx.Response:
        phone = f"137{randrange(10**8):08}"
        body = {"name": "赵四", "phone": phone, "people": people, **others}
        url = f"{URL}/{self.made['id']}/registrations"
        who = headers or self.office.citizen()
        return await self.office.client.post(url, json=body, headers=who)

    async def do(
        self, action: str, headers: dict[str, str], version: int | None = None
    ) -> httpx.Response:
        match = {"If-Match": f'"{version}"'} if version is not None else {}
        url = f"{URL}/{self.made['id']}/{action}"
        sent = {**headers, **match}
        return await self.office.client.post(url, json=BODIES[action], headers=sent)

    async def settle(
        self, registration: dict[str, Any], action: str, headers: dict[str, str]
    ) -> httpx.Response:
        url = f"/api/v1/outreach-registrations/{registration['id']}/{action}"
        return await self.office.client.post(url, headers=headers)

    async def free(self) -> int:
        seen = good(await self.office.client.get(f"{URL}/{self.made['id']}"))
        return int(seen["free"])


def wanted(office: Office, **others: Any) -> dict[str, Any]:
    return {
        "hall_code": office.code,
        "title": "送服务进村",
        "kind": "village",
        "place": "石门村村委会",
        "item_codes": office.items,
        "starts_at": STARTS.isoformat(),
        "ends_at": (STARTS + timedelta(hours=3)).isoformat(),
        "places": 3,
        **others,
    }


async def announced(office: Office, **others: Any) -> Announced:
    made = await office.client.post(URL, json=wanted(office, **others), headers=office.manager())
    return Announced(office, good(made, 201))


async def test_the_windows_go_to_a_village(office: Office) -> None:
    event = await announced(office)
    assert (event.made["state"], event.made["free"]) == ("announced", 3)
    listed = good(await office.client.get(URL, params={"hall": office.code}))["items"]
    assert [one["id"] for one in listed] == [event.made["id"]]
    assert "travellers" not in listed[0]
    mine = good(await event.register(2), 201)
    assert (mine["name"], mine["people"], await event.free()) == ("赵*", 2, 1)
    planned = good(await event.do("plan", office.clerk()))
    assert planned["carries"] == ["发电机"]
    office.clock.at = STARTS + timedelta(hours=1)
    good(await event.settle(mine, "attend", office.clerk()))
    finished = good(await event.do("finish", office.clerk()))
    assert (finished["state"], finished["served"], finished["text"]) == (
        "finished",
        12,
        "当场办结九件",
    )
    for kind in ("event.announced", "event.planned", "event.finished", "registration.made"):
        assert len(await office.events(f"outreach_{kind}")) == 1, kind


@provokes("register_for_outreach", "outreach-full")
async def test_ten_race_for_the_last_place(office: Office, owner: asyncpg.Connection) -> None:
    event = await announced(office, places=1)
    answers = await asyncio.gather(*(event.register() for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    for answer in answers:
        if answer.status_code == 409:
            assert problem(answer, 409, "outreach-full")["free"] == 0
    counted = "SELECT taken, (SELECT sum(people) FROM outreach_registration WHERE event_id = e.id)"
    row = await owner.fetchrow(f"{counted} FROM outreach_event e WHERE id = $1",
                               UUID(event.made["id"]))  # fmt: skip
    assert row is not None
    assert tuple(row) == (1, 1)


async def test_places_are_what_is_registered_whoever_comes_and_goes(
    office: Office, owner: asyncpg.Connection
) -> None:
    """People register and cancel all at once; never more than the places, and the count is true."""
    event = await announced(office, places=7)

    async def come_and_go(people: int) -> None:
        me = office.citizen()
        answer = await event.register(people, me)
        if answer.status_code == 201 and people % 2:
            good(await event.settle(answer.json(), "cancel", me))

    await asyncio.gather(*(come_and_go(1 + n % 5) for n in range(20)))
    live = "SELECT coalesce(sum(people), 0) FROM outreach_registration WHERE event_id = $1"
    registered = await owner.fetchval(f"{live} AND state = 'registered'", UUID(event.made["id"]))
    assert await event.free() == 7 - registered >= 0


@provokes("register_for_outreach", "already-registered", "registration-closed", "not-found")
async def test_one_number_registers_once_and_in_time(office: Office) -> None:
    event, staff = await announced(office), office.clerk()
    phone = f"136{randrange(10**8):08}"
    mine = good(await event.register(phone=phone, headers=staff), 201)
    again = await event.register(phone=f"+86 {phone[:3]} {phone[3:]}", headers=staff)
    problem(again, 409, "already-registered")
    problem(await event.settle(mine, "cancel", office.citizen()), 404, "not-found")
    good(await event.settle(mine, "cancel", office.clerk()))
    good(await event.register(phone=phone), 201)
    problem(await event.register(item_code="NO-1"), 422, "invalid-request")
    elsewhere = office.sign("clerk", "H-OTHER")
    problem(await event.register(headers=elsewhere), 404, "not-found")
    office.clock.at = STARTS
    problem(await event.register(), 409, "registration-closed")


async def test_nobody_takes_all_places_by_one_number_after_the_other(office: Office) -> None:
    event, me = await announced(office), office.citizen()
    answers = await asyncio.gather(*(event.register(headers=me) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    problem(await event.register(headers=me), 409, "already-registered")
    [mine] = [answer.json() for answer in answers if answer.status_code == 201]
    good(await event.settle(mine, "cancel", me))
    good(await event.register(2, headers=me), 201)
    for _ in range(2):  # who works there registers one after the other
        await event.register(headers=office.clerk())
    assert await event.free() == 0


async def test_who_registered_keeps_their_places_when_it_is_moved(office: Office) -> None:
    event = await announced(office)
    good(await event.register(2), 201)
    good(await event.do("plan", office.clerk()))
    moved = good(await event.do("move", office.manager()))
    assert (moved["place"], moved["free"], moved["leaves_at"]) == ("村小学操场", 1, None)
    assert moved["starts_at"] == moved["closes_at"] == "2026-12-03T09:00:00+08:00"
    office.clock.at = STARTS + timedelta(days=1)
    good(await event.register(), 201)
    [told] = await office.events("outreach_event.moved")
    assert (told["event_id"], told["starts_at"]) == (moved["id"], "2026-12-03T01:00:00Z")
    office.clock.at = STARTS + timedelta(days=8)
    late = problem(await event.do("move", office.manager()), 422, "invalid-request")
    assert late["errors"][0]["pointer"] == "/body/starts_at"


async def test_of_two_with_one_number_at_once_one_registers(office: Office) -> None:
    event = await announced(office)
    phone = f"135{randrange(10**8):08}"
    asked = (event.register(phone=phone, headers=office.clerk()) for _ in range(4))
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await event.free() == 2


@provokes("finish_outreach", "conflict", "state-conflict")
@provokes("move_outreach", "state-conflict")
@provokes("plan_outreach", "not-found")
@pytest.mark.parametrize("state", list(GatheringState))
async def test_every_state_action_and_role(
    office: Office, owner: asyncpg.Connection, state: GatheringState
) -> None:
    event = await announced(office)
    problem(await event.do("plan", office.sign("clerk", "H-OTHER")), 404, "not-found")
    problem(await event.do("finish", office.clerk()), 409, "conflict")
    problem(await event.do("finish", office.clerk(), version=9), 409, "state-conflict")
    problem(await event.do("move", office.manager(), version=9), 409, "state-conflict")
    office.clock.at = STARTS
    put = "UPDATE outreach_event SET state = $2, starts_at = $3, closes_at = $3 WHERE id = $1"
    for role in ("citizen", "clerk", "hall_manager", "officer"):
        for action in GatheringAction:
            await owner.execute(put, UUID(event.made["id"]), state.value, STARTS)
            answer = await event.do(action, office.sign(role, office.code))
            row = GATHERINGS.get(state, action)
            if role not in GATHERINGS.roles_of(action):
                assert answer.status_code == 403, (role, action)
            elif row is None:
                assert problem(answer, 409, "state-conflict")["state"] == state
            else:
                assert good(answer)["state"] == row.to, (role, action)


@provokes("cancel_registration", "not-found")
@provokes("attend_outreach", "state-conflict")
async def test_every_state_of_a_registration(office: Office, owner: asyncpg.Connection) -> None:
    event, me = await announced(office, places=50), office.citizen()
    mine = good(await event.register(headers=me), 201)
    problem(await event.settle(mine, "cancel", office.citizen()), 404, "not-found")
    put = "UPDATE outreach_registration SET state = $2 WHERE id = $1"
    await owner.execute("UPDATE outreach_event SET taken = 20 WHERE id = $1", event.made["id"])
    for state in RegistrationState:
        for role, headers in (("citizen", me), ("clerk", office.clerk())):
            for action in RegistrationAction:
                await owner.execute(put, UUID(mine["id"]), state.value)
                answer = await event.settle(mine, action, headers)
                row = REGISTRATIONS.get(state, action)
                if role not in REGISTRATIONS.roles_of(action):
                    assert answer.status_code == 403
                elif row is None:
                    assert problem(answer, 409, "state-conflict")["state"] == state
                else:
                    assert good(answer)["state"] == row.to


@provokes("get_outreach", "not-found")
@provokes("list_registrations", "not-found")
async def test_who_comes_is_for_the_hall_and_masked(
    office: Office, owner: asyncpg.Connection
) -> None:
    event, me = await announced(office), office.citizen()
    mine = good(await event.register(headers=me, name="诸葛亮", phone="13912345678"), 201)
    good(await event.register(), 201)
    url = f"{URL}/{event.made['id']}/registrations"
    get = office.client.get
    assert len(good(await get(url, headers=office.clerk()))["items"]) == 2
    [own] = good(await get(url, headers=me))["items"]
    assert (own["id"], own["name"], own["phone"]) == (mine["id"], "诸**", "139****5678")
    problem(await get(url, headers=office.sign("clerk", "H-OTHER")), 404, "not-found")
    problem(await get(f"{URL}/{uuid4()}"), 404, "not-found")
    bodies = await owner.fetch("SELECT body FROM outbox WHERE subject LIKE '%outreach_reg%'")
    assert not any("诸葛" in row["body"].decode() for row in bodies)


@pytest.mark.parametrize(
    "others",
    [
        {"starts_at": "2026-11-24T08:00:00+08:00"},
        {"item_codes": ["NO-1"]},
        {"closes_at": "2026-12-30T08:00:00+08:00"},
        {"ends_at": "2026-11-26T08:00:00+08:00"},
    ],
)
async def test_what_cannot_be_announced(office: Office, others: dict[str, Any]) -> None:
    body = wanted(office, **others)
    answer = await office.client.post(URL, json=body, headers=office.manager())
    problem(answer, 422, "invalid-request")
    elsewhere = office.sign("hall_manager", "H-OTHER")
    answer = await office.client.post(URL, json=wanted(office), headers=elsewhere)
    problem(answer, 404, "not-found")


@provokes("cancel_outreach", "state-conflict")
async def test_what_was_called_off_takes_nobody_any_more(office: Office) -> None:
    event = await announced(office)
    mine = good(await event.register(2), 201)
    cancelled = good(await event.do("cancel", office.manager()))
    assert (cancelled["state"], cancelled["text"]) == ("cancelled", BODIES["cancel"]["reason"])
    assert [one["taken"] for one in await office.events("outreach_event.cancelled")] == [2]
    problem(await event.do("cancel", office.manager()), 409, "state-conflict")
    problem(await event.register(), 409, "registration-closed")
    problem(await event.settle(mine, "attend", office.clerk()), 409, "state-conflict")
    good(await event.settle(mine, "cancel", office.clerk()))
