"""From rules to slots: weekdays, weeks, working days, lead, horizon, and years that are unknown."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from services.appointments.schedules import rules, weeks
from services.appointments.schedules.closures import Shut
from services.appointments.schedules.comparing import compare, fingerprint
from services.appointments.schedules.making import WantedSlot
from services.appointments.schedules.models import CalendarKind, ScheduleRule
from services.appointments.schedules.rules import Circumstances
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import Wave
from shared import workdays

SHANGHAI = ZoneInfo("Asia/Shanghai")
TUESDAY_NINE = datetime(2026, 11, 24, 1, tzinfo=UTC)


def rule(**others: Any) -> ScheduleRule:
    """Monday to Friday 09:30-11:30 in halves of an hour, two places online."""
    values: dict[str, Any] = {
        "hall_code": "H1",
        "code": "R1",
        "version": 1,
        "item_codes": ["I-1"],
        "weekdays": [1, 2, 3, 4, 5],
        "starts": time(9, 30),
        "ends": time(11, 30),
        "slot_minutes": 30,
        "capacity": {"online": 2},
        "created_by": "test",
        "created_at": TUESDAY_NINE,
        **others,
    }
    return ScheduleRule(**values)


def plan(
    *some: ScheduleRule, now: datetime = TUESDAY_NINE, shut: list[Shut] | None = None
) -> rules.Plan:
    there = Circumstances(workdays.official(), SHANGHAI, {}, now, closures=shut or [])
    return rules.plan(some, there)


def days(made: rules.Plan) -> list[date]:
    return sorted({slot.on_date for slot in made.slots})


def test_a_day_is_cut_into_slots_for_each_pool() -> None:
    made = plan(rule(capacity={"online": 2, "assisted": 1}))

    today = [slot for slot in made.slots if slot.on_date == date(2026, 11, 24)]
    online = [slot for slot in today if slot.pool is Pool.ONLINE]
    assert [slot.starts_at.astimezone(SHANGHAI).strftime("%H:%M") for slot in online] == [
        "09:30",
        "10:00",
        "10:30",
        "11:00",
    ]
    assert len(today) == 8
    assert {slot.capacity for slot in online} == {2}


def test_slots_reach_a_week_beyond_the_horizon() -> None:
    made = plan(rule(horizon_workdays=5))

    # Five working days after Tuesday the 24th is the 1st; a week more is the 8th.
    assert days(made)[-1] == date(2026, 12, 8)


def test_slots_that_have_begun_are_not_made() -> None:
    made = plan(rule(), now=datetime(2026, 11, 24, 2, 0, tzinfo=UTC))

    assert min(slot.starts_at for slot in made.slots).astimezone(SHANGHAI).hour == 10
    assert min(slot.starts_at for slot in made.slots).astimezone(SHANGHAI).minute == 30


@pytest.mark.parametrize(
    ("now", "there", "absent", "why"),
    [
        (datetime(2026, 9, 15, 1, tzinfo=UTC), date(2026, 9, 20), None, "a Sunday at work"),
        (datetime(2026, 9, 24, 1, tzinfo=UTC), None, date(2026, 9, 25), "Mid-autumn, a Friday"),
        (datetime(2026, 9, 28, 1, tzinfo=UTC), None, date(2026, 10, 1), "National Day"),
        (datetime(2026, 10, 5, 1, tzinfo=UTC), date(2026, 10, 10), None, "a Saturday at work"),
    ],
)
def test_official_days_off_and_make_up_days_count(
    now: datetime, there: date | None, absent: date | None, why: str
) -> None:
    made = days(plan(rule(weekdays=[1, 2, 3, 4, 5, 6, 7]), now=now))

    assert there is None or there in made, why
    assert absent not in made, why


def test_every_day_needs_no_notice() -> None:
    new_year = datetime(2026, 12, 30, 1, tzinfo=UTC)
    always = rule(calendar=CalendarKind.EVERY_DAY, weekdays=[1, 2, 3, 4, 5, 6, 7])

    made = plan(always, now=new_year)

    assert date(2027, 1, 1) in days(made)
    assert not made.unknown_years


def test_a_year_without_a_notice_gets_no_slots_and_is_named() -> None:
    made = plan(rule(), now=datetime(2026, 12, 30, 1, tzinfo=UTC))

    assert days(made) == [date(2026, 12, 30), date(2026, 12, 31)]
    assert made.unknown_years == {2027}


@pytest.mark.parametrize(
    ("terms", "day", "applies"),
    [
        ({}, date(2026, 11, 24), True),
        ({}, date(2026, 11, 28), False),
        ({"weekdays": [6]}, date(2026, 11, 28), True),
        ({"valid_from": date(2026, 11, 25)}, date(2026, 11, 24), False),
        ({"valid_to": date(2026, 11, 23)}, date(2026, 11, 24), False),
        ({"every_n_weeks": 2, "anchor_on": date(2026, 11, 9)}, date(2026, 11, 24), True),
        ({"every_n_weeks": 2, "anchor_on": date(2026, 11, 16)}, date(2026, 11, 24), False),
        ({"every_n_weeks": 2, "anchor_on": date(2026, 12, 7)}, date(2026, 11, 24), True),
        ({"nth_week": 4}, date(2026, 11, 24), True),
        ({"nth_week": 1}, date(2026, 11, 24), False),
        ({"nth_week": 5}, date(2026, 11, 30), True),
        ({"nth_week": -1}, date(2026, 11, 30), True),
        ({"nth_week": -1}, date(2026, 11, 24), True),
        ({"nth_week": -1}, date(2026, 11, 23), False),
        ({"nth_week": -1}, date(2026, 12, 28), True),
        ({"nth_week": -1}, date(2027, 2, 26), True),
        ({"nth_week": -1}, date(2027, 2, 19), False),
        ({"nth_week": 1, "weekdays": [7]}, date(2026, 11, 1), True),
        ({"nth_week": 1, "weekdays": [6]}, date(2026, 11, 7), True),
        ({"nth_week": 2, "weekdays": [7]}, date(2026, 11, 8), True),
        ({"valid_from": date(2026, 11, 24)}, date(2026, 11, 24), True),
        ({"valid_to": date(2026, 11, 24)}, date(2026, 11, 24), True),
        ({"every_n_weeks": 2}, date(2026, 11, 24), True),
        ({"every_n_weeks": 1, "anchor_on": date(2026, 11, 16)}, date(2026, 11, 24), True),
        ({"every_n_weeks": 2, "anchor_on": date(2026, 11, 13)}, date(2026, 11, 24), True),
        ({"every_n_weeks": 2, "anchor_on": date(2026, 11, 20)}, date(2026, 11, 24), False),
    ],
)
def test_a_rule_applies_on_its_days(terms: dict[str, Any], day: date, applies: bool) -> None:
    assert rules.applies(rule(**terms), day) is applies


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 11, 24), 1, date(2026, 11, 24)),
        (date(2026, 11, 24), 2, date(2026, 11, 23)),
        (date(2026, 11, 24), 3, date(2026, 11, 20)),
        (date(2026, 10, 8), 2, date(2026, 9, 30)),
    ],
)
def test_working_days_counted_back(day: date, count: int, expected: date) -> None:
    assert weeks.workday_back(day, count, workdays.official()) == expected


@pytest.mark.parametrize(
    ("lead", "horizon", "opens", "closes"),
    [
        (0, 5, "11-24 00:00", "12-01 09:30"),
        (1, 5, "11-24 00:00", "12-01 00:00"),
        (2, 5, "11-24 00:00", "11-30 00:00"),
        (0, 0, "12-01 00:00", "12-01 09:30"),
    ],
)
def test_lead_and_horizon_bound_the_sale(lead: int, horizon: int, opens: str, closes: str) -> None:
    made = plan(rule(lead_workdays=lead, horizon_workdays=horizon))

    first = next(slot for slot in made.slots if slot.on_date == date(2026, 12, 1))
    assert first.opens_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M") == opens
    assert first.closes_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M") == closes


def test_a_release_time_delays_the_sale() -> None:
    made = plan(rule(release_at=time(8, 0)))

    assert {slot.opens_at.astimezone(SHANGHAI).hour for slot in made.slots} == {8}


def test_a_closure_takes_every_slot_that_touches_it() -> None:
    ten = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
    made = plan(rule(), shut=[Shut(ten, ten + timedelta(minutes=30))])

    today = [s.starts_at.astimezone(SHANGHAI) for s in made.slots if s.on_date.day == 24]
    assert [start.strftime("%H:%M") for start in today] == ["09:30", "11:00"]


def test_a_day_may_end_at_midnight() -> None:
    made = plan(rule(starts=time(23, 0), ends=time(0)))

    assert len([slot for slot in made.slots if slot.on_date.day == 24]) == 2


def test_a_slot_is_named_by_its_rule_and_its_items_in_order() -> None:
    first = plan(rule(code="R7", item_codes=["I-2", "I-1"])).slots[0]
    assert (first.rule_code, first.item_codes) == ("R7", ("I-1", "I-2"))


def test_today_is_that_of_the_hall_and_not_of_the_machine() -> None:
    late = datetime(2026, 11, 23, 17, tzinfo=UTC)
    there = Circumstances(workdays.official(), ZoneInfo("America/Los_Angeles"), {}, late)
    made = rules.plan([rule(weekdays=[1], horizon_workdays=0)], there)
    assert days(made)[0] == date(2026, 11, 23)
    tokyo = replace(there, zone=ZoneInfo("Asia/Tokyo"))
    always = rule(calendar=CalendarKind.EVERY_DAY, horizon_workdays=0)
    assert days(rules.plan([always], tokyo))[-1] == date(2026, 12, 1)


def test_a_closure_spares_the_slots_that_only_touch_its_ends() -> None:
    ten = datetime(2026, 11, 24, 2, tzinfo=UTC)
    made = plan(rule(), shut=[Shut(ten, ten + timedelta(minutes=30))])
    today = [s.starts_at.astimezone(SHANGHAI) for s in made.slots if s.on_date.day == 24]
    assert [start.strftime("%H:%M") for start in today] == ["09:30", "10:30", "11:00"]


class Row(NamedTuple):
    """A slot on sale."""

    rule_code: str
    pool: Pool
    item_codes: list[str]
    starts_at: datetime
    minutes: int
    capacity: int
    opens_at: datetime
    closes_at: datetime
    shared_from: datetime | None
    ceded: int
    later: tuple[Wave, ...]


def wanted(minute: int = 0, **others: Any) -> WantedSlot:
    starts = TUESDAY_NINE + timedelta(minutes=60 + minute)
    opens = TUESDAY_NINE - timedelta(days=7)
    items = ("I-1", "I-2")
    slot = WantedSlot("R1", Pool.ONLINE, items, starts.date(), starts, 30, 2, opens, starts)
    return slot._replace(**others)


def on_sale(slot: WantedSlot, **others: Any) -> Row:
    same = slot._asdict() | {"item_codes": ["I-2", "I-1"]} | others
    return Row(**{name: same[name] for name in Row._fields})


def test_what_is_on_sale_as_planned_is_kept() -> None:
    plans = [wanted(minute) for minute in (0, 30, 60)]
    found = compare(plans, [on_sale(slot) for slot in plans[:2]], TUESDAY_NINE)
    assert found == ([plans[2]], [], [], [], 2)


def test_what_is_no_longer_planned_is_withdrawn() -> None:
    gone, kept = on_sale(wanted(0)), wanted(30)
    found = compare([kept], [gone, on_sale(kept)], TUESDAY_NINE)
    assert found == ([], [], [gone], [], 1)


@pytest.mark.parametrize(
    ("before", "goes_on"),
    [
        ({"capacity": 3}, True),
        ({"minutes": 20}, False),
        ({"item_codes": ["I-1"]}, True),
        ({"item_codes": ["I-1", "I-3"]}, True),
        ({"item_codes": ["I-2", "I-1"], "opens_at": TUESDAY_NINE}, True),
        ({"closes_at": TUESDAY_NINE}, True),
    ],
)
def test_a_changed_slot_is_made_anew_and_its_time_goes_on_in_one_of_the_same_length(
    before: dict[str, Any], goes_on: bool
) -> None:
    slot = wanted()
    row = on_sale(slot, **before)
    found = compare([slot], [row], TUESDAY_NINE)
    assert found == ([slot], [], [row], [row] if goes_on else [], 0)


def test_a_slot_whose_sale_is_over_is_only_made_if_somebody_needs_it() -> None:
    slot = wanted(closes_at=TUESDAY_NINE)
    row = on_sale(slot, capacity=1)
    assert compare([slot], [row], TUESDAY_NINE) == ([], [slot], [row], [row], 0)


def test_a_fingerprint_is_of_the_lines_in_any_order() -> None:
    assert fingerprint(["b", "a"]) == fingerprint(["a", "b"])
    # The first half of `printf 'a\nb' | sha256sum`.
    assert fingerprint(["a", "b"]) == "7e18f737311b2dc3b2f269dd78396b03"
