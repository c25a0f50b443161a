"""When a limit ends: 民法典 art. 201 and 203, the official calendar, pauses and extensions."""

from datetime import date

import pytest

from services.feedback.deadlines import rules
from services.feedback.deadlines.models import ClockState, Unit
from services.feedback.deadlines.rules import Extension, Pause
from shared.workdays import DueDate, in_office_hours, official
from tests.feedback.clock_helpers import clock
from tests.feedback.isolated_service import at

WD, CD = Unit.WORKING_DAY, Unit.CALENDAR_DAY


@pytest.mark.parametrize(
    ("base", "unit", "n", "due"),
    [
        ("2026-11-23", WD, 1, "2026-11-24"),
        ("2026-11-23", WD, 0, "2026-11-23"),
        ("2026-11-27", WD, 1, "2026-11-30"),  # over a weekend
        ("2026-11-28", WD, 1, "2026-11-30"),  # from a Saturday
        ("2026-02-13", WD, 1, "2026-02-14"),  # a Saturday at work
        ("2026-02-14", WD, 1, "2026-02-24"),  # over the Spring Festival
        ("2026-09-30", WD, 5, "2026-10-13"),  # National Day and a working Saturday
        ("2026-11-23", WD, 20, "2026-12-21"),
        ("2026-11-23", CD, 15, "2026-12-08"),
        ("2026-11-13", CD, 15, "2026-11-30"),  # would end on a Saturday
        ("2026-09-16", CD, 15, "2026-10-08"),  # would end on National Day
        ("2026-11-30", CD, 20, "2026-12-21"),  # would end on a Sunday
    ],
)
def test_a_limit_ends(base: str, unit: Unit, n: int, due: str) -> None:
    found = rules.due_date(date.fromisoformat(base), unit, n, official())
    assert found == DueDate(date.fromisoformat(due), provisional=False)


def test_the_last_day_ends_at_midnight_in_shanghai() -> None:
    assert DueDate(date(2026, 11, 24), False).at == at("2026-11-25 00:00")


@pytest.mark.parametrize(
    ("base", "unit", "n", "due"),
    [
        ("2026-12-31", WD, 1, "2027-01-01"),  # a Friday: surely a holiday, but not yet known
        ("2026-12-21", WD, 15, "2027-01-11"),
        ("2026-12-21", CD, 15, "2027-01-05"),
    ],
)
def test_without_the_years_notice_a_limit_is_provisional(
    base: str, unit: Unit, n: int, due: str
) -> None:
    found = rules.due_date(date.fromisoformat(base), unit, n, official())
    assert found == DueDate(date.fromisoformat(due), provisional=True)


def test_a_limit_within_the_known_year_is_certain_up_to_its_last_day() -> None:
    assert rules.due_date(date(2026, 12, 3), WD, 20, official()) == (date(2026, 12, 31), False)
    assert rules.due_date(date(2026, 12, 4), WD, 20, official()).provisional


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([], "2026-11-30"),
        ([("2026-11-24", "2026-11-24")], "2026-11-30"),  # asked and answered on one day
        ([("2026-11-24", "2026-11-26")], "2026-12-02"),
        ([("2026-11-27", "2026-11-30")], "2026-12-01"),  # a weekend costs nobody anything
        ([("2026-11-24", "2026-11-25"), ("2026-11-26", "2026-11-27")], "2026-12-02"),
    ],
)
def test_paused_working_days_are_added(pauses: list[tuple[str, str]], due: str) -> None:
    spans = [Pause(date.fromisoformat(a), date.fromisoformat(b)) for a, b in pauses]
    found = rules.due_date(date(2026, 11, 23), WD, 5, official(), pauses=spans)
    assert found.on == date.fromisoformat(due)


def test_an_extension_counts_in_the_units_of_the_limit() -> None:
    assert rules.due_date(date(2026, 11, 23), WD, 5, official(), extension_n=5).on == date(
        2026, 12, 7
    )
    assert rules.due_date(date(2026, 11, 23), CD, 60, official(), extension_n=5).provisional


@pytest.mark.parametrize(
    ("now", "open_"),
    [
        ("2026-11-23 08:29", False),
        ("2026-11-23 08:30", True),
        ("2026-11-23 17:29", True),
        ("2026-11-23 17:30", False),
        ("2026-11-28 10:00", False),  # Saturday
        ("2026-10-01 10:00", False),  # National Day
        ("2026-10-10 10:00", True),  # a Saturday at work
        ("2027-01-04 10:00", False),  # no notice for 2027: nobody is pressed on a guess
    ],
)
def test_office_hours(now: str, open_: bool) -> None:
    assert in_office_hours(at(now), official()) is open_


@pytest.mark.parametrize(
    ("today", "n", "day"),
    [
        ("2026-11-23", 1, "2026-11-23"),
        ("2026-11-23", 2, "2026-11-20"),
        ("2026-11-22", 1, "2026-11-20"),
        ("2026-10-08", 2, "2026-09-30"),
        ("2026-10-13", 6, "2026-09-30"),
    ],
)
def test_working_days_counted_back(today: str, n: int, day: str) -> None:
    found = rules.nth_workday_back(date.fromisoformat(today), n, official())
    assert found == date.fromisoformat(day)


@pytest.mark.parametrize("n", [1, 5, 10])
def test_counting_back_agrees_with_counting_forth(n: int) -> None:
    """Due before the n-th working day back: the same as n working days overdue."""
    calendar, today = official(), date(2026, 10, 20)
    bound = rules.nth_workday_back(today, n, calendar)
    for due in (date.fromordinal(today.toordinal() - i) for i in range(60)):
        assert (due < bound) == (calendar.count_between(due, today) >= n)


@pytest.mark.parametrize(
    ("state", "others", "now", "overdue"),
    [
        (ClockState.RUNNING, {}, "2026-11-30 23:59", False),
        (ClockState.RUNNING, {}, "2026-12-01 00:00", True),
        (ClockState.RUNNING, {"provisional": True}, "2026-12-01 00:00", False),
        (ClockState.PAUSED, {}, "2026-12-01 00:00", False),
        (ClockState.BREACHED, {}, "2026-12-01 00:00", True),
        (ClockState.CANCELLED, {}, "2026-12-09 00:00", False),
        (ClockState.MET, {"met_at": at("2026-11-30 23:59")}, "2027-01-01 00:00", False),
        (ClockState.MET, {"met_at": at("2026-12-01 00:00")}, "2027-01-01 00:00", True),
    ],
)
def test_overdue(state: ClockState, others: dict[str, object], now: str, overdue: bool) -> None:
    assert rules.is_overdue(clock(state=state, **others), at(now)) is overdue


@pytest.mark.parametrize(
    ("asked", "approver", "n", "problem"),
    [
        ("2026-11-30 23:59", "supervisor", 5, None),
        ("2026-12-01 00:00", "supervisor", 5, rules.ExtensionTooLate),
        ("2026-11-25 10:00", "officer", 5, rules.ExtensionByAsker),
        ("2026-11-25 10:00", "supervisor", 6, rules.ExtensionTooLong),
        ("2026-11-25 10:00", "supervisor", 0, rules.ExtensionTooLong),
    ],
)
def test_extensions(asked: str, approver: str, n: int, problem: type[Exception] | None) -> None:
    wanted = Extension(n, "会商", "officer", at(asked), approver)
    if problem is None:
        rules.ensure_extendable(clock(), wanted, limit=5)
    else:
        with pytest.raises(problem):
            rules.ensure_extendable(clock(), wanted, limit=5)


@pytest.mark.parametrize("state", [ClockState.BREACHED, ClockState.PAUSED])
def test_what_was_asked_for_in_time_is_extended_whenever_it_is_decided(state: ClockState) -> None:
    wanted = Extension(1, "会商", "officer", at("2026-11-25 10:00"), "supervisor")
    rules.ensure_extendable(clock(state=state), wanted, limit=5)
    late = wanted._replace(asked_at=at("2026-12-01 00:00"))
    with pytest.raises(rules.ExtensionTooLate):
        rules.ensure_extendable(clock(state=state), late, limit=5)
