"""The working-day clock: the handbook's vectors by the pure rule and through the API."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx
import pytest

from services.projects.calendar.clocks import ClockRule
from services.projects.calendar.models import RuleKind
from services.projects.calendar.rules import due, due_on
from shared.workdays import CalendarUnknown, official
from tests.paging import walked
from tests.provoking import provokes

Headers = Callable[..., dict[str, str]]

_FILE = Path(__file__).parent / "working_day_vectors.csv"
VECTORS = list(csv.DictReader(_FILE.read_text().splitlines()))
UNKNOWN = [("2026-12-04", 20), ("2026-12-23", 7)]


def working_days(n: int) -> ClockRule:
    return ClockRule(RuleKind.WORKING_DAYS, n)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["formed_on"])
def test_counts_working_days_by_the_notices(vector: dict[str, str]) -> None:
    formed_on, n = date.fromisoformat(vector["formed_on"]), int(vector["working_days"])
    assert due_on(working_days(n), formed_on, official()).isoformat() == vector["due_on"]


@pytest.mark.parametrize(("formed_on", "n"), UNKNOWN)
def test_never_guesses_a_year_without_its_notice(formed_on: str, n: int) -> None:
    with pytest.raises(CalendarUnknown):
        due_on(working_days(n), date.fromisoformat(formed_on), official())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["formed_on"])
def test_in_time_is_a_comparison_of_ordinals(vector: dict[str, str]) -> None:
    calendar, formed_on = official(), date.fromisoformat(vector["formed_on"])
    last = date.fromisoformat(vector["due_on"])
    end = due(working_days(int(vector["working_days"])), formed_on, calendar).due_ord
    assert end is not None
    assert calendar.ord_end(last) <= end
    if last != calendar.last_day:
        assert calendar.ord_end(date.fromordinal(last.toordinal() + 1)) > end


@pytest.mark.parametrize(
    ("rule", "formed_on", "expected"),
    [
        (ClockRule(RuleKind.CALENDAR_DAYS, 20), "2026-03-02", "2026-03-23"),
        (ClockRule(RuleKind.CALENDAR_DAYS, 20), "2026-09-11", "2026-10-08"),
        (ClockRule(RuleKind.CALENDAR_DAYS, 20, roll_forward=False), "2026-09-11", "2026-10-01"),
        (ClockRule(RuleKind.CALENDAR_DAYS, 3), "2026-02-11", "2026-02-14"),
        (ClockRule(RuleKind.CALENDAR_DAYS, 3), "2026-02-12", "2026-02-24"),
        (ClockRule(RuleKind.REALTIME), "2026-10-01", "2026-10-08"),
        (ClockRule(RuleKind.REALTIME), "2026-09-20", "2026-09-20"),
        (ClockRule(RuleKind.PROMPTLY, 20), "2026-01-30", "2026-03-05"),
        (ClockRule(RuleKind.FIXED_DATE, month_day="01-31"), "2025-12-31", "2026-01-31"),
        (ClockRule(RuleKind.FIXED_DATE, month_day="01-31"), "2026-02-01", "2027-01-31"),
        (ClockRule(RuleKind.FIXED_DATE, month_day="02-29"), "2026-01-05", "2026-02-28"),
    ],
)
def test_other_clocks_end_when_their_law_says(
    rule: ClockRule, formed_on: str, expected: str
) -> None:
    found = due_on(rule, date.fromisoformat(formed_on), official())
    assert found.isoformat() == expected


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["formed_on"])
async def test_the_calculator_gives_the_same_day(
    projects: httpx.AsyncClient, vector: dict[str, str]
) -> None:
    n = int(vector["working_days"])
    body = {"formed_on": vector["formed_on"], "rule": {"kind": "working_days", "n": n}}
    answer = (await projects.post("/api/v1/clock/preview", json=body)).json()
    assert answer["due_on"] == vector["due_on"]
    assert sum(day["counted"] for day in answer["days"]) == n
    assert answer["days"][0] | {"notice": ""} == {
        "date": vector["formed_on"],
        "kind": "start",
        "counted": False,
        "notice": "",
    }
    assert all(day["notice"] for day in answer["days"])


@pytest.mark.parametrize(("formed_on", "n"), UNKNOWN)
async def test_the_calculator_says_calendar_unknown(
    projects: httpx.AsyncClient, formed_on: str, n: int
) -> None:
    body = {"formed_on": formed_on, "rule": {"kind": "working_days", "n": n}}
    answer = await projects.post("/api/v1/clock/preview", json=body)
    assert answer.status_code == 200
    assert answer.json()["due_on"] is None
    assert answer.json()["verdict"] == "calendar_unknown"


@pytest.mark.parametrize(
    "body",
    [
        {"formed_on": "2026-02-30", "rule": {"kind": "working_days", "n": 20}},
        {"formed_on": "2026-02-03", "rule": {"kind": "working_days", "n": -1}},
        {"formed_on": "2026-02-03", "rule": {"kind": "none"}},
        {"formed_on": "2026-02-03", "rule": {"kind": "working_days"}},
        {"formed_on": "2026-02-03", "rule": {"kind": "fixed_date"}},
        {"formed_on": "2026-02-03", "rule": {"kind": "working_days", "n": 20}, "colour": "red"},
        {"formed_on": "2026-02-03", "rule": {"kind": "fixed_date", "month_day": "13-01"}},
    ],
)
async def test_the_calculator_refuses_what_is_no_clock(
    projects: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await projects.post("/api/v1/clock/preview", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"].startswith("/body/")


async def test_a_year_is_read_with_its_notice(projects: httpx.AsyncClient) -> None:
    year = (await projects.get("/api/v1/calendar", params={"year": 2026})).json()
    assert year["status"] == "loaded"
    assert sum(day["is_workday"] for day in year["days"]) == 248
    assert year["versions"][0]["working_weekends"] == [
        *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")
    ]
    assert (await projects.get("/api/v1/calendar", params={"year": 2030})).json()["status"] == (
        "calendar_unknown"
    )


FIVE_DAYS = {"formed_on": "2026-04-15", "rule": {"kind": "working_days", "n": 5}}


@provokes("add_calendar_version", "unknown-region")
@provokes("preview_clock", "unknown-region")
@provokes("read_calendar", "unknown-region")
async def test_an_unknown_region_is_refused_and_the_known_ones_are_named(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    notice = {"year": 2026, "notice": "某地放假通知", "rest_days": [], "working_weekends": []}
    answers = {
        "/body/region": [
            await projects.post("/api/v1/clock/preview", json=FIVE_DAYS | {"region": "CN-99"}),
            await projects.post(
                "/api/v1/calendar/versions",
                json=notice | {"region": "CN-99"},
                headers=as_("admin"),
            ),
        ],
        "/query/region": [await projects.get("/api/v1/calendar", params={"region": "CN-99"})],
    }
    for pointer, refused in answers.items():
        for answer in refused:
            problem = answer.json()
            assert answer.status_code == 422
            assert problem["type"] == "/problems/unknown-region"
            assert problem["errors"][0]["pointer"] == pointer
            assert {"code": "CN-45", "name": "广西壮族自治区"} in problem["known"]


@provokes("add_region", "region-registered")
async def test_a_region_without_its_own_notice_keeps_the_nations_days_and_says_so(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    nation = (await projects.post("/api/v1/clock/preview", json=FIVE_DAYS)).json()
    assert (nation["region"], nation["calendar"], nation["note"]) == ("CN", "CN", None)
    path = "/api/v1/calendar/regions/CN-3509"
    named = {"name": "宁川市", "name_en": "Ningchuan"}
    for status in (201, 200):
        added = await projects.put(path, json=named, headers=as_("admin"))
        assert (added.status_code, added.json()["calendar"]) == (status, "CN")
    other = await projects.put(path, json=named | {"name": "别的市"}, headers=as_("admin"))
    assert (other.status_code, other.json()["name"]) == (409, "宁川市")
    body = FIVE_DAYS | {"region": "CN-3509"}
    found = (await projects.post("/api/v1/clock/preview", json=body)).json()
    assert (found["region"], found["calendar"]) == ("CN-3509", "CN")
    assert "全国日历" in found["note"]["zh"]
    assert "national calendar" in found["note"]["en"]
    assert (found["due_on"], found["days"]) == (nation["due_on"], nation["days"])
    year = await projects.get("/api/v1/calendar", params={"region": "CN-3509", "year": 2026})
    assert (year.json()["status"], year.json()["calendar"]) == ("loaded", "CN")
    assert len(year.json()["days"]) == 365
    listed = await walked(projects, "/api/v1/calendar/regions", limit=9)
    assert listed == await walked(projects, "/api/v1/calendar/regions", limit=200)
    assert {"CN", "CN-45", "CN-3509"} <= {region["code"] for region in listed}
