"""One-visit figures: what is known, out of what, and what nobody knows."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from services.appointments.guides.models import CaseKind, LimitUnit, OnlineDepth
from services.appointments.one_visit import rules
from services.appointments.one_visit.rules import OfferedItem
from services.appointments.one_visit.schemas import DEFINITIONS, VisitFigures
from tests.appointments.conftest import Build
from tests.appointments.hall_log import HallLog
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes

W, D, H = LimitUnit.WORKDAYS, LimitUnit.DAYS, LimitUnit.HOURS
MAY = {"from": "2026-05-01", "to": "2026-05-31"}


def offered(code: str = "I", **terms: Any) -> OfferedItem:
    known: dict[str, Any] = {
        "name": code,
        "department_code": "D01",
        "department_name": None,
        "visits_needed": 1,
        "visits_reason": "",
        "online_depth": OnlineDepth.NONE,
        "case_kind": CaseKind.INSTANT,
        **dict.fromkeys(("legal_limit", "legal_limit_unit")),
        **dict.fromkeys(("promised_limit", "promised_limit_unit")),
        "valid_from": date(2018, 1, 1),
        "valid_to": None,
        "halls": frozenset({"H"}),
    }
    return OfferedItem(code=code, **{**known, **terms})


def limits(legal: int | None, of: LimitUnit | None, promised: int | None, in_: Any) -> OfferedItem:
    return offered(
        legal_limit=legal, legal_limit_unit=of, promised_limit=promised, promised_limit_unit=in_
    )


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (limits(20, W, 5, W), 0.75),
        (limits(60, D, 60, D), 0.0),
        (limits(20, W, 0, W), 1.0),
        (limits(20, W, 5, D), None),
        (limits(1, D, 24, H), None),
        (limits(None, None, 5, W), None),
        (limits(20, W, None, None), None),
        (limits(0, W, 0, W), None),
    ],
)
def test_limits_are_compared_in_one_unit_only_and_else_unknown(
    item: OfferedItem, expected: float | None
) -> None:
    assert rules.compression_of(item) == expected
    assert (rules.not_comparable(item) is None) is (expected is not None)


def test_compression_adds_up_each_unit_by_itself() -> None:
    items = [limits(20, W, 5, W), limits(10, W, 10, W), limits(30, D, 15, D), limits(5, W, 5, D)]
    found = {one.unit: (one.rate, one.items) for one in rules.compression(items)}
    assert found == {W: (0.5, 2), D: (0.5, 1)}
    assert rules.compression([offered()]) == []


def test_shares_of_items_say_how_many_out_of_how_many() -> None:
    items = [
        offered(visits_needed=0, online_depth=OnlineDepth.END_TO_END),
        offered(visits_needed=1, online_depth=OnlineDepth.ACCEPTANCE),
        offered(visits_needed=2, case_kind=CaseKind.PROMISED),
        offered(online_depth=OnlineDepth.APPLICATION),
    ]
    assert (rules.one_visit(items).count, rules.one_visit(items).of) == (3, 4)
    assert (rules.online(items).rate, rules.end_to_end(items).rate) == (0.5, 0.25)
    assert rules.instant(items).rate == 0.75
    assert rules.one_visit([]).rate is None


def test_without_an_outcome_nothing_is_known_of_the_visit() -> None:
    found = rules.first_visit(finished=10, done=4, needs_more=3, rejected=1)
    assert (found.rate, found.count, found.of, found.coverage) == (0.5, 4, 8, 0.8)
    assert rules.first_visit(0, 0, 0, 0).coverage is None


def test_every_figure_of_the_table_is_defined_under_it() -> None:
    figures = {"first_visit", "one_visit", "online", "end_to_end", "instant", "compression"}
    assert set(DEFINITIONS) == figures
    assert figures <= set(VisitFigures.model_fields)


@pytest.fixture
async def floor(hall: Build, owner: asyncpg.Connection) -> Floor:
    """Of the first item five visits in May, one of them without an outcome; of the second none."""
    made = await hall(items=2)
    log = HallLog(owner, made.code)
    outcomes = ("done", "done", "needs_more", "rejected", None)
    for day, outcome in enumerate(outcomes, 4):
        await log.visit(date(2026, 5, day), made.items[0], outcome)
    await owner.execute(
        "UPDATE item SET department_code = 'D07', case_kind = 'promised', visits_needed = 2,"
        " online_depth = 'iii', legal_limit = 20, legal_limit_unit = 'workdays',"
        " promised_limit = 5, promised_limit_unit = 'workdays', valid_from = '2026-05-20'"
        " WHERE code = $1",
        made.items[1],
    )
    return made


async def ask(floor: Floor, path: str = "", **asked: str) -> Any:
    params = {**MAY, "hall": floor.code, **asked}
    url = f"/api/v1/statistics/one-visit{path}"
    return await floor.client.get(url, params=params, headers=floor.manager())


async def test_the_figures_of_a_hall_with_their_definitions(floor: Floor) -> None:
    found = good(await ask(floor))
    [line] = found["lines"]
    assert (line["name"], line["finished"], line["items"]) == ("测试大厅", 5, 2)
    assert line["first_visit"] == {"rate": 0.5, "count": 2, "of": 4, "coverage": 0.8}
    assert line["one_visit"]["rate"] == line["online"]["rate"] == line["instant"]["rate"] == 0.5
    [compression] = line["compression"]
    assert (compression["unit"], compression["rate"], compression["items"]) == ("workdays", 0.75, 1)
    assert line["compression_unknown"] == 1
    assert {one["figure"] for one in found["definitions"]} == set(DEFINITIONS)
    assert found["total"] | {"key": 0, "name": 0, "tickets": 0} == line | {
        "key": 0,
        "name": 0,
        "tickets": 0,
    }


async def test_lines_by_item_and_agency_are_there_though_nobody_came(floor: Floor) -> None:
    for by, keys in (("item", floor.items), ("agency", ["D01", "D07"])):
        lines = {line["key"]: line for line in good(await ask(floor, by=by))["lines"]}
        assert list(lines) == keys
        assert [line["finished"] for line in lines.values()] == [5, 0]
        assert lines[keys[1]]["first_visit"]["rate"] is None
        assert lines[keys[1]]["one_visit"]["rate"] == 0.0


async def test_a_month_counts_the_items_that_were_offered_in_it(floor: Floor) -> None:
    asked = {"from": "2026-04-01", "by": "month"}
    lines = {line["key"]: line for line in good(await ask(floor, **asked))["lines"]}
    assert {key: (line["items"], line["finished"]) for key, line in lines.items()} == {
        "2026-04": (1, 0),
        "2026-05": (2, 5),
    }


async def test_a_line_opens_to_its_tickets(floor: Floor) -> None:
    for by in ("hall", "item", "agency", "month"):
        for line in good(await ask(floor, by=by))["lines"]:
            answer = await floor.client.get(line["tickets"], headers=floor.manager())
            assert len(good(answer)["items"]) == line["finished"]


async def test_who_may_not_open_the_tickets_sees_no_rate_of_so_few(floor: Floor) -> None:
    params = {**MAY, "hall": floor.code}
    url, headers = "/api/v1/statistics/one-visit", floor.sign("supervisor", floor.code)
    found = good(await floor.client.get(url, params=params, headers=headers))
    assert found["total"]["first_visit"] == {"rate": None, "count": 2, "of": 4, "coverage": 0.8}
    assert found["total"]["one_visit"]["rate"] == 0.5


async def test_items_say_why_their_limits_do_not_compare(floor: Floor) -> None:
    first, second = good(await ask(floor, "/items"))["items"]
    assert (first["compression"], first["not_comparable"]) == (None, "没有登记法定时限")
    assert (second["compression"], second["not_comparable"]) == (0.75, None)
    only = good(await ask(floor, "/items", department="D07"))["items"]
    assert [one["item_code"] for one in only] == floor.items[1:]


@provokes("get_one_visit_figures", "not-found")
@provokes("list_one_visit_items", "not-found")
async def test_figures_of_other_halls_do_not_exist(floor: Floor, hall: Build) -> None:
    other = await hall()
    for path in ("", "/items"):
        problem(await ask(floor, path, hall=other.code), 404, "not-found")


async def test_every_finished_ticket_says_whether_it_was_done(
    hall: Build, owner: asyncpg.Connection
) -> None:
    """By the window: there is no way to finish without an outcome."""
    made = await hall()
    await made.open()
    ticket = await made.issue()
    await made.call()
    await made.done(ticket, "serve")
    problem(await made.do(ticket, "finish"), 422, "invalid-request")
    await made.done(ticket, "finish", outcome="done")
    found = await owner.fetch(
        "SELECT outcome FROM ticket_event WHERE hall_code = $1 AND action = 'finish'", made.code
    )
    assert [row["outcome"] for row in found] == ["done"]
