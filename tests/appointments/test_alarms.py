"""紧急求助: a button at a window, answered by another person, escalated where nobody answers."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from services.appointments.alarms.models import AlarmState
from services.appointments.alarms.workflow import WORKFLOW
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes

URL = "/api/v1/alarms"
BODIES: dict[str, dict[str, Any] | None] = {
    "acknowledge": None,
    "resolve": {"outcome": "police", "text": "张三酒后闹事，派出所带走"},
}
ROLES = ("citizen", "clerk", "hall_manager", "officer", "auditor", "device", "system")


@dataclass
class Hall:
    """A hall with its clerk at the window, and short words for what people do."""

    floor: Floor
    owner: asyncpg.Connection

    async def press(self, place: int = 0, **options: Any) -> httpx.Response:
        headers = options.pop("headers", None) or self.floor.clerk("clerk-at-window")
        url = f"/api/v1/windows/{self.floor.windows[place]}/alarm"
        return await self.floor.client.post(url, json=options or None, headers=headers)

    async def do(
        self, alarm: dict[str, Any], action: str, headers: dict[str, str], **body: Any
    ) -> httpx.Response:
        url = f"{URL}/{alarm['id']}/{action}"
        return await self.floor.client.post(url, json=body or BODIES[action], headers=headers)

    async def open(self) -> list[str]:
        params = {"hall": self.floor.code, "is_open": "true"}
        answer = await self.floor.client.get(URL, params=params, headers=self.floor.manager())
        return [one["id"] for one in good(answer)["items"]]

    async def events(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.owner.fetch(
            "SELECT body FROM outbox WHERE subject = $1 ORDER BY position",
            f"appointments.alarm.{kind}.v1.{self.floor.code}",
        )
        return [json.loads(row["body"])["data"] for row in rows]


@pytest.fixture
async def there(hall: Build, owner: asyncpg.Connection) -> Hall:
    return Hall(await hall(windows=2), owner)


async def test_a_clerk_presses_the_button_and_the_manager_comes(there: Hall) -> None:
    floor = there.floor
    alarm = good(await there.press(kind="threat"), 201)
    assert (alarm["state"], alarm["window_no"], alarm["level"]) == ("raised", 1, 0)
    assert alarm["raised_by"] == "clerk-at-window"
    assert await there.open() == [alarm["id"]]
    [event] = await there.events("raised")
    assert event == {
        "alarm_id": alarm["id"],
        "hall_code": floor.code,
        "window_no": 1,
        "kind": "threat",
        "state": "raised",
        "version": 1,
        "level": 0,
        "at": event["at"],
    }
    coming = good(await there.do(alarm, "acknowledge", floor.manager()))
    assert (coming["state"], coming["acknowledged_by"] is None) == ("acknowledged", False)
    done = good(await there.do(alarm, "resolve", floor.manager()))
    assert (done["state"], done["outcome"]) == ("resolved", "police")
    assert await there.open() == []
    assert [(e["state"], e["outcome"]) for e in await there.events("resolved")] == [
        ("resolved", "police")
    ]


async def test_the_device_of_a_closed_window_raises_it_as_well(there: Hall) -> None:
    alarm = good(await there.press(1, headers=there.floor.sign("device", there.floor.code)), 201)
    assert (alarm["window_no"], alarm["kind"]) == (2, None)


async def test_who_works_at_the_window_does_not_say_that_all_is_well(there: Hall) -> None:
    floor = there.floor
    await floor.open(0)
    alarm = good(await there.press(headers=floor.sign("device", floor.code)), 201)
    problem(await there.do(alarm, "acknowledge", floor.clerk()), 409, "four-eyes")
    good(await there.do(alarm, "acknowledge", floor.clerk("clerk-2")))
    problem(await there.do(alarm, "resolve", floor.clerk()), 409, "four-eyes")
    good(await there.do(alarm, "resolve", floor.clerk("clerk-2")))


async def test_pressed_again_it_is_one_alarm_until_somebody_is_on_their_way(there: Hall) -> None:
    first = good(await there.press(), 201)
    assert good(await there.press())["id"] == first["id"]
    good(await there.do(first, "acknowledge", there.floor.manager()))
    worse = good(await there.press(), 201)
    assert worse["id"] != first["id"]
    assert await there.open() == [worse["id"], first["id"]]
    assert len(await there.events("raised")) == 2


async def test_of_many_presses_at_once_there_is_one_alarm_and_nobody_is_refused(
    there: Hall,
) -> None:
    answers = await asyncio.gather(*(there.press() for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await there.events("raised")) == 1


@pytest.mark.parametrize("locked", ["hall", '"window"', "window_at_work", "hall_floor"])
async def test_it_waits_for_nobody_who_holds_the_hall(
    there: Hall, other: asyncpg.Connection, locked: str
) -> None:
    """Schedules and windows are arranged anew, or the floor is held, for seconds."""
    await there.floor.open(0)
    await there.floor.issue()
    column = "code" if locked == "hall" else "hall_code"
    await other.execute(f"SELECT FROM {locked} WHERE {column} = $1 FOR UPDATE", there.floor.code)
    async with asyncio.timeout(1):
        good(await there.press(), 201)


@provokes("raise_alarm", "not-found")
@provokes("get_alarm", "not-found")
@provokes("acknowledge_alarm", "not-found")
@provokes("resolve_alarm", "not-found")
async def test_it_is_for_the_staff_of_the_hall_alone(there: Hall) -> None:
    elsewhere = there.floor.sign("hall_manager", "H-OTHER")
    problem(await there.press(headers=elsewhere), 404, "not-found")
    nowhere = f"/api/v1/windows/{uuid4()}/alarm"
    problem(await there.floor.client.post(nowhere, headers=elsewhere), 404, "not-found")
    alarm = good(await there.press(), 201)
    for action in BODIES:
        problem(await there.do(alarm, action, elsewhere), 404, "not-found")
    one = f"{URL}/{alarm['id']}"
    problem(await there.floor.client.get(one, headers=elsewhere), 404, "not-found")
    assert good(await there.floor.client.get(URL, headers=elsewhere))["items"] == []


@provokes("acknowledge_alarm", "four-eyes")
@provokes("resolve_alarm", "four-eyes")
async def test_who_raised_it_may_be_made_to_say_that_all_is_well(there: Hall) -> None:
    raised_by = there.floor.clerk("clerk-at-window")
    alarm = good(await there.press(headers=raised_by), 201)
    own = problem(await there.do(alarm, "acknowledge", raised_by), 409, "four-eyes")
    assert "求助" in own["detail"], "an alarm is answered, not reviewed"
    assert "审核" not in own["title"]
    good(await there.do(alarm, "acknowledge", there.floor.clerk("clerk-beside")))
    problem(await there.do(alarm, "resolve", raised_by, outcome="false_alarm"), 409, "four-eyes")


@pytest.mark.parametrize("state", list(AlarmState))
async def test_every_state_action_and_role(there: Hall, state: AlarmState) -> None:
    alarm = good(await there.press(), 201)
    for role in ROLES:
        for action in BODIES:
            is_raised, is_over = state is AlarmState.RAISED, state is AlarmState.RESOLVED
            await there.owner.execute(
                "UPDATE alarm SET state = $2, outcome = $3, acknowledged_at = $4 WHERE id = $1",
                UUID(alarm["id"]),
                state.value,
                "settled" if is_over else None,
                None if is_raised else there.floor.clock.at,
            )
            answer = await there.do(alarm, action, there.floor.sign(role, there.floor.code))
            row = WORKFLOW.get(state, action)
            if role not in WORKFLOW.roles_of(action):
                assert answer.status_code == 403, (role, action, answer.text)
            elif row is None:
                assert problem(answer, 409, "state-conflict")["state"] == state, (role, action)
            else:
                assert good(answer)["state"] == row.to, (role, action)


@provokes("acknowledge_alarm", "state-conflict")
@provokes("resolve_alarm", "state-conflict")
async def test_a_version_that_was_not_seen_is_refused(there: Hall) -> None:
    alarm = good(await there.press(), 201)
    good(await there.do(alarm, "acknowledge", there.floor.manager()))
    problem(await there.do(alarm, "acknowledge", there.floor.clerk()), 409, "state-conflict")
    late = {**there.floor.manager(), "If-Match": '"1"'}
    problem(await there.do(alarm, "resolve", late), 409, "state-conflict")


async def policy(floor: Floor, **terms: Any) -> None:
    url = f"/api/v1/policies/{floor.code}"
    version = good(await floor.client.get(url))["version"]
    body = {"version": version, "floor": terms}
    good(await floor.client.put(url, json=body, headers=floor.manager()))


async def test_what_happened_is_sealed_logged_and_in_no_event(there: Hall) -> None:
    alarm = good(await there.press(), 201)
    good(await there.do(alarm, "acknowledge", there.floor.manager()))
    done = good(await there.do(alarm, "resolve", there.floor.manager()))
    assert "text" not in done
    one = f"{URL}/{alarm['id']}"
    clerk = await there.floor.client.get(one, headers=there.floor.clerk())
    problem(clerk, 403, "forbidden")
    read = good(await there.floor.client.get(one, headers=there.floor.manager()))
    assert read["text"] == "张三酒后闹事，派出所带走"
    stored = await there.owner.fetchval(
        "SELECT row_to_json(a)::text FROM alarm a WHERE id = $1", UUID(alarm["id"])
    )
    told = json.dumps(
        [await there.events(kind) for kind in ("raised", "acknowledged", "resolved")],
        ensure_ascii=False,
    )
    assert "张三" not in stored + told
    logged = "SELECT count(*) FROM audit_log WHERE object = $1 AND action = 'alarm.read'"
    assert await there.owner.fetchval(logged, f"alarm:{alarm['id']}") == 1


async def test_the_list_is_narrowed_down_and_read_page_by_page(there: Hall) -> None:
    alarms = [good(await there.press(place), 201) for place in (0, 1)]
    good(await there.do(alarms[0], "acknowledge", there.floor.manager()))
    good(await there.do(alarms[0], "resolve", there.floor.manager()))

    async def listed(**params: Any) -> list[str]:
        asked = {"hall": there.floor.code, **params}
        found = await there.floor.client.get(URL, params=asked, headers=there.floor.manager())
        return [one["id"] for one in good(found)["items"]]

    first, second = (one["id"] for one in alarms)
    assert await listed() == [second, first]
    assert await listed(is_open="false") == [first]
    assert await listed(state="raised") == [second]
    assert await listed(limit=1) == [second]
