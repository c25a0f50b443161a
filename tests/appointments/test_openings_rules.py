"""When a hall is open: printed hours, days without any, and closures."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.directory.openings import Openings, Period
from services.appointments.directory.schemas import OpeningHours
from shared.workdays import official

ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In the week of Monday 23 November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def hours(opens: int, closes: int, *weekdays: int) -> OpeningHours:
    return OpeningHours(weekdays=list(weekdays), opens=time(opens), closes=time(closes))


WEEK = (hours(9, 12, 1, 2, 3, 4, 5), hours(14, 17, 1, 2, 3, 4, 5))


def openings(*closed: Period) -> Openings:
    return Openings(WEEK, "Asia/Shanghai", closed)


def test_a_day_without_hours_is_shut_and_the_next_opening_is_monday() -> None:
    saturday = at(28, 10)
    assert openings().is_shut(saturday)
    assert openings().next_opening(saturday) == at(30, 9)


def test_at_noon_the_hall_is_not_shut_and_opens_in_the_afternoon() -> None:
    assert not openings().is_shut(at(24, 12, 30))
    assert openings().next_opening(at(24, 12, 30)) == at(24, 14)
    assert openings().closes_on(date(2026, 11, 24)) == at(24, 17)


def test_after_the_last_hours_of_the_day_the_hall_is_shut_until_the_next() -> None:
    assert not openings().is_shut(at(24, 7))
    assert not openings().is_shut(at(24, 16, 59))
    assert openings().is_shut(at(24, 17))
    assert openings().next_opening(at(24, 17)) == at(25, 9)


def test_a_hall_that_never_closes_opens_next_only_after_a_closure() -> None:
    hours_on = [hours(0, 12, *range(1, 8)), hours(12, 0, *range(1, 8))]
    assert Openings(hours_on, "Asia/Shanghai").next_opening(at(24, 7)) is None
    for until in (at(24, 9), at(25, 0)):
        closed = Openings(hours_on, "Asia/Shanghai", [Period(at(24, 6), until)])
        assert closed.next_opening(at(24, 7)) == until


def test_a_closure_shuts_it_and_ends_within_the_hours() -> None:
    closed = openings(Period(at(24, 8), at(24, 15)), Period(at(24, 15), at(24, 16)))
    assert closed.is_shut(at(24, 14, 59))
    assert not closed.is_shut(at(24, 16))
    assert closed.next_opening(at(24, 10)) == at(24, 16)


def test_a_closure_over_the_weekend_moves_the_opening_on() -> None:
    closed = openings(Period(at(27, 0), datetime(2026, 12, 2, tzinfo=ZONE)))
    assert closed.next_opening(at(27, 10)) == datetime(2026, 12, 2, 9, tzinfo=ZONE)


def test_the_end_of_the_longest_closure_is_named() -> None:
    closed = openings(Period(at(27, 0), at(27, 0) + timedelta(days=366)))
    assert closed.next_opening(at(27, 10)) == datetime(2027, 11, 29, 9, tzinfo=ZONE)


def test_a_closure_that_began_after_the_hall_opened_ends_on_the_same_day() -> None:
    closed = openings(Period(at(24, 9, 30), at(24, 11)))
    assert closed.next_opening(at(24, 10)) == at(24, 11)
    assert closed.next_opening(at(24, 11)) == at(24, 14)


@pytest.mark.parametrize(
    ("day", "shut", "like"),
    [
        # The notice of 2026: 1-3 January off, Sunday 4 January at work; 1-7 October off, Saturday
        # 10 October at work.
        (date(2026, 1, 2), True, None),
        (date(2026, 1, 4), False, 1),
        (date(2026, 10, 5), True, None),
        (date(2026, 10, 10), False, 5),
        (date(2026, 10, 11), True, None),
    ],
)
def test_a_hall_of_working_days_follows_the_official_calendar(
    day: date, shut: bool, like: int | None
) -> None:
    friday = hours(9, 16, 5)
    hall = Openings([hours(9, 17, 1, 2, 3, 4), friday], "Asia/Shanghai", official=official())
    noon = datetime.combine(day, time(12), ZONE)
    assert hall.is_shut(noon) is shut
    closes = hall.closes_on(day)
    assert (closes and closes.hour) == {None: None, 1: 17, 5: 16}[like]


def test_a_hall_that_prints_weekends_keeps_its_own_week() -> None:
    always = Openings([hours(9, 17, *range(1, 8))], "Asia/Shanghai", official=official())
    assert not always.is_shut(datetime(2026, 10, 5, 10, tzinfo=ZONE))
    half = Openings([hours(9, 17, 1, 2, 3)], "Asia/Shanghai", official=official())
    assert half.is_shut(datetime(2026, 10, 10, 10, tzinfo=ZONE))


def test_of_a_year_without_a_notice_the_printed_hours_are_known() -> None:
    hall = Openings(WEEK, "Asia/Shanghai", official=official())
    assert not hall.is_shut(datetime(2031, 1, 1, 10, tzinfo=ZONE))


def test_where_no_hours_are_printed_nothing_is_known() -> None:
    unknown = Openings([], "Asia/Shanghai")
    assert not unknown.is_shut(at(28, 3))
    assert unknown.next_opening(at(28, 3)) is None
    assert unknown.closes_on(date(2026, 11, 28)) is None


def test_midnight_ends_the_day() -> None:
    always = Openings([hours(0, 0, 1, 2, 3, 4, 5, 6, 7)], "Asia/Shanghai")
    assert not always.is_shut(at(28, 23, 59))
    assert always.closes_on(date(2026, 11, 28)) == at(29, 0)


@given(
    minutes=st.integers(0, 500_000),
    closures=st.lists(st.tuples(st.integers(-100, 300), st.integers(1, 90)), max_size=4),
)
def test_the_next_opening_is_open_and_lies_ahead(
    minutes: int, closures: list[tuple[int, int]]
) -> None:
    now = datetime(2026, 1, 1, tzinfo=ZONE) + timedelta(minutes=minutes)
    closed = [
        Period(now + timedelta(hours=start), now + timedelta(hours=start + long))
        for start, long in closures
    ]
    found = openings(*closed)
    opens = found.next_opening(now)
    assert opens is not None
    assert opens > now
    assert not found.is_shut(opens)
