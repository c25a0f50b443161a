"""How long windows were open, served and were walked to; who is shown what of small numbers."""

import json
from collections import defaultdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from services.appointments.statistics.rows.schemas import TicketFigure
from shared.clock import today
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.appointments.test_statistics import _random_day, one_visit
from tests.provoking import provokes


@pytest.fixture
async def floor(hall: Build) -> Floor:
    return await hall(windows=3, items=2)


async def ask(floor: Floor, path: str, **asked: Any) -> Any:
    day = today(floor.clock.at).isoformat()
    headers = asked.pop("headers", None) or floor.manager()
    return await floor.get(path, params={"from": day, "to": day, **asked}, headers=headers)


async def lines(floor: Floor, path: str = "utilisation", **asked: Any) -> dict[str, Any]:
    return {line["key"]: line for line in good(await ask(floor, path, **asked))["items"]}


async def test_a_window_counts_while_it_is_open_and_not_while_it_is_paused(floor: Floor) -> None:
    li = floor.clerk("li-1")
    good(await floor.window("open", headers=li, clerk="李梅"))
    ticket = await floor.issue()
    good(await floor.window("call-next", headers=li))
    floor.clock.pass_(minutes=2)
    good(await floor.do(ticket, "serve", headers=li))
    floor.clock.pass_(minutes=8)
    good(await floor.do(ticket, "finish", headers=li, outcome="done"))
    good(await floor.window("pause", headers=li, reason="午餐"))
    floor.clock.pass_(minutes=30)
    good(await floor.window("open", headers=li, clerk="李梅"))
    floor.clock.pass_(minutes=10)
    good(await floor.window("close", headers=li))
    floor.clock.pass_(minutes=60)

    [window] = (await lines(floor, by="window")).values()
    assert window["windows"] == {
        "open_minutes": 20.0,
        "paused_minutes": 30.0,
        "serving_minutes": 8.0,
        "serving_rate": 0.4,
        "started": 1,
        "way_mean_minutes": 2.0,
        "way_p50_minutes": 2.0,
        "way_p90_minutes": 2.0,
    }
    assert (window["key"], window["appointments"], window["places"]) == ("1", None, None)
    [clerk] = (await lines(floor, by="clerk")).values()
    assert (clerk["key"], clerk["account"], clerk["windows"]["open_minutes"]) == (
        "李梅",
        "li-1",
        20.0,
    )
    hours = (await lines(floor, by="hour")).values()
    assert sum(line["windows"]["open_minutes"] for line in hours) == pytest.approx(20.0)
    [item] = (await lines(floor, by="item")).values()
    assert (item["windows"]["open_minutes"], item["windows"]["serving_minutes"]) == (None, 8.0)


async def test_whose_window_it_is_is_unknown_once_the_release_before_has_opened_it(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    """It says who works there by name alone; an account of several people is known as ever."""
    li = floor.clerk("li-1")
    for name in ("李梅", "王兰"):
        good(await floor.window("open", headers=li, clerk=name))
        assert await _account(floor, owner) == "li-1"
        good(await floor.window("pause", headers=li, reason="午餐"))
        assert await _account(floor, owner) == "li-1"
        floor.clock.pass_(minutes=1)

    await owner.execute(
        "UPDATE window_at_work SET state = 'open', clerk = '赵云', pause_reason = NULL,"
        " since = $2, version = version + 1 WHERE hall_code = $1",
        floor.code,
        floor.clock.at,
    )

    assert await _account(floor, owner) is None
    floor.clock.pass_(minutes=10)
    zhao = floor.clerk("zhao-1")
    good(await floor.window("pause", headers=zhao, reason="午餐"))
    good(await floor.window("open", headers=zhao, clerk="赵云"))
    assert await _account(floor, owner) == "zhao-1"
    said = "SELECT account FROM window_shift WHERE hall_code = $1 AND state = 'open' ORDER BY id"
    accounts = [row["account"] for row in await owner.fetch(said, floor.code)]
    assert accounts[-1] == "赵云", "by the name, for nobody knows more"


async def _account(floor: Floor, owner: asyncpg.Connection) -> str | None:
    found = "SELECT account FROM window_at_work WHERE hall_code = $1"
    return await owner.fetchval(found, floor.code)  # type: ignore[no-any-return]


async def test_a_window_that_is_open_counts_until_now_and_no_longer(floor: Floor) -> None:
    await floor.open(0)
    floor.clock.pass_(minutes=5)
    assert (await _open_minutes(floor)) == 5.0
    floor.clock.pass_(minutes=6)
    assert (await _open_minutes(floor)) == 11.0


async def _open_minutes(floor: Floor) -> float:
    total = good(await ask(floor, "utilisation"))["total"]
    return float(total["windows"]["open_minutes"])


async def test_the_time_of_windows_is_what_their_events_tell(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    """A random day of three windows, folded from what was published."""
    rng = Random(floor.code)
    for _ in range(60):
        floor.clock.pass_(seconds=rng.choice((1, 40, 300)))
        action = rng.choice(("open", "open", "pause", "close", "call-next"))
        await floor.window(action, rng.randrange(3))
    bodies = await owner.fetch(
        "SELECT body FROM outbox WHERE subject = $1 ORDER BY position",
        f"appointments.window.changed.v1.{floor.code}",
    )
    told = [json.loads(row["body"])["data"] for row in bodies]
    minutes: dict[str, float] = defaultdict(float)
    for no in {one["window_no"] for one in told}:
        story = [(one["state"], datetime.fromisoformat(one["at"])) for one in told
                 if one["window_no"] == no]  # fmt: skip
        ends = [*(at for _, at in story[1:]), floor.clock.at]
        for (state, at), end in zip(story, ends, strict=True):
            if state in ("open", "draining"):
                minutes[str(no)] += (end - at).total_seconds() / 60
    found = await lines(floor, by="window")
    shown = {no: line["windows"]["open_minutes"] for no, line in found.items()}
    assert shown == pytest.approx(minutes, abs=0.051)


async def test_each_figure_of_a_random_day_opens_to_as_many_entries_as_it_says(
    floor: Floor,
) -> None:
    await floor.open(0, 1, 2)
    await _random_day(floor, Random(floor.code))
    for by in ("hall", "window", "item", "clerk", "hour", "agency", "day", "month"):
        use = await lines(floor, by=by)
        for key, line in (await lines(floor, "statistics", by=by)).items():
            started = use[key]["windows"]["started"] if key in use else 0
            for figure in TicketFigure:
                url = f"{line['ticket_rows']}&figure={figure}&limit=200"
                rows = good(await floor.client.get(url, headers=floor.manager()))["items"]
                told = {**line, "started": started}[figure]
                assert len(rows) == told, (by, key, figure)


async def test_an_opened_row_names_who_served_and_where_the_visit_is_told(floor: Floor) -> None:
    good(await floor.window("open", headers=floor.clerk("li-2"), clerk="李梅"))
    ticket = await floor.issue()
    for step in ("call-next", None):
        if step:
            good(await floor.window(step, headers=floor.clerk("li-2")))
    good(await floor.do(ticket, "serve", headers=floor.clerk("li-2")))
    floor.clock.pass_(minutes=3)
    good(await floor.do(ticket, "finish", headers=floor.clerk("li-2"), outcome="done"))
    [row] = good(await ask(floor, "statistics/tickets"))["items"]
    assert (row["clerk"], row["served_minutes"], row["outcome"]) == ("李梅", 3.0, "done")
    good(await floor.client.get(row["history"], headers=floor.manager()))
    [issued] = good(await ask(floor, "statistics/tickets", figure="issued"))["items"]
    assert issued["clerk"] is None


@pytest.mark.parametrize("path", ["statistics", "utilisation"])
async def test_who_may_not_open_the_rows_sees_no_times_of_so_few(floor: Floor, path: str) -> None:
    await floor.open(0)
    for _ in range(4):
        await one_visit(floor, waits=3, served=2, outcome="done")
    boss = floor.sign("supervisor", floor.code)
    few = good(await ask(floor, path, headers=boss))["total"]
    all_of_it = good(await ask(floor, path))["total"]
    await one_visit(floor, waits=3, served=2, outcome="done")
    enough = good(await ask(floor, path, headers=boss))["total"]

    def time_of(line: dict[str, Any]) -> Any:
        return line["windows"]["way_p50_minutes"] if "windows" in line else line["wait_p50_minutes"]

    told = 3.0 if path == "statistics" else 0.0
    assert (time_of(few), time_of(all_of_it), time_of(enough)) == (None, told, told)
    if path == "utilisation":
        served = [line["windows"]["serving_minutes"] for line in (few, all_of_it, enough)]
        assert served == [None, 8.0, 10.0], "divided by how many it is somebody's time"
        assert (few["windows"]["serving_rate"], few["windows"]["started"]) == (None, 4)


@provokes("get_utilisation", "invalid-request", "not-found")
@provokes("list_counted_tickets", "invalid-request", "not-found")
async def test_what_is_asked_wrongly_is_named(floor: Floor) -> None:
    elsewhere = floor.sign("hall_manager", "H-OTHER")
    for path in ("utilisation", "statistics/tickets"):
        problem(await ask(floor, path, headers=elsewhere), 404, "not-found")
        late = (today(floor.clock.at) - timedelta(days=1)).isoformat()
        problem(await ask(floor, path, to=late), 422, "invalid-request")
    problem(await ask(floor, "statistics/tickets", by="clerk"), 422, "invalid-request")
