"""A clock as its policy starts it, as a new calendar moves it, and as it is kept or extended."""

from datetime import UTC, date, timedelta
from typing import Any

import pytest

from services.feedback.calendar.models import Calendar
from services.feedback.deadlines import rules, workflow
from services.feedback.deadlines.models import (
    ClockState,
    DeadlinePolicy,
    PolicyKind,
    SubjectKind,
    Unit,
)
from services.feedback.deadlines.rules import Beginning, Extension, Pause
from services.feedback.deadlines.workflow import CLOCKS, ClockAction
from shared.ids import new_id
from shared.workdays import DueDate, Workdays, in_office_hours, official
from tests.feedback.clock_helpers import clock
from tests.feedback.isolated_service import at

WD, CD = Unit.WORKING_DAY, Unit.CALENDAR_DAY
CALENDAR = Calendar(7, "a notice", official())
REST = Calendar(8, "the 25th is a rest day", official().with_days([(date(2026, 11, 25), False)]))


@pytest.mark.parametrize(
    ("unit", "n", "base", "due", "provisional"),
    [
        (WD, 5, date(2026, 11, 23), date(2026, 11, 30), False),
        (CD, 15, date(2026, 11, 13), date(2026, 11, 30), False),
        (WD, 15, date(2026, 12, 21), date(2027, 1, 11), True),
    ],
)
def test_a_clock_starts_as_the_policy_says(
    unit: Unit, n: int, base: date, due: date, provisional: bool
) -> None:
    policy = DeadlinePolicy(
        kind=PolicyKind.REPLY_CONSULTATION,
        unit=unit,
        n=n,
        legal_source="条例",
        valid_from=date(2026, 1, 1),
    )
    began, letter = Beginning(at("2026-11-23 10:00"), base, "500000"), new_id()
    started = rules.new_clock(policy, SubjectKind.LETTER, letter, "D01", CALENDAR, began)
    expected = {
        "subject_kind": SubjectKind.LETTER,
        "subject_id": letter,
        "kind": PolicyKind.REPLY_CONSULTATION,
        "department_code": "D01",
        "region": "500000",
        "policy_id": policy.id,
        "unit": unit,
        "n": n,
        "base_on": base,
        "due_on": due,
        "due_at": DueDate(due, provisional).at,
        "provisional": provisional,
        "calendar_edition": 7,
        "original_due_on": due,
        "started_at": at("2026-11-23 10:00"),
    }
    assert started.model_dump(include=set(expected)) == expected


@pytest.mark.parametrize(
    ("others", "due"),
    [
        ({}, date(2026, 11, 30)),
        ({"extension_n": 2}, date(2026, 12, 2)),
        ({"pauses": [["2026-11-24", "2026-11-26"]]}, date(2026, 12, 2)),
        ({"unit": CD, "n": 7}, date(2026, 11, 30)),
        ({"n": 6}, date(2026, 12, 1)),
        ({"base_on": date(2026, 11, 24)}, date(2026, 12, 1)),
    ],
)
def test_a_clock_is_due_with_its_pauses_and_extensions(others: dict[str, Any], due: date) -> None:
    assert rules.due_of(clock(**others), official()) == DueDate(due, False)


def test_another_calendar_moves_a_clock() -> None:
    assert rules.due_of(clock(), REST.days) == DueDate(date(2026, 12, 1), False)


def test_pauses_are_read_as_stored() -> None:
    stored = clock(pauses=[["2026-11-24", "2026-11-26"], ["2026-11-27", "2026-11-28"]])
    assert rules.pauses_of(stored) == [
        Pause(date(2026, 11, 24), date(2026, 11, 26)),
        Pause(date(2026, 11, 27), date(2026, 11, 28)),
    ]


def test_paused_calendar_days_are_added() -> None:
    spans = [
        Pause(date(2026, 11, 24), date(2026, 11, 26)),
        Pause(date(2026, 11, 27), date(2026, 11, 28)),
    ]
    due = rules.due_date(date(2026, 11, 23), CD, 5, official(), pauses=spans)
    assert due == DueDate(date(2026, 12, 1), False)


@pytest.mark.parametrize(
    ("pause", "provisional"),
    [
        (Pause(date(2026, 12, 30), date(2027, 1, 1)), True),
        (Pause(date(2026, 12, 30), date(2026, 12, 31)), False),
    ],
)
def test_a_pause_over_unknown_days_makes_the_limit_a_guess(pause: Pause, provisional: bool) -> None:
    due = rules.due_date(date(2026, 11, 23), WD, 1, official(), pauses=[pause])
    assert due.provisional is provisional


def test_a_limit_that_leaves_the_known_days_for_a_rest_day_is_a_guess() -> None:
    known = Workdays.from_days([(date(2026, 11, 28), False)])
    due = rules.due_date(date(2026, 11, 27), CD, 1, known)
    assert due == DueDate(date(2026, 11, 30), True)


def test_what_was_guessed_on_the_way_stays_a_guess() -> None:
    known = Workdays.from_days([(date(2026, 11, 30), True)])
    assert rules.due_date(date(2026, 11, 28), CD, 0, known) == DueDate(date(2026, 11, 30), True)
    assert rules.due_date(date(2026, 11, 28), WD, 1, known) == DueDate(date(2026, 11, 30), True)


def test_the_same_day_by_a_new_calendar_changes_only_the_edition() -> None:
    same = clock(state=ClockState.BREACHED, escalated_level=2)
    assert workflow.follow(same, CALENDAR, at("2026-11-25 10:00")) is False
    assert (same.calendar_edition, same.reminded, same.escalated_level) == (7, 2, 2)
    assert same.state is ClockState.BREACHED


def test_a_moved_clock_is_reminded_of_anew() -> None:
    moved = clock()
    assert workflow.follow(moved, REST, at("2026-11-25 10:00")) is True
    assert (moved.calendar_edition, moved.reminded, moved.state) == (8, 0, ClockState.RUNNING)
    assert (moved.due_on, moved.due_at) == (date(2026, 12, 1), at("2026-12-02 00:00"))
    assert moved.provisional is False
    assert moved.original_due_on == date(2026, 11, 30)


def test_certainty_alone_is_a_change() -> None:
    guessed = clock(provisional=True)
    assert workflow.follow(guessed, CALENDAR, at("2026-11-25 10:00")) is True
    assert (guessed.due_on, guessed.provisional) == (date(2026, 11, 30), False)


@pytest.mark.parametrize(
    ("state", "now", "after"),
    [
        (ClockState.BREACHED, "2026-12-01 23:59", (ClockState.RUNNING, None, 0)),
        (ClockState.BREACHED, "2026-12-02 00:00", (ClockState.BREACHED, "kept", 2)),
        (ClockState.CANCELLED, "2026-12-01 23:59", (ClockState.CANCELLED, "kept", 2)),
    ],
)
def test_a_breach_that_the_new_day_undoes_is_none(
    state: ClockState, now: str, after: tuple[ClockState, str | None, int]
) -> None:
    breached_at = at("2026-12-01 00:00")
    late = clock(state=state, breached_at=breached_at, escalated_level=2)
    assert workflow.follow(late, REST, at(now)) is True
    kept = breached_at if after[1] else None
    assert (late.state, late.breached_at, late.escalated_level) == (after[0], kept, after[2])


@pytest.mark.parametrize("state", list(ClockState))
def test_a_later_last_day_leads_a_clock_where_its_table_says(state: ClockState) -> None:
    moved, row = clock(state=state), CLOCKS.get(state, ClockAction.RECOMPUTE)
    assert workflow.follow(moved, REST, at("2026-12-01 23:59")) is True
    assert moved.state is (row.to if row else state)


@pytest.mark.parametrize(
    ("now", "before", "bounds"),
    [
        ("2026-11-23 09:00", 2, (date(2026, 11, 24), date(2026, 11, 26))),
        ("2026-11-27 09:00", 1, (date(2026, 11, 30), date(2026, 12, 1))),
        ("2026-11-23 23:59", 0, (date(2026, 11, 24), date(2026, 11, 24))),
    ],
)
def test_limits_are_reminded_of_up_to_the_next_working_day(
    now: str, before: int, bounds: tuple[date, date]
) -> None:
    assert rules.reminder_bounds(at(now), before, official()) == bounds


def test_a_kept_limit_was_overdue_from_its_last_midnight_on() -> None:
    due = at("2026-12-01 00:00")
    for late, met_at in ((True, due), (False, due - timedelta(microseconds=1)), (False, None)):
        kept = clock(state=ClockState.MET, met_at=met_at)
        assert rules.is_overdue(kept, at("2026-12-09 00:00")) is late


@pytest.mark.parametrize(
    ("extended", "n", "allowed"), [(0, 6, 5), (3, 3, 2), (5, 1, 0), (9, 1, 0), (4, 0, 1)]
)
def test_a_refused_extension_says_how_much_is_left(extended: int, n: int, allowed: int) -> None:
    wanted = Extension(n, "会商", "officer", at("2026-11-25 10:00"), "supervisor")
    with pytest.raises(rules.ExtensionTooLong) as refused:
        rules.ensure_extendable(clock(extension_n=extended), wanted, limit=5)
    assert refused.value.members == {"allowed": allowed}


@pytest.mark.parametrize(("extended", "n"), [(0, 1), (0, 5), (3, 2), (4, 1)])
def test_an_extension_within_the_limit_is_granted(extended: int, n: int) -> None:
    wanted = Extension(n, "会商", "officer", at("2026-11-25 10:00"), "supervisor")
    rules.ensure_extendable(clock(extension_n=extended), wanted, limit=5)


def test_office_hours_are_those_of_shanghai() -> None:
    assert in_office_hours(at("2026-11-23 08:30").astimezone(UTC), official())
