"""Working days: the handbook's vectors, and the refusal to guess."""

import csv
from datetime import date
from pathlib import Path

import pytest

from shared.workdays import CalendarUnknown, Workdays, official, year_days

VECTORS = list(
    csv.DictReader(Path(__file__).with_name("working_day_vectors.csv").read_text().splitlines())
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['formed_on']}+{v['working_days']}")
def test_every_vector_holds(vector: dict[str, str]) -> None:
    formed_on, n = date.fromisoformat(vector["formed_on"]), int(vector["working_days"])
    due_on = official().nth_after(formed_on, n)
    assert due_on == date.fromisoformat(vector["due_on"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['formed_on']}+{v['working_days']}")
def test_ordinals_agree_with_dates(vector: dict[str, str]) -> None:
    days, formed_on = official(), date.fromisoformat(vector["formed_on"])
    due = days.ord_start(formed_on) + int(vector["working_days"])
    due_on = date.fromisoformat(vector["due_on"])
    following = min(date.fromordinal(due_on.toordinal() + 1), days.last_day)
    assert days.ord_end(due_on) <= due
    assert following == due_on or days.ord_end(following) > due


@pytest.mark.parametrize(("formed_on", "n"), [(date(2026, 12, 4), 20), (date(2026, 12, 23), 7)])
def test_a_year_without_its_notice_is_unknown(formed_on: date, n: int) -> None:
    with pytest.raises(CalendarUnknown) as refused:
        official().nth_after(formed_on, n)
    assert refused.value.year == 2027


def test_working_days_a_year() -> None:
    days = official()
    counts = {
        y: days.count_between(date(y - 1, 12, 31), date(y, 12, 31)) for y in (2024, 2025, 2026)
    }
    assert counts == {2024: 251, 2025: 248, 2026: 248}


def test_a_loaded_notice_makes_the_year_known() -> None:
    new_year = year_days(2027, [date(2027, 1, 1)], [date(2027, 1, 3)])
    days = official().with_days(new_year)
    assert days.covers(2027)
    assert days.nth_after(date(2026, 12, 10), 20) == date(2027, 1, 7)


def test_nothing_is_counted_across_a_gap() -> None:
    days = Workdays.from_days([(date(2026, 1, 1), False), (date(2026, 1, 3), True)])
    with pytest.raises(CalendarUnknown):
        days.is_workday(date(2026, 1, 3))


SHORT = Workdays.from_days(
    [(date(2026, 1, day), works) for day, works in ((1, False), (2, True), (3, False), (4, True))]
)
"""Thursday to Sunday; 2 and 4 January are worked."""


@pytest.mark.parametrize(
    ("day", "works", "start", "end"),
    [
        (date(2026, 1, 1), False, 0, 1),
        (date(2026, 1, 2), True, 1, 1),
        (date(2026, 1, 3), False, 1, 2),
        (date(2026, 1, 4), True, 2, 2),
    ],
)
def test_ordinals_of_each_day(day: date, works: bool, start: int, end: int) -> None:
    found = (SHORT.is_workday(day), SHORT.ord_start(day), SHORT.ord_end(day))
    assert found == (works, start, end)


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2026, 1, 5)])
def test_a_day_outside_the_calendar_is_unknown(day: date) -> None:
    for asked in (SHORT.is_workday, SHORT.ord_start, SHORT.ord_end):
        with pytest.raises(CalendarUnknown, match=f"^no holiday notice for {day.year}$"):
            asked(day)


@pytest.mark.parametrize(
    ("n", "expected"), [(-1, 3), (0, 3), (1, 4)], ids=["before", "itself", "the next"]
)
def test_the_nth_working_day_after_a_rest_day(n: int, expected: int) -> None:
    assert SHORT.nth_after(date(2026, 1, 3), n) == date(2026, 1, expected)


def test_what_lies_beyond_the_last_known_day_is_the_year_after_it() -> None:
    with pytest.raises(CalendarUnknown) as refused:
        SHORT.nth_after(date(2026, 1, 3), 2)
    assert refused.value.year == 2027


def test_days_between_are_negative_backwards() -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 4)
    assert (SHORT.count_between(first, last), SHORT.count_between(last, first)) == (2, -2)


def whole_year(first: date, last: date) -> Workdays:
    count = (last - first).days + 1
    return Workdays.from_days((date.fromordinal(first.toordinal() + i), True) for i in range(count))


@pytest.mark.parametrize(
    ("first", "last", "covered"),
    [
        (date(2025, 1, 1), date(2025, 12, 31), True),
        (date(2025, 1, 2), date(2025, 12, 31), False),
        (date(2025, 1, 1), date(2025, 12, 30), False),
        (date(2024, 12, 31), date(2026, 1, 1), True),
        (date(2026, 1, 1), date(2026, 12, 31), False),
        (date(2024, 1, 1), date(2024, 12, 31), False),
    ],
)
def test_a_year_is_covered_from_its_first_day_to_its_last(
    first: date, last: date, covered: bool
) -> None:
    assert whole_year(first, last).covers(2025) is covered


def test_without_days_nothing_is_known() -> None:
    empty = Workdays.from_days([])
    assert empty.last_day == date(2003, 12, 31)
    with pytest.raises(CalendarUnknown):
        empty.is_workday(date(2004, 1, 1))


def test_a_notice_makes_every_day_of_its_year_and_no_other() -> None:
    days = year_days(2024, [date(2024, 1, 1)], [date(2024, 2, 4)])
    assert [day for day, _ in days] == [date.fromordinal(738886 + i) for i in range(366)]
    worked = dict(days)
    assert not worked[date(2024, 1, 1)]  # a Monday off
    assert worked[date(2024, 1, 5)]  # a Friday
    assert not worked[date(2024, 1, 6)]  # a Saturday
    assert worked[date(2024, 2, 4)]  # a Sunday at work


def test_the_official_calendar_reaches_from_2004_to_2026() -> None:
    assert official().covers(2004)
    assert official().covers(2026)
    assert official().last_day == date(2026, 12, 31)
    with pytest.raises(CalendarUnknown):
        official().is_workday(date(2003, 12, 31))
