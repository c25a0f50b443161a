"""A visit named by when it begins: why that time cannot be booked, and which can."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.appointments.booking.sale.rules import NamedTime, NotOnSale, not_at_time
from services.appointments.slots.models import SlotState
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

TEN = NINE + timedelta(hours=1)
HALF_PAST = TEN + timedelta(minutes=30)


async def ask(office: Office, starts_at: Any, **body: Any) -> httpx.Response:
    wanted = {
        "hall_code": office.code,
        "starts_at": starts_at.isoformat(),
        "item_code": office.items[0],
        **body,
    }
    return await office.client.post("/api/v1/appointments", json=wanted, headers=office.citizen())


def listed(refused: dict[str, Any]) -> list[str]:
    return [one["starts_at"][11:16] for one in refused["alternatives"]]


async def test_a_time_that_is_past_is_not_full(office: Office) -> None:
    await office.slot(NINE - timedelta(hours=1))
    await office.slot(HALF_PAST)
    for past in (timedelta(hours=1), timedelta(days=40)):
        refused = problem(await ask(office, NINE - past), 409, "slot-not-open")

        assert (refused["state"], listed(refused)) == ("closed", ["10:30"])
        assert "已经过去" in refused["detail"]


@provokes("hold_appointment", "no-such-time")
async def test_where_nothing_begins_the_nearest_times_are_named(office: Office) -> None:
    await office.slot(TEN)
    await office.slot(HALF_PAST, item_codes=[office.items[1]])
    await office.slot(HALF_PAST, rule_code="R2", pool="assisted")
    await office.slot(HALF_PAST + timedelta(minutes=30))

    for minutes in (10, 30):
        refused = problem(await ask(office, TEN + timedelta(minutes=minutes)), 409, "no-such-time")
        assert listed(refused) == ["10:00", "11:00"]
    several = await ask(office, TEN + timedelta(minutes=10), persons=2)
    assert listed(problem(several, 409, "no-such-time")) == ["10:00", "11:00"]


async def test_where_nothing_is_planned_at_all_nobody_is_told_to_choose(office: Office) -> None:
    refused = problem(await ask(office, TEN), 409, "no-such-time")

    assert refused["alternatives"] == []
    assert "下面" not in refused["detail"]


async def test_what_is_not_on_sale_yet_says_when_it_is(office: Office) -> None:
    opens_at = NINE + timedelta(hours=3)
    await office.slot(TEN + timedelta(days=1), state="planned", opens_at=opens_at)

    refused = problem(await ask(office, TEN + timedelta(days=1)), 409, "slot-not-open")

    assert (refused["state"], refused["opens_at"][:16]) == ("planned", "2026-11-24T12:00")
    assert "12:00放号" in refused["detail"]
    assert "下面" not in refused["detail"], "nothing is listed"


async def test_a_day_beyond_the_plan_says_how_far_that_reaches(office: Office) -> None:
    await office.slot(TEN + timedelta(days=1))
    evening, later = TEN + timedelta(days=1, hours=9), TEN + timedelta(days=30)

    refused = problem(await ask(office, later), 409, "slot-not-open")

    assert (refused["state"], refused["opens_at"]) == ("planned", None)
    assert "11月25日" in refused["detail"]
    problem(await ask(office, evening), 409, "no-such-time")


@pytest.mark.parametrize(("state", "says"), [("withdrawn", "撤销"), ("closed", "停止预约")])
async def test_what_is_no_longer_on_sale_says_so(office: Office, state: str, says: str) -> None:
    await office.slot(TEN, state=state)
    await office.slot(HALF_PAST)

    refused = problem(await ask(office, TEN), 409, "slot-not-open")

    assert (refused["state"], listed(refused)) == (state, ["10:30"])
    assert says in refused["detail"]


async def test_what_is_full_is_full_whatever_else_there_was_at_that_time(office: Office) -> None:
    await office.slot(TEN, capacity=1, booked=1)
    await office.slot(TEN, rule_code="R2", state="withdrawn")
    await office.slot(TEN, rule_code="R3", state="planned", opens_at=NINE + timedelta(hours=1))

    problem(await ask(office, TEN), 409, "slot-full")


@provokes("reschedule_appointment", "no-such-time")
async def test_who_moves_by_the_time_is_told_the_same(office: Office) -> None:
    me, later = office.citizen(), TEN + timedelta(hours=5)
    held = await office.hold(await office.slot(TEN), headers=me)
    good(await office.do(held, "confirm", me))
    await office.slot(later)

    moved = await office.do(
        held, "reschedule", me, starts_at=(later + timedelta(minutes=5)).isoformat()
    )

    assert "15:00" in listed(problem(moved, 409, "no-such-time"))
    assert good(await office.get(f"appointments/{held['id']}", headers=me))["state"] == "confirmed"


@pytest.mark.parametrize("state", [SlotState.CLOSED, SlotState.WITHDRAWN, SlotState.PLANNED])
def test_nobody_is_told_to_choose_of_nothing(state: SlotState) -> None:
    closed = NotOnSale(state, NINE)
    for seen in (NamedTime(True, closed, None), NamedTime(False, None, None)):
        for starts_at in (TEN, NINE):
            said = not_at_time(seen, starts_at, [], NINE).detail
            assert said is not None
            assert "下面" not in said.zh
            assert "listed" not in said.en
