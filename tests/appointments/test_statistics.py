"""Figures: what the log says, what the tables say and what is told are the same."""

import csv
import io
from collections import Counter
from random import Random
from statistics import median
from typing import Any

import asyncpg
import pytest

from services.appointments.queueing.models import TicketState
from services.appointments.queueing.workflow import ROWS, Action
from shared.clock import today
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.appointments.test_queueing_booking import booked
from tests.provoking import provokes

S, A = TicketState, Action


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=3, items=2)
    await made.open(0, 1, 2)
    return made


async def figures(floor: Floor, **asked: str) -> dict[str, Any]:
    day = today(floor.clock.at).isoformat()
    return good(await floor.get("statistics", params={"from": day, "to": day, **asked}))


async def one_visit(floor: Floor, *, waits: int, served: int, outcome: str, place: int = 0) -> None:
    ticket = await floor.issue()
    floor.clock.pass_(minutes=waits)
    await floor.call(place)
    await floor.done(ticket, "serve")
    floor.clock.pass_(minutes=served)
    missing = ["户口簿"] if outcome == "needs_more" else []
    await floor.done(ticket, "finish", outcome=outcome, missing=missing)


async def test_waits_service_times_and_one_visit_completion(floor: Floor) -> None:
    for waits, served, outcome in ((10, 5, "done"), (20, 9, "needs_more"), (60, 7, "done")):
        await one_visit(floor, waits=waits, served=served, outcome=outcome)
    total = (await figures(floor))["total"]
    assert (total["issued"], total["called"], total["served"]) == (3, 3, 3)
    assert (total["done"], total["needs_more"], total["rejected"]) == (2, 1, 0)
    assert (total["wait_p50_minutes"], total["wait_longest_minutes"]) == (20.0, 60.0)
    assert (total["service_p50_minutes"], total["service_mean_minutes"]) == (7.0, 7.0)
    assert total["one_visit_rate"] == pytest.approx(2 / 3, abs=1e-4)


async def test_nothing_measured_is_null_and_not_zero(floor: Floor) -> None:
    total = (await figures(floor))["total"]
    assert (total["issued"], total["wait_p50_minutes"], total["one_visit_rate"]) == (0, None, None)


async def test_what_was_undone_does_not_count(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "miss")
    await floor.done(ticket, "undo")
    await floor.done(ticket, "serve")
    total = (await figures(floor))["total"]
    assert (total["called"], total["missed"]) == (1, 0)


async def test_service_is_no_waiting_and_a_leg_waits_from_its_transfer(floor: Floor) -> None:
    """Called at once, served 66 s, sent on and called at once again: nobody waited."""
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    floor.clock.pass_(seconds=66)
    sent = await floor.done(ticket, "transfer", items=floor.items[1:])
    again = await floor.call()
    assert again["id"] == sent["next_ticket_id"]
    total = (await figures(floor))["total"]
    assert (total["wait_longest_minutes"], total["wait_p90_minutes"]) == (0.0, 0.0)
    assert total["service_p50_minutes"] == 1.1
    assert (total["issued"], total["called"], total["transferred"]) == (1, 1, 1)


async def test_recalls_misses_and_parks_add_no_wait_and_calls_of_one_count_once(
    floor: Floor,
) -> None:
    ticket = await floor.issue()
    floor.clock.pass_(minutes=2)
    await floor.call()
    floor.clock.pass_(minutes=10)
    await floor.done(ticket, "recall")
    await floor.done(ticket, "miss")
    floor.clock.pass_(minutes=10)
    await floor.done(ticket, "resume")
    floor.clock.pass_(minutes=7)
    await floor.call(1)
    await floor.done(ticket, "serve")
    floor.clock.pass_(minutes=3)
    await floor.done(ticket, "park")
    floor.clock.pass_(minutes=30)
    await floor.done(ticket, "resume")
    await floor.call(2)
    total = (await figures(floor))["total"]
    assert [total[f"wait_{which}_minutes"] for which in ("p50", "p90", "longest")] == [2.0] * 3
    assert total["called"] == 1


async def test_an_undone_call_ends_no_wait(floor: Floor) -> None:
    ticket = await floor.issue()
    floor.clock.pass_(minutes=4)
    await floor.call()
    await floor.done(ticket, "undo")
    floor.clock.pass_(minutes=5)
    await floor.call()
    total = (await figures(floor))["total"]
    assert (total["wait_p50_minutes"], total["wait_longest_minutes"]) == (9.0, 9.0)


async def test_who_is_early_for_an_appointment_waits_from_its_time(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor, in_minutes=30)
    await floor.issue(appointment_code=code)
    floor.clock.pass_(minutes=37)
    await floor.call()
    assert (await figures(floor))["total"]["wait_longest_minutes"] == 7.0


async def test_zero_minutes_hold_for_who_is_called_within_the_minute(floor: Floor) -> None:
    ticket = await floor.issue()
    assert ticket["estimate"]["p85_minutes"] == 0
    floor.clock.pass_(milliseconds=700)
    await floor.call()
    quality = (await figures(floor))["estimates"]
    assert (quality["count"], quality["covered_rate"]) == (1, 1.0)


async def test_lines_by_window_clerk_item_hour_and_day(floor: Floor) -> None:
    await one_visit(floor, waits=5, served=5, outcome="done", place=0)
    await one_visit(floor, waits=5, served=5, outcome="done", place=2)
    day = today(floor.clock.at).isoformat()

    async def keys(by: str) -> list[str]:
        return [line["key"] for line in (await figures(floor, by=by))["items"]]

    assert await keys("window") == ["1", "3"]
    assert await keys("clerk") == ["clerk-1"]
    assert await keys("item") == [floor.items[0]]
    assert await keys("day") == [day]
    assert all(key.endswith(":00") for key in await keys("hour"))
    assert await keys("hall") == [floor.code]


async def test_the_spreadsheet_says_the_same(floor: Floor) -> None:
    await one_visit(floor, waits=5, served=5, outcome="done")
    day = today(floor.clock.at).isoformat()
    params = {"from": day, "to": day, "by": "window", "format": "csv"}
    answer = await floor.get("statistics", params=params)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(line["项目"], line["办结"]) for line in lines] == [("1", "1"), ("合计", "1")]
    headers = {**floor.manager(), "Accept-Language": "en"}
    for path, served in (("statistics", "Served"), ("utilisation", "Services begun")):
        answer = await floor.get(path, params=params, headers=headers)
        assert answer.headers["content-language"] == "en"
        assert "Accept-Language" in answer.headers["vary"]
        lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        ends = [(line["Line"], line[served]) for line in (lines[0], lines[-1])]
        assert ends == [("1", "1"), ("Total", "1")]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"from": "2026-11-24", "to": "2026-11-23"}, "/query/to"),
        ({"from": "2024-01-01", "to": "2026-11-23"}, "/query/from"),
        ({"from": "2026-02-30"}, "/query/from"),
        ({"from": "0001-01-01"}, "/query/from"),
        ({"to": "9999-12-31"}, "/query/to"),
        ({"by": "mood"}, "/query/by"),
        ({"format": "pdf"}, "/query/format"),
    ],
)
async def test_a_wrong_question_is_named(
    floor: Floor, params: dict[str, str], pointer: str
) -> None:
    answer = problem(await floor.get("statistics", params=params), 422, "invalid-request")
    assert answer["errors"][0]["pointer"] == pointer


async def test_estimates_are_held_against_what_came(floor: Floor) -> None:
    await one_visit(floor, waits=0, served=5, outcome="done")
    await one_visit(floor, waits=90, served=5, outcome="done")
    quality = (await figures(floor))["estimates"]
    assert (quality["count"], quality["covered_rate"]) == (2, 0.5)
    assert quality["mean_error_minutes"] == 45.0


@provokes("abandon_ticket", "state-conflict")
@provokes("finish_ticket", "state-conflict")
@provokes("miss_ticket", "state-conflict")
@provokes("park_ticket", "state-conflict")
@provokes("recall_ticket", "state-conflict")
@provokes("resume_ticket", "state-conflict")
@provokes("transfer_ticket", "state-conflict")
async def test_live_figures_are_those_recomputed_from_the_log(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    """A random day, folded from its log: states, counts and waits as the tables have them."""
    await _random_day(floor, Random(floor.code))
    await _refused_day(floor)
    log = await owner.fetch(
        "SELECT * FROM ticket_event WHERE hall_code = $1 ORDER BY hall_seq", floor.code
    )
    undone = {entry["undoes"] for entry in log}
    happened = [e for e in log if e["hall_seq"] not in undone and e["action"] != "undo"]
    rows = await owner.fetch("SELECT id, state FROM ticket WHERE hall_code = $1", floor.code)
    assert _folded(log) == {row["id"]: row["state"] for row in rows}
    total, counts = (await figures(floor))["total"], Counter(e["action"] for e in happened)
    names = {"issue": "issued", "finish": "served", "miss": "missed"}
    names |= {"abandon": "abandoned", "park": "parked", "transfer": "transferred"}
    assert {action: total[name] for action, name in names.items()} == {
        action: counts[action] for action in names
    }
    waits = _waits(happened)
    # Waits are kept by the tenth of a minute, and what lies between two is rounded once more.
    assert total["wait_p50_minutes"] == pytest.approx(median(waits), abs=0.1001)
    assert total["wait_longest_minutes"] == pytest.approx(max(waits), abs=0.06)
    live = await owner.fetchval(
        "SELECT count(DISTINCT t.visit_id) FROM call c JOIN ticket t ON t.id = c.ticket_id"
        " WHERE c.hall_code = $1 AND c.ended_by IS DISTINCT FROM 'undo'",
        floor.code,
    )
    assert total["called"] == live


def _waits(happened: list[asyncpg.Record]) -> list[float]:
    """Minutes from the beginning of each leg to its first call."""
    began: dict[Any, Any] = {}
    waits: dict[Any, float] = {}
    for entry in happened:
        ticket, at = entry["ticket_id"], entry["at"]
        began.setdefault(ticket, at)
        if entry["action"] == "call":
            waits.setdefault(ticket, (at - began[ticket]).total_seconds() / 60)
    return list(waits.values())


def _folded(log: list[asyncpg.Record]) -> dict[Any, str]:
    """Each ticket's state, replayed through the table."""
    rows = {(row.state, row.action): row.to for row in ROWS}
    states: dict[Any, str] = {}
    for entry in log:
        ticket, action = entry["ticket_id"], entry["action"]
        if action in ("issue", "continue"):
            assert ticket not in states
        else:
            assert states[ticket] == entry["from_state"]
            after = rows[TicketState(entry["from_state"]), Action(action)]
            assert after in (None, entry["to_state"])
        states[ticket] = entry["to_state"]
    return states


async def _refused_day(floor: Floor) -> None:
    """What a state forbids, each action once: chance need not have tried it."""
    ticket = await floor.issue()
    for action in ("recall", "miss", "park", "resume", "finish", "transfer"):
        body: dict[str, Any] = {"finish": {"outcome": "done"}}.get(action, {})
        if action == "transfer":
            body = {"items": floor.items[1:]}
        problem(await floor.do(ticket, action, **body), 409, "state-conflict")
    await floor.done(ticket, "abandon")
    problem(await floor.do(ticket, "abandon"), 409, "state-conflict")


async def _random_day(floor: Floor, rng: Random) -> None:
    """Whatever people do: every action is tried, and what the state forbids is refused."""
    tickets: list[dict[str, Any]] = []
    for _ in range(120):
        floor.clock.pass_(seconds=rng.choice((5, 20, 70)))
        step = rng.choice(("issue", "call", "call", "act", "act", "act"))
        if step == "issue" or not tickets:
            tickets.append(await floor.issue(items=[rng.choice(floor.items)]))
        elif step == "call":
            await floor.window("call-next", rng.randrange(3))
        else:
            action = rng.choice(("recall", "miss", "serve", "serve", "finish", "park"))
            action = rng.choice((action, action, "resume", "transfer", "undo", "abandon"))
            body: dict[str, Any] = {"finish": {"outcome": "done"}}.get(action, {})
            if action == "transfer":
                body = {"items": [rng.choice(floor.items)]}
            answer = await floor.do(rng.choice(tickets), action, **body)
            assert answer.status_code in (200, 409), answer.text
            if next_leg := answer.json().get("next_ticket_id"):
                tickets.append({"id": next_leg})
