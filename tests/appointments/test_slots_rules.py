"""Runs of consecutive slots, and the nearest ones."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.appointments.slots import rules
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot
from shared.errors import Invalid
from shared.ids import new_id

NINE = datetime(2026, 11, 24, 1, tzinfo=UTC)


def slot(minute: int, *, booked: int = 0, code: str = "R1", pool: Pool = Pool.ONLINE) -> OpenSlot:
    return OpenSlot(new_id(), code, pool, NINE + timedelta(minutes=minute), 30, 2, booked)


@pytest.mark.parametrize(
    ("slots", "length", "starts"),
    [
        ([slot(0), slot(30), slot(60)], 1, [0, 30, 60]),
        ([slot(0), slot(30), slot(60)], 2, [0, 30]),
        ([slot(0), slot(60), slot(90)], 2, [60]),
        ([slot(0), slot(30, booked=2), slot(60)], 2, []),
        ([slot(0), slot(30, code="R2")], 2, []),
        ([slot(0), slot(30, pool=Pool.ASSISTED)], 2, []),
        ([slot(0), slot(30, booked=1), slot(60)], 3, [0]),
        ([], 1, []),
    ],
)
def test_free_runs(slots: list[OpenSlot], length: int, starts: list[int]) -> None:
    found = rules.free_runs(slots, length=length)

    assert [run.starts_at for run in found] == [NINE + timedelta(minutes=m) for m in starts]
    assert all(run.minutes == 30 * length for run in found)


def test_a_run_has_as_many_places_as_its_scarcest_slot() -> None:
    [run] = rules.free_runs([slot(0), slot(30, booked=1)], length=2)

    assert run.free == 1


def test_the_earlier_of_two_equally_near_comes_first() -> None:
    runs = rules.free_runs([slot(0), slot(60), slot(120), slot(300)], length=1)

    found = rules.nearest(runs, NINE + timedelta(minutes=90))

    assert [(run.starts_at - NINE).seconds // 60 for run in found] == [60, 120, 0]


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 11, 24), date(2026, 11, 23)), (date(2026, 1, 1), date(2026, 12, 31))],
)
def test_impossible_ranges_are_refused(first: date, last: date) -> None:
    with pytest.raises(Invalid):
        rules.ensure_range(first, last)
