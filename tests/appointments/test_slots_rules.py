"""Runs of consecutive slots, and the nearest ones."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.appointments.slots import rules
from services.appointments.slots.free_times import free_times
from services.appointments.slots.matching import Matching
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot
from services.appointments.slots.schemas import FreeSlot
from services.appointments.slots.visits import Need, Wish
from shared.errors import Invalid, Text
from shared.ids import new_id

NINE = datetime(2026, 11, 24, 1, tzinfo=UTC)


def slot(minute: int, *, booked: int = 0, code: str = "R1", pool: Pool = Pool.ONLINE) -> OpenSlot:
    begins = NINE + timedelta(minutes=minute)
    items = frozenset("A")
    return OpenSlot(new_id(), code, pool, begins.date(), begins, 30, 2, booked, items)


def times(
    slots: list[OpenSlot], length: int = 1, minutes: int = 1, **others: Any
) -> list[FreeSlot]:
    """The free times for as many slots in a row, and so many minutes at least."""
    matching = Matching(slots)
    wish = Wish((Need("A", minutes),), slots=length)
    return free_times(matching, wish, matching.starts, **others).rows


@pytest.mark.parametrize(
    ("slots", "length", "starts"),
    [
        ([slot(0), slot(30), slot(60)], 1, [0, 30, 60]),
        ([slot(0), slot(30), slot(60)], 2, [0, 30]),
        ([slot(0), slot(60), slot(90)], 2, [60]),
        ([slot(0), slot(30, booked=2), slot(60)], 2, []),
        ([slot(0), slot(30, code="R2")], 2, []),
        ([slot(0), slot(30, booked=1), slot(60)], 3, [0]),
        ([], 1, []),
    ],
)
def test_free_times(slots: list[OpenSlot], length: int, starts: list[int]) -> None:
    found = times(slots, length)

    assert [run.starts_at for run in found] == [NINE + timedelta(minutes=m) for m in starts]
    assert all(run.minutes == 30 * length for run in found)


@pytest.mark.parametrize(
    ("minutes", "length", "starts"),
    [(20, 1, [0, 30, 60]), (30, 1, [0, 30, 60]), (31, 1, [0, 30]), (40, 1, [0, 30]), (61, 1, [0])]
    + [(91, 1, []), (20, 2, [0, 30]), (61, 2, [0])],
)
def test_a_run_is_as_long_as_the_item_takes_and_ends_before_the_hall_closes(
    minutes: int, length: int, starts: list[int]
) -> None:
    found = times([slot(0), slot(30), slot(60)], length, minutes)

    assert [(run.starts_at - NINE).seconds // 60 for run in found] == starts
    assert all(run.minutes >= minutes and len(run.slot_ids) >= length for run in found)


@pytest.mark.parametrize(
    ("known_until", "starts", "left_open"),
    [(None, [0, 30, 120], None), (180, [0, 30, 120], 150), (150, [0, 30], 120)]
    + [(120, [0, 30], 120), (90, [0, 30], 60), (60, [0], 30)],
)
def test_of_a_run_that_may_go_on_in_slots_not_yet_read_nothing_is_said(
    known_until: int | None, starts: list[int], left_open: int | None
) -> None:
    """Three in a row, and two later; what begins at `known_until` or after may be missing."""
    slots = [slot(0), slot(30), slot(60), slot(120), slot(150)]
    last = at(known_until)
    matching = Matching([one for one in slots if last is None or one.starts_at <= last])

    wish = Wish((Need("A"),), slots=2)
    found = free_times(matching, wish, matching.starts, known_until=last)

    assert [run.starts_at for run in found.rows] == [NINE + timedelta(minutes=m) for m in starts]
    assert found.open_from == at(left_open)


def at(minute: int | None) -> datetime | None:
    return None if minute is None else NINE + timedelta(minutes=minute)


def test_a_run_has_as_many_places_as_its_scarcest_slot() -> None:
    [run] = times([slot(0), slot(30, booked=1)], 2)

    assert run.free == 1


def test_the_earlier_of_two_equally_near_comes_first() -> None:
    runs = times([slot(0), slot(60), slot(120), slot(300)])

    found = rules.nearest(runs, NINE + timedelta(minutes=90))

    assert [(run.starts_at - NINE).seconds // 60 for run in found] == [60, 120, 0]


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 11, 24), date(2026, 11, 23)), (date(2026, 1, 1), date(2026, 12, 31))],
)
def test_impossible_ranges_are_refused(first: date, last: date) -> None:
    with pytest.raises(Invalid):
        rules.ensure_range(first, last)


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (-1, "结束日期不能早于开始日期", "The last day must not be before the first"),
        (62, "一次最多查询 62 天", "At most 62 days at a time"),
    ],
)
def test_a_range_is_refused_with_the_reason(days: int, zh: str, en: str) -> None:
    first = date(2026, 11, 24)
    with pytest.raises(Invalid) as refused:
        rules.ensure_range(first, first + timedelta(days=days))
    assert (refused.value.detail, refused.value.pointer) == (Text(zh, en), "/query/to")


@pytest.mark.parametrize("days", [0, 1, 61])
def test_a_range_of_up_to_62_days_is_answered(days: int) -> None:
    rules.ensure_range(date(2026, 11, 24), date(2026, 11, 24) + timedelta(days=days))


def test_full_slots_are_shown_only_when_asked_for() -> None:
    full = slot(0, booked=2)
    assert times([full]) == []
    [shown] = times([full], with_full=True)
    assert (shown.id, shown.free, shown.capacity) == (full.id, 0, 2)


def test_a_run_is_named_by_its_first_slot() -> None:
    second, first = slot(30, booked=1)._replace(capacity=5), slot(0)  # ids ascend as they are made
    [run] = times([second, first], 2)
    assert (run.id, run.slot_ids, run.pool) == (first.id, [first.id, second.id], Pool.ONLINE)
    assert (run.starts_at, run.minutes, run.capacity, run.free) == (NINE, 60, 2, 2)


def test_a_time_of_several_rules_is_one_row_that_names_where_there_is_room() -> None:
    slots = [slot(30, code="R1"), slot(0, code="R2"), slot(30, code="R0", booked=2), slot(30)]
    slots[3] = slots[3]._replace(rule_code="R3")
    found = times(slots)
    assert [run.id for run in found] == [slots[1].id, slots[0].id]
    assert [(run.free, run.capacity) for run in found] == [(2, 2), (4, 6)]


@pytest.mark.parametrize(
    ("after", "follows"),
    [
        (slot(30), True),
        (slot(31), False),
        (slot(29), False),
        (slot(30, code="R2"), False),
        (slot(30, pool=Pool.ASSISTED), False),
    ],
)
def test_slots_follow_one_another(after: OpenSlot, follows: bool) -> None:
    assert rules.follow_one_another([slot(0), after]) is follows


def test_the_three_nearest_unless_more_are_wanted() -> None:
    runs = times([slot(30 * n) for n in range(6)])
    wanted = NINE + timedelta(minutes=70)
    assert [run.starts_at for run in rules.nearest(runs, wanted)] == [
        NINE + timedelta(minutes=minute) for minute in (60, 90, 30)
    ]
    assert len(rules.nearest(runs, wanted, count=5)) == 5
