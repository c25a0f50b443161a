"""The end of a hall's day: what nobody finished is closed, and no more is said than is known."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import orjson
import pytest

from services.appointments.clearing import service as clearing
from services.appointments.clearing.rules import left_before
from services.appointments.directory.schemas import OpeningHours
from services.appointments.queueing import expiry
from shared.clock import today
from shared.database.engine import Sessions
from shared.ids import new_id
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good
from tests.appointments.test_queueing_booking import booked, state_of

WAY: dict[str, list[str]] = {
    "waiting": [],
    "called": ["call"],
    "recalled": ["call", "recall"],
    "serving": ["call", "serve"],
    "parked": ["call", "serve", "park"],
}


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall()
    await made.open()
    return made


async def brought_to(floor: Floor, state: str, **wish: Any) -> dict[str, Any]:
    ticket = await floor.issue(**wish)
    for step in WAY[state]:
        floor.clock.pass_(seconds=61)
        ticket = await floor.call() if step == "call" else await floor.done(ticket, step)
    assert ticket["state"] == state
    return ticket


async def end_day(sessions: Sessions, floor: Floor) -> None:
    """All the jobs, again and again until a round finds nothing to do."""
    jobs = (clearing.clear_tickets, clearing.close_windows, clearing.lapse_appointments)
    changed = 1
    while changed:
        changed = 0
        for job in jobs:
            async with sessions() as session, session.begin():
                changed += await job(session, floor.clock.at)


async def open_at(owner: asyncpg.Connection, floor: Floor, *hours: dict[str, Any]) -> None:
    await owner.execute(
        "UPDATE hall SET opening_hours = $2::jsonb WHERE code = $1",
        floor.code,
        orjson.dumps(hours).decode(),
    )


def opening(opens: str, closes: str, weekdays: list[int] | None = None) -> dict[str, Any]:
    return {"weekdays": weekdays or [1, 2, 3, 4, 5, 6, 7], "opens": opens, "closes": closes}


async def events(owner: asyncpg.Connection, floor: Floor, kind: str) -> list[dict[str, Any]]:
    rows = await owner.fetch(
        "SELECT body FROM outbox WHERE subject = $1 ORDER BY position",
        f"appointments.{kind}.v1.{floor.code}",
    )
    return [orjson.loads(row["body"])["data"] for row in rows]


@pytest.mark.parametrize("state", WAY)
async def test_a_ticket_left_behind_is_closed_and_its_window_free(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions, state: str
) -> None:
    ticket = await brought_to(floor, state)
    floor.clock.pass_(days=1)
    await end_day(sessions, floor)

    assert (await floor.see(ticket))["state"] == "closed"
    [told] = await events(owner, floor, "ticket.closed")
    assert (told["ticket_id"], told["reason"]) == (ticket["id"], "day_over")
    last = await owner.fetchrow(
        "SELECT * FROM ticket_event WHERE hall_code = $1 ORDER BY hall_seq DESC LIMIT 1", floor.code
    )
    assert last is not None
    assert (last["action"], last["from_state"], last["actor"]) == ("clear", state, "system")
    live = "SELECT count(*) FROM call WHERE hall_code = $1 AND ended_at IS NULL"
    assert await owner.fetchval(live, floor.code) == 0
    await floor.open()
    await floor.issue()
    assert (await floor.call())["state"] == "called"


async def test_nobody_is_asked_to_rate_what_nobody_finished(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    code = await booked(owner, floor)
    await brought_to(floor, "serving", appointment_code=code)
    floor.clock.pass_(days=1)
    await end_day(sessions, floor)

    assert await state_of(owner, code) == "lapsed"
    [event] = await events(owner, floor, "appointment.lapsed")
    assert code not in str(event)
    assert await events(owner, floor, "case.finished") == []
    assert await events(owner, floor, "appointment.served") == []
    barred = "SELECT count(*) FROM penalty WHERE hall_code = $1"
    assert await owner.fetchval(barred, floor.code) == 0


async def test_what_was_left_counts_as_unfinished_and_in_no_time(
    floor: Floor, sessions: Sessions
) -> None:
    for state in ("serving", "waiting"):
        await brought_to(floor, state)
    first = today(floor.clock.at).isoformat()
    floor.clock.pass_(days=1)
    await end_day(sessions, floor)

    asked = {"from": first, "to": today(floor.clock.at).isoformat()}
    total = good(await floor.get("statistics", params=asked))["total"]
    assert (total["unfinished"], total["served"], total["abandoned"], total["missed"]) == (
        (2, 0, 0, 0)
    )
    assert (total["service_p50_minutes"], total["one_visit_rate"]) == (None, None)
    by_window = good(await floor.get("statistics", params={**asked, "by": "window"}))["items"]
    assert [(line["key"], line["unfinished"]) for line in by_window] == [("1", 1)]


async def test_a_missed_ticket_ends_as_before(floor: Floor, sessions: Sessions) -> None:
    ticket = await brought_to(floor, "called")
    await floor.done(ticket, "miss")
    floor.clock.pass_(days=1)
    await end_day(sessions, floor)
    async with sessions() as session, session.begin():
        await expiry.close_missed(session, floor.clock.at)
    assert (await floor.see(ticket))["state"] == "closed"


async def test_a_hall_open_round_the_clock_cuts_nobody_off_at_midnight(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    await open_at(owner, floor, opening("00:00", "00:00"))
    late = datetime.combine(today(floor.clock.at), time(23, 30), ZoneInfo("Asia/Shanghai"))
    floor.clock.at = late.astimezone(UTC)
    serving, waiting = await brought_to(floor, "serving"), await brought_to(floor, "waiting")

    for hours, state in ((1, "serving"), (6, "serving"), (1.5, "closed")):
        floor.clock.pass_(hours=hours)
        await end_day(sessions, floor)
        assert (await floor.see(serving))["state"] == state
    assert (await floor.see(waiting))["state"] == "closed"


async def test_staff_see_the_tickets_of_yesterday_that_still_wait(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    await open_at(owner, floor, opening("00:00", "00:00"))
    late = datetime.combine(today(floor.clock.at), time(23, 58), ZoneInfo("Asia/Shanghai"))
    floor.clock.at = late.astimezone(UTC)
    ticket = await floor.issue()
    floor.clock.pass_(minutes=5)
    [seen] = good(await floor.get("queue"))["items"]
    assert seen["id"] == ticket["id"]


async def test_who_waits_for_an_appointment_of_tomorrow_is_not_cleared_away(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    await owner.execute(
        "INSERT INTO booking_policy (id, hall_code, version, hold_minutes, cancel_until_minutes,"
        " check_in_early_minutes, check_in_late_minutes, no_show_limit, no_show_days, block_days,"
        " basis, created_by, created_at)"
        " VALUES ($2, $1, 1, 5, 0, 1440, 30, 3, 90, 30, '', 't', now())",
        floor.code,
        new_id(),
    )
    code = await booked(owner, floor, in_minutes=1000)
    ticket = await floor.issue(appointment_code=code)
    floor.clock.pass_(minutes=1000)
    await end_day(sessions, floor)
    assert (await floor.see(ticket))["state"] == "waiting"


async def test_who_checked_in_and_gave_the_ticket_up_lapses_too(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    code = await booked(owner, floor)
    url = f"/api/v1/appointments/{code}/check-in"
    arrived = good(await floor.client.post(url, headers=floor.kiosk()))
    await floor.done(arrived["ticket"], "abandon")
    await end_day(sessions, floor)
    assert await state_of(owner, code) == "checked_in"
    floor.clock.pass_(days=1)
    await end_day(sessions, floor)
    assert await state_of(owner, code) == "lapsed"


async def test_a_window_left_open_is_closed(
    hall: Build, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    floor = await hall(windows=3)
    await floor.open(0, 1)
    good(await floor.window("pause", 1))
    await brought_to(floor, "serving")
    floor.clock.pass_(days=1)
    await floor.open(2)
    await end_day(sessions, floor)

    states = {w["no"]: w["state"] for w in (await floor.get("windows-at-work")).json()["items"]}
    assert states == {1: "closed", 2: "closed", 3: "open"}
    told = [(e["window_no"], e["state"]) for e in await events(owner, floor, "window.changed")]
    assert told[-4:] == [(1, "draining"), (1, "closed"), (2, "draining"), (2, "closed")]


async def test_a_window_that_calls_people_all_night_stays_open(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    await open_at(owner, floor, opening("00:00", "00:00"))
    for _ in range(3):
        ticket = await brought_to(floor, "serving")
        await floor.done(ticket, "finish", outcome="done")
        floor.clock.pass_(hours=5)
    await end_day(sessions, floor)
    [window] = (await floor.get("windows-at-work")).json()["items"]
    assert window["state"] == "open"


async def test_a_hall_decides_for_itself_how_long_a_ticket_may_lie(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    rules = good(await floor.get("queue-policy"))["rules"]
    assert rules["left_after_hours"] == 8
    body = {"rules": {**rules, "left_after_hours": 30}, "basis": "测试规定"}
    url = f"/api/v1/halls/{floor.code}/queue-policy"
    good(await floor.client.put(url, json=body, headers=floor.manager()))
    ticket = await brought_to(floor, "parked")
    floor.clock.pass_(hours=29)
    await end_day(sessions, floor)
    assert (await floor.see(ticket))["state"] == "parked"


WORKDAYS = [OpeningHours.model_validate(opening("09:00", "17:30", [1, 2, 3, 4, 5]))]
ALWAYS = [OpeningHours.model_validate(opening("00:00", "00:00"))]
WEEK_THROUGH = [OpeningHours.model_validate(opening("00:00", "00:00", [1, 2, 3, 4, 5]))]
BREAK = [
    OpeningHours.model_validate(opening("13:00", "17:00")),
    OpeningHours.model_validate(opening("09:00", "12:00")),
]
URUMQI = ZoneInfo("Asia/Urumqi")
MONDAY = datetime(2026, 11, 23, tzinfo=URUMQI)


@pytest.mark.parametrize(
    ("hours", "now", "left"),
    [
        (WORKDAYS, "01:29", None),
        (WORKDAYS, "01:30", "17:30"),
        (WORKDAYS, "02:30", "18:30"),
        (BREAK, "00:59", None),
        (BREAK, "01:00", "17:00"),
        (ALWAYS, "01:00", "17:00"),
        ([], "07:59", None),
        ([], "08:00", "24:00"),
        (WEEK_THROUGH, "01:00", "17:00"),
    ],
)
def test_a_day_is_over_by_the_halls_own_hours(
    hours: list[OpeningHours], now: str, left: str | None
) -> None:
    """On the night from Monday to Tuesday, with 8 hours; None: nothing of Monday is left yet."""
    moment = MONDAY + timedelta(days=1) + _of_day(now)
    expected = MONDAY + (_of_day(left) if left else timedelta())
    assert left_before(hours, URUMQI.key, 8, moment) == expected


def _of_day(clock: str) -> timedelta:
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def test_work_on_a_day_when_the_hall_should_be_closed_lasts_till_midnight() -> None:
    sunday = datetime(2026, 11, 22, 23, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    start = sunday.replace(hour=0)
    assert left_before(WORKDAYS, "Asia/Shanghai", 8, sunday) == start
    assert left_before(WORKDAYS, "Asia/Shanghai", 8, sunday + timedelta(hours=9)) == (
        start + timedelta(days=1)
    )
