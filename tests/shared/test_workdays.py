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
