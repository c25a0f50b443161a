"""Every kind of clock on every boundary day, against a naive count of days one by one."""

from datetime import date

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.projects.calendar.clocks import ClockRule, as_data, from_data, words
from services.projects.calendar.models import CountedIn, Every, RuleKind
from services.projects.calendar.rules import EPOCH, due, due_on, stays_until
from shared.workdays import CalendarUnknown, Workdays, official
from tests.projects.naive_clock import (
    COUNTED,
    DAY,
    FIRST,
    LAST,
    LENGTH,
    around,
    calendars,
    naive_after,
    naive_due,
    rules,
)


@settings(max_examples=300)
@given(rule=rules(), calendar=calendars(), at=st.integers(0, LENGTH - 1))
def test_what_is_published_on_each_day_is_in_time_as_days_counted_one_by_one_say(
    rule: ClockRule, calendar: tuple[Workdays, set[date]], at: int
) -> None:
    counted, works = calendar
    formed_on = FIRST + at * DAY
    last = naive_due(rule, formed_on, works)
    end = due(rule, formed_on, counted)
    if last is None:
        known = end.due_ord is not None and end.basis == "working"
        assert end.due_ord is None or (known and end.due_ord > counted.ord_start(LAST))
        return
    assert end.due_ord is not None
    for day in around(last):
        number = (day - EPOCH).days if end.basis == "calendar" else counted.ord_end(day)
        assert (number <= end.due_ord) is (day <= last), day
    if last in works and last >= formed_on:
        assert due_on(rule, formed_on, counted) == last


@settings(max_examples=150)
@given(
    n=st.integers(1, 40),
    counted_in=COUNTED,
    rolls=st.booleans(),
    calendar=calendars(),
    at=st.integers(0, LENGTH - 1),
)
def test_a_time_to_stay_ends_as_days_counted_one_by_one_say(
    n: int,
    counted_in: CountedIn,
    rolls: bool,
    calendar: tuple[Workdays, set[date]],
    at: int,
) -> None:
    counted, works = calendar
    rule = ClockRule(RuleKind.MIN_DISPLAY, n, counted_in=counted_in, roll_forward=rolls)
    day = FIRST + at * DAY
    assert stays_until(rule, day, counted) == naive_after(rule, day, works)


@given(rule=rules())
def test_a_rule_is_read_as_it_was_stored_and_has_words(rule: ClockRule) -> None:
    assert from_data(as_data(rule)) == rule
    assert all(words(rule))


@pytest.mark.parametrize(
    ("rule", "formed_on", "last"),
    [
        # 民法典 art. 202: no such day in that month, so its last one.
        (ClockRule(RuleKind.MONTHS, 1, roll_forward=False), "2026-01-31", "2026-02-28"),
        (ClockRule(RuleKind.MONTHS, 1, roll_forward=False), "2024-01-31", "2024-02-29"),
        # art. 203: the Sunday of 2026-05-31 runs to Monday.
        (ClockRule(RuleKind.MONTHS, 3), "2026-02-28", "2026-05-28"),
        (ClockRule(RuleKind.MONTHS, 1), "2026-04-30", "2026-06-01"),
        (ClockRule(RuleKind.MONTHS, 12), "2025-01-15", "2026-01-15"),
        # The first quarter ends on a Tuesday; Qingming is off.
        (ClockRule(RuleKind.PERIOD, 10, every=Every.QUARTER), "2026-01-01", "2026-04-15"),
        (ClockRule(RuleKind.PERIOD, 10, every=Every.QUARTER), "2026-03-31", "2026-04-15"),
        (ClockRule(RuleKind.PERIOD, 10, every=Every.QUARTER), "2026-04-01", "2026-07-14"),
        (
            ClockRule(RuleKind.PERIOD, every=Every.YEAR, month_day="01-31"),
            "2025-06-01",
            "2026-01-31",
        ),
        (
            ClockRule(RuleKind.PERIOD, 1, every=Every.HALF_YEAR, counted_in=CountedIn.MONTHS),
            "2026-06-30",
            "2026-07-30",
        ),
        (ClockRule(RuleKind.SAME_TIME_AS), "2026-03-07", "2026-03-07"),
        (ClockRule(RuleKind.SAME_TIME_AS, 3), "2026-03-06", "2026-03-11"),
        (
            ClockRule(
                RuleKind.WORKING_DAYS, 20, stricter_of=(ClockRule(RuleKind.CALENDAR_DAYS, 20),)
            ),
            "2026-03-02",
            "2026-03-23",
        ),
        (
            ClockRule(
                RuleKind.WORKING_DAYS,
                20,
                stricter_of=(ClockRule(RuleKind.FIXED_DATE, month_day="03-15"),),
            ),
            "2026-03-02",
            "2026-03-15",
        ),
        # Three whole days after the first: the 13th, 14th and 15th, a Sunday.
        (ClockRule(RuleKind.MIN_DISPLAY, 3, roll_forward=False), "2026-03-12", "2026-03-15"),
        (ClockRule(RuleKind.MIN_DISPLAY, 3), "2026-03-12", "2026-03-16"),
        (
            ClockRule(RuleKind.MIN_DISPLAY, 5, counted_in=CountedIn.WORKING_DAYS),
            "2026-03-12",
            "2026-03-19",
        ),
        (
            ClockRule(RuleKind.KEEP_ONLINE, 36, counted_in=CountedIn.MONTHS, roll_forward=False),
            "2023-02-28",
            "2026-02-28",
        ),
    ],
)
def test_new_clocks_end_when_their_law_says(rule: ClockRule, formed_on: str, last: str) -> None:
    assert due_on(rule, date.fromisoformat(formed_on), official()) == date.fromisoformat(last)


def test_a_clock_that_ends_after_the_last_notice_is_not_known() -> None:
    rule = ClockRule(RuleKind.MIN_DISPLAY, 20, counted_in=CountedIn.WORKING_DAYS)
    with pytest.raises(CalendarUnknown):
        due_on(rule, date(2026, 12, 20), official())


@pytest.mark.parametrize(
    ("rule", "due", "keep_until"),
    [
        ({"kind": "months", "n": 1}, "2026-05-12", None),
        ({"kind": "period", "every": "quarter", "n": 10}, "2026-07-14", None),
        ({"kind": "min_display", "n": 3}, "2026-04-15", "2026-04-15"),
        ({"kind": "same_time_as"}, "2026-04-12", None),
        (
            {"kind": "working_days", "n": 7, "keep": {"kind": "keep_online", "n": 10}},
            "2026-04-21",
            "2026-04-22",
        ),
        (
            {
                "kind": "working_days",
                "n": 20,
                "stricter_of": [{"kind": "calendar_days", "n": 20}],
            },
            "2026-05-06",
            None,
        ),
    ],
)
async def test_the_calculator_knows_every_kind(
    projects: httpx.AsyncClient, rule: dict[str, object], due: str, keep_until: str | None
) -> None:
    body = {"formed_on": "2026-04-12", "rule": rule}
    answer = (await projects.post("/api/v1/clock/preview", json=body)).json()
    assert (answer["due_on"], answer["keep_until"]) == (due, keep_until)
    assert answer["clock"]["zh"]


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"kind": "months"}, "/body/rule/n"),
        ({"kind": "period", "n": 3}, "/body/rule/every"),
        ({"kind": "period", "every": "year"}, "/body/rule/n"),
        ({"kind": "min_display"}, "/body/rule/n"),
        (
            {"kind": "min_display", "n": 3, "keep": {"kind": "min_display", "n": 3}},
            "/body/rule/keep",
        ),
        (
            {"kind": "realtime", "stricter_of": [{"kind": "min_display", "n": 3}]},
            "/body/rule/stricter_of/0/kind",
        ),
    ],
)
async def test_the_calculator_says_what_a_clock_needs(
    projects: httpx.AsyncClient, rule: dict[str, object], pointer: str
) -> None:
    body = {"formed_on": "2026-04-12", "rule": rule}
    answer = await projects.post("/api/v1/clock/preview", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
