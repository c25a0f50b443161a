"""Every figure over halls opens to the entries that it counts, as many as it says."""

from datetime import date
from typing import Any

import asyncpg
import pytest
from pydantic import BaseModel

from services.appointments.statistics import rules
from services.appointments.statistics.rows.schemas import TicketFigure
from services.appointments.statistics.schemas import WideGrouping
from shared.clock import today
from shared.security.identity import Caller
from tests.appointments.conftest import Build
from tests.appointments.hall_log import HallLog
from tests.appointments.queue_helpers import Floor, good, problem
from tests.appointments.test_statistics import one_visit
from tests.provoking import provokes

FIGURES = [figure for figure in TicketFigure if figure is not TicketFigure.STARTED]


@pytest.fixture
async def floor(hall: Build, owner: asyncpg.Connection) -> Floor:
    """A day with something of everything: called twice, sent on, undone, missed, given up."""
    made = await hall(windows=2, items=2)
    await made.open(0, 1)
    for outcome in ("done", "needs_more", "rejected", "done"):
        await one_visit(made, waits=3, served=4, outcome=outcome)
    returns = await made.issue()
    await made.call()
    await made.done(returns, "miss")
    await made.done(returns, "resume")
    await made.call()
    await made.done(returns, "serve")
    await made.done(returns, "park")
    await made.done(returns, "resume")
    await made.call()
    await made.done(returns, "serve")
    sent = await made.done(returns, "transfer", items=made.items[1:])
    await made.call()
    await made.done({"id": sent["next_ticket_id"]}, "serve")
    await made.done(await made.issue(), "abandon")
    undone = await made.issue()
    await made.call(1)
    await made.done(undone, "miss")
    await made.done(undone, "undo")
    await owner.execute("UPDATE item SET department_code = 'D07' WHERE code = $1", made.items[1])
    return made


async def ask(floor: Floor, path: str, **asked: Any) -> Any:
    day = today(floor.clock.at).isoformat()
    params = {"from": day, "to": day, "hall": floor.code, **asked}
    url = f"/api/v1/statistics{path}"
    return await floor.client.get(url, params=params, headers=floor.manager())


async def opened(floor: Floor, line: dict[str, Any], figure: TicketFigure) -> list[Any]:
    url = f"{line['ticket_rows']}&figure={figure}&limit=200"
    return list(good(await floor.client.get(url, headers=floor.manager()))["items"])


@pytest.mark.parametrize("by", WideGrouping)
async def test_a_figure_opens_to_as_many_tickets_as_it_says(floor: Floor, by: WideGrouping) -> None:
    found = good(await ask(floor, "", by=by))
    assert found["items"]
    for line in (*found["items"], found["total"]):
        for figure in FIGURES:
            assert len(await opened(floor, line, figure)) == line[figure], (line["key"], figure)


async def test_a_ticket_is_shown_by_names_with_what_was_missing_and_nothing_personal(
    floor: Floor,
) -> None:
    [row] = good(await ask(floor, "/tickets", figure="needs_more"))["items"]
    assert (row["hall_name"], row["item_name"]) == ("测试大厅", f"事项{floor.items[0]}")
    assert (row["missing"], row["outcome"]) == (["户口簿"], "needs_more")
    assert (row["waited_minutes"], row["served_minutes"]) == (3.0, 4.0)
    assert row["counted_on"] == today(floor.clock.at).isoformat()
    assert not row.keys() & {"owner", "citizen_key", "actor", "name", "phone"}


async def test_pages_follow_one_another_without_gaps(floor: Floor) -> None:
    whole = good(await ask(floor, "/tickets", figure="issued", limit=200))["items"]
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = good(await ask(floor, "/tickets", figure="issued", limit=2, **cursor))
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == whole


async def test_who_may_not_open_a_figure_sees_no_times_of_so_few(floor: Floor) -> None:
    day = today(floor.clock.at).isoformat()
    params = {"from": day, "to": day, "by": "item"}
    headers = floor.sign("supervisor", floor.code)
    shown = await floor.client.get("/api/v1/statistics", params=params, headers=headers)
    seen = good(shown)
    assert {line["key"]: line["wait_p50_minutes"] for line in seen["items"]} == dict.fromkeys(
        floor.items
    ), "the first has enough; but the total less the first is the second"
    assert seen["total"]["wait_p50_minutes"] is not None
    url = "/api/v1/statistics/tickets"
    refused = await floor.client.get(url, params={"from": day, "to": day}, headers=headers)
    problem(refused, 403, "forbidden")


class Line(BaseModel):
    """One of a table, with a mean over some people."""

    people: int
    mean: float | None = 1.0


@pytest.mark.parametrize(
    ("people", "shown"),
    [
        ([7, 5], [True, True]),
        ([7, 5, 0], [True, True, False]),
        ([9, 7, 4], [True, False, False]),
        ([9, 3, 2], [True, False, False]),
        ([9, 3, 1, 6], [True, False, False, False]),
        ([4, 0], [False, False]),
    ],
)
def test_the_total_less_what_is_shown_is_two_lines_and_five_people_or_nothing(
    people: list[int], shown: list[bool]
) -> None:
    lines = [Line(people=one) for one in people]
    boss, auditor = (Caller("x", frozenset({role})) for role in ("supervisor", "auditor"))
    seen = rules.all_shown_to(boss, lines, {"mean": ["people"]})
    assert [line.mean is not None for line in seen] == shown
    assert rules.all_shown_to(auditor, lines, {"mean": ["people"]}) == lines


@provokes("list_counted_tickets_of_halls", "invalid-request", "not-found")
async def test_tickets_of_other_halls_do_not_exist(hall: Build, owner: asyncpg.Connection) -> None:
    own, other = await hall(), await hall()
    await HallLog(owner, other.code).visit(date(2026, 5, 4), other.items[0])
    params = {"from": "2026-05-04", "to": "2026-05-04", "hall": other.code}
    url = "/api/v1/statistics/tickets"
    answer = await own.client.get(url, params=params, headers=own.manager())
    problem(answer, 404, "not-found")
    nowhere = await own.client.get(url, params={"by": "item"}, headers=own.manager())
    problem(nowhere, 422, "invalid-request")
    mine = await other.client.get(url, params=params, headers=other.manager())
    assert [row["hall_code"] for row in good(mine)["items"]] == [other.code]
