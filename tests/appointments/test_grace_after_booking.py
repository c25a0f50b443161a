"""Whoever books late may think again: for a while it is neither too late to cancel nor missed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.appointments.booking import rules, settling
from services.appointments.estimates import queries as estimates
from shared.database.engine import Sessions
from shared.database.rows import fetching
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_closures import close, lift
from tests.appointments.test_resupport import at_first_slot, states
from tests.appointments.test_schedules import apply, change

HALF = timedelta(minutes=30)


async def test_a_late_booking_cancelled_at_once_is_never_a_no_show(
    office: Office, sessions: Sessions
) -> None:
    """It cannot be cancelled in time any more when it is made: ten minutes are left to think."""
    slot, me = await office.slot(NINE + timedelta(minutes=5)), office.citizen()
    held = await office.hold(slot, headers=me)
    good(await office.do(held, "confirm", me))
    office.clock.pass_(minutes=10)

    good(await office.do(held, "cancel", me))

    async with sessions() as session, session.begin():
        await settling.miss_absent(session, NINE + timedelta(hours=3))
    assert await office.events("appointment.missed") == []


async def test_nobody_has_missed_what_they_may_still_cancel(
    office: Office, sessions: Sessions
) -> None:
    terms = {"check_in_late_minutes": 0, "cancel_grace_minutes": 15, "version": 0}
    url = f"/api/v1/policies/{office.code}"
    good(await office.client.put(url, json=terms, headers=office.manager()))
    me = office.citizen()
    held = await office.hold(await office.slot(NINE + timedelta(minutes=5)), headers=me)
    good(await office.do(held, "confirm", me))

    async def missed_at(minutes: int) -> int:
        async with sessions() as session, session.begin():
            await settling.miss_absent(session, NINE + timedelta(minutes=minutes))
        return len(await office.events("appointment.missed"))

    assert [await missed_at(14), await missed_at(16)] == [0, 1]


async def test_the_grace_ends_and_is_the_halls_to_decide(office: Office) -> None:
    policy = {"cancel_grace_minutes": 0, "version": 0}
    me = office.citizen()
    first = await office.hold(await office.slot(NINE + timedelta(minutes=60)), headers=me)
    good(await office.do(first, "confirm", me))
    office.clock.pass_(minutes=11)
    problem(await office.do(first, "cancel", me), 409, "too-late")

    url = f"/api/v1/policies/{office.code}"
    good(await office.client.put(url, json=policy, headers=office.manager()))
    second = await office.hold(await office.slot(NINE + timedelta(hours=2)))
    other = await office.hold(
        await office.slot(NINE + timedelta(hours=2), rule_code="R2"),
        headers=me,
        item=office.items[1],
    )
    good(await office.do(other, "confirm", me))
    office.clock.pass_(seconds=1)
    problem(await office.do(other, "cancel", me), 409, "too-late")
    assert second["state"] == "held"


async def test_a_late_booking_can_be_moved_at_once_too(office: Office) -> None:
    me = office.citizen()
    held = await office.hold(await office.slot(NINE + timedelta(minutes=5)), headers=me)
    good(await office.do(held, "confirm", me))
    later = await office.slot(NINE + timedelta(days=1))

    good(await office.do(held, "reschedule", me, slot_ids=[str(later)]), 201)


@pytest.mark.parametrize(
    ("until_minutes", "begins"), [(60, "开始前 60 分钟内"), (0, "预约时间已到")]
)
def test_a_refusal_names_no_limit_of_nothing(until_minutes: int, begins: str) -> None:
    now = NINE + timedelta(seconds=1)

    with pytest.raises(rules.TooLate) as refused:
        rules.ensure_changeable(NINE, until_minutes, NINE - timedelta(days=1), 10, now)

    assert refused.value.detail is not None
    assert refused.value.detail.zh.startswith(begins)


async def test_a_time_taken_and_given_back_can_be_given_up_until_it_begins(office: Office) -> None:
    await apply(office, change(office, {"capacity": {"online": 2}}))
    people = await at_first_slot(office, 2)
    closure = await close(office)
    office.clock.at = begins(people[0]) - timedelta(minutes=12)
    assert good(await lift(office, closure))["resupported"] == 2
    office.clock.pass_(minutes=11)

    for one in people:
        assert good(await office.do(one, "cancel", one["owner"]))["state"] == "cancelled"


async def test_who_was_given_their_time_back_too_late_to_cancel_it_has_missed_nothing(
    office: Office, sessions: Sessions
) -> None:
    await apply(office, change(office, {"capacity": {"online": 2}}))
    [late] = await at_first_slot(office, 1)
    closure = await close(office)
    office.clock.at = begins(late) - timedelta(minutes=12)
    good(await lift(office, closure))

    async with sessions() as session, session.begin():
        await settling.miss_absent(session, begins(late) + timedelta(hours=1))

    assert await states(office, [late]) == ["lapsed"]
    assert await office.events("appointment.missed") == []
    [told] = await office.events("appointment.lapsed")
    assert told["appointment_id"] == late["id"]


async def _excused(office: Office, sessions: Sessions) -> dict[str, Any]:
    """Somebody who was given their time back after the deadline, and is not known to have come."""
    await apply(office, change(office, {"capacity": {"online": 2}}))
    [late] = await at_first_slot(office, 1)
    closure = await close(office)
    office.clock.at = begins(late) - timedelta(minutes=12)
    good(await lift(office, closure))
    office.clock.at = begins(late) + timedelta(hours=1)
    async with sessions() as session, session.begin():
        await settling.miss_absent(session, office.clock.at)
    return late


async def test_who_was_excused_and_was_there_after_all_is_put_right_that_day(
    office: Office, sessions: Sessions
) -> None:
    late = await _excused(office, sessions)
    body = {"reason": "经核实，本人按时到了大厅"}

    corrected = good(await office.do(late, "correct-no-show", office.clerk(), **body))

    assert corrected["state"] == "checked_in"
    [event] = await office.events("appointment.checked_in")
    assert event["appointment_id"] == late["id"]
    # Who is known to have come is not put right: only how it went is not known.
    came = "UPDATE appointment SET state = 'lapsed' WHERE code = $1 RETURNING checked_in_at"
    assert await office.owner.fetchval(came, late["code"]) == begins(late)
    refused = await office.do(late, "correct-no-show", office.clerk(), **body)
    assert problem(refused, 409, "state-conflict")["state"] == "lapsed"


async def test_who_was_excused_says_nothing_of_how_many_come(
    office: Office, sessions: Sessions
) -> None:
    await _excused(office, sessions)
    slot, me = await office.slot(office.clock.at + HALF), office.citizen()
    held = await office.hold(slot, headers=me)
    good(await office.do(held, "confirm", me))

    async with sessions() as session, session.begin():
        floor = await estimates.floor(fetching(session), office.code, office.clock.at)

    [expected] = floor.coming
    assert expected.shows_up == estimates.USUALLY_SHOW_UP


async def test_who_was_given_their_time_back_early_may_cancel_by_the_deadline_and_can_miss_it(
    office: Office, sessions: Sessions
) -> None:
    office.clock.at = NINE - timedelta(hours=4)
    await apply(office, change(office, {"capacity": {"online": 2}}))
    [early] = await at_first_slot(office, 1)
    closure = await close(
        office, starts_at=early["starts_at"], ends_at=(begins(early) + HALF).isoformat()
    )
    good(await lift(office, closure))
    office.clock.at = begins(early) - timedelta(minutes=119)

    problem(await office.do(early, "cancel", early["owner"]), 409, "too-late")

    async with sessions() as session, session.begin():
        await settling.miss_absent(session, begins(early) + timedelta(hours=1))
    assert await states(office, [early]) == ["no_show"]


def begins(one: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(one["starts_at"])
