"""Figures of several halls, and how good what people were told was."""

import csv
import io
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from shared.clock import today
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.appointments.test_statistics import one_visit

STATISTICS, ACCURACY = "/api/v1/statistics", "/api/v1/estimate-accuracy"


@pytest.fixture
async def floors(hall: Build, owner: asyncpg.Connection) -> list[Floor]:
    """Two halls on one day: a visit in time and one long after what was told, and another."""
    made = [await hall(windows=2, items=2) for _ in range(2)]
    for floor in made:
        await floor.open(0, 1)
    await one_visit(made[0], waits=0, served=5, outcome="done")
    await one_visit(made[0], waits=60, served=5, outcome="needs_more")
    await one_visit(made[1], waits=20, served=9, outcome="done")
    await owner.execute("UPDATE item SET department_code = 'D07' WHERE code = $1", made[1].items[0])
    return made


async def ask(path: str, floors: list[Floor], **asked: str) -> httpx.Response:
    floor = floors[0]
    day = today(floor.clock.at).isoformat()
    headers = floor.sign("hall_manager", *(each.code for each in floors))
    return await floor.client.get(path, params={"from": day, "to": day, **asked}, headers=headers)


async def lines(path: str, floors: list[Floor], **asked: str) -> dict[str, dict[str, Any]]:
    return {line["key"]: line for line in good(await ask(path, floors, **asked))["items"]}


async def test_a_line_a_hall_under_its_name_and_the_total_of_those_one_acts_for(
    floors: list[Floor],
) -> None:
    both = good(await ask(STATISTICS, floors))
    assert {line["key"]: line["served"] for line in both["items"]} == {
        floors[0].code: 2,
        floors[1].code: 1,
    }
    assert {line["name"] for line in both["items"]} == {"测试大厅"}
    assert (both["total"]["served"], both["total"]["wait_longest_minutes"]) == (3, 60.0)
    assert both["total"]["wait_p50_minutes"] == 20.0
    mine = good(await ask(STATISTICS, floors[:1]))
    assert (len(mine["items"]), mine["total"]["served"]) == (1, 2)
    one = good(await ask(STATISTICS, floors, hall=floors[1].code))
    assert ([line["key"] for line in one["items"]], one["total"]["served"]) == (
        [floors[1].code],
        1,
    )


async def test_lines_by_item_agency_day_and_month(floors: list[Floor]) -> None:
    items = await lines(STATISTICS, floors, by="item")
    code = floors[0].items[0]
    assert (items[code]["name"], items[code]["served"]) == (f"事项{code}", 2)
    agencies = await lines(STATISTICS, floors, by="agency")
    assert {key: line["served"] for key, line in agencies.items()} == {"D01": 2, "D07": 1}
    day = today(floors[0].clock.at).isoformat()
    for by, key in (("day", day), ("month", day[:7])):
        assert {k: v["served"] for k, v in (await lines(STATISTICS, floors, by=by)).items()} == {
            key: 3
        }
    hours = await lines(STATISTICS, floors, by="hour")
    assert sum(line["served"] for line in hours.values()) == 3


async def test_one_hall_has_lines_by_agency_and_month_too(floors: list[Floor]) -> None:
    day = today(floors[1].clock.at).isoformat()
    for by, key in (("agency", "D07"), ("month", day[:7])):
        params = {"from": day, "to": day, "by": by}
        found = good(await floors[1].get("statistics", params=params))
        assert [(line["key"], line["served"]) for line in found["items"]] == [(key, 1)]


async def test_the_spreadsheet_of_halls_says_the_same(floors: list[Floor]) -> None:
    answer = await ask(STATISTICS, floors, format="csv")
    table = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(line["名称"], line["办结"]) for line in table][-1] == ("", "3")
    assert {line["项目"] for line in table} == {*(each.code for each in floors), "合计"}


async def test_what_was_told_is_held_against_what_came_by_hall_and_hour(
    floors: list[Floor],
) -> None:
    """All were told 0 minutes, since a window was free; one waited none, one 60, one 20."""
    halls = await lines(ACCURACY, floors)
    first, second = halls[floors[0].code], halls[floors[1].code]
    assert (first["count"], first["mean_error_minutes"], first["covered_rate"]) == (2, 30.0, 0.5)
    assert (second["count"], second["mean_error_minutes"], second["covered_rate"]) == (1, 20.0, 0.0)
    total = good(await ask(ACCURACY, floors))["total"]
    assert (total["count"], total["mean_error_minutes"]) == (3, 26.7)
    hours = await lines(ACCURACY, floors, by="hour", hall=floors[1].code)
    assert sum(line["count"] for line in hours.values()) == 1
    assert all(key.endswith(":00") for key in hours)


async def test_who_was_never_called_proves_no_estimate(floors: list[Floor]) -> None:
    ticket = await floors[0].issue()
    floors[0].clock.pass_(minutes=3)
    await floors[0].done(ticket, "abandon")
    assert good(await ask(ACCURACY, floors))["total"]["count"] == 3


async def test_no_figures_are_null_and_other_halls_do_not_exist(floors: list[Floor]) -> None:
    later = (today(floors[0].clock.at) + timedelta(days=3)).isoformat()
    empty = good(await ask(ACCURACY, floors, **{"from": later, "to": later}))
    assert (empty["items"], empty["total"]["mean_error_minutes"]) == ([], None)
    for path in (STATISTICS, ACCURACY):
        problem(await ask(path, floors[:1], hall=floors[1].code), 404, "not-found")
        problem(await ask(path, floors, to="2020-01-01"), 422, "invalid-request")
        day = today(floors[0].clock.at)
        good(await ask(path, floors, **{"from": (day - timedelta(days=365)).isoformat()}))
        long = {"from": (day - timedelta(days=366)).isoformat()}
        problem(await ask(path, floors, **long), 422, "invalid-request")
        headers = floors[0].clerk()
        assert (await floors[0].client.get(path, headers=headers)).status_code == 403
