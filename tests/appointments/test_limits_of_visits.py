"""Who may book a visit of several, and what is none."""

from datetime import timedelta
from typing import Any

import pytest

from services.appointments.booking import settling
from shared.database.engine import Sessions
from tests.appointments.offices import Office, person
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_visits_of_several import TEN, ask, held, look, states, two_hours


async def test_a_party_counts_leg_by_leg_for_the_caps_of_the_hall(office: Office) -> None:
    slots, me = await two_hours(office), office.citizen()
    good(
        await office.client.put(
            f"/api/v1/policies/{office.code}",
            json={"version": 0, "caps": {"per_day": 3}, "basis": "本中心预约规定"},
            headers=office.manager(),
        )
    )

    found = problem(await ask(office, me, slot_ids=[str(slots[0])]), 409, "too-many-appointments")

    assert (found["cap"], found["limit"], found["count"]) == ("per_day", 3, 0)
    await held(office, me, slot_ids=[str(slots[0])], persons=1)


async def test_whoever_has_something_then_or_for_that_day_has_no_visit_besides(
    office: Office,
) -> None:
    slots, me = await two_hours(office), office.citizen()
    other = await office.slot(TEN, rule_code="R2", item_codes=[office.items[0]])
    await office.hold(other, item=office.items[0], headers=me)

    problem(await ask(office, me, slot_ids=[str(slots[2])]), 409, "already-booked")
    body = {"items": [office.items[1]], "slot_ids": [str(slots[0])]}
    problem(await ask(office, me, **body), 409, "overlapping-appointment")


async def test_whoever_is_barred_brings_nobody_along(office: Office, sessions: Sessions) -> None:
    """And whoever missed a visit of four legs has missed once."""
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    good(await office.do(visit, "confirm", me))
    office.clock.at = TEN + timedelta(hours=3)

    async with sessions() as session, session.begin():
        await settling.miss_absent(session, office.clock.at)

    assert states(await look(office, me, visit["id"])) == {1: {"no_show"}, 2: {"no_show"}}
    assert (
        await office.owner.fetchval(
            "SELECT count(*) FROM penalty WHERE hall_code = $1", office.code
        )
        == 0
    )


async def test_a_family_that_missed_its_visit_is_barred_once(
    office: Office, sessions: Sessions
) -> None:
    """Though each leg has its own time, and is known to be missed at another moment."""
    url = f"/api/v1/policies/{office.code}"
    limit = {"version": 0, "no_show_limit": 1}
    good(await office.client.put(url, json=limit, headers=office.manager()))
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    good(await office.do(visit, "confirm", me))
    for minutes in range(30, 241, 15):
        office.clock.at = TEN + timedelta(minutes=minutes)
        async with sessions() as session, session.begin():
            await settling.miss_absent(session, office.clock.at)

    assert states(await look(office, me, visit["id"])) == {1: {"no_show"}, 2: {"no_show"}}
    query = "SELECT no_shows FROM penalty WHERE hall_code = $1"
    assert [row[0] for row in await office.owner.fetch(query, office.code)] == [1]


async def test_staff_book_for_a_family_by_telephone(office: Office) -> None:
    slots = await two_hours(office, pool="assisted")

    visit = await held(office, office.clerk(), slot_ids=[str(slots[0])], citizen=person())

    shown = await look(office, office.clerk(), visit["legs"][3]["code"])
    assert shown["citizen"]["name"] == "张**"
    assert len(shown["legs"]) == 4


@pytest.mark.parametrize(
    "body",
    [
        {"item_code": "X", "items": ["X"]},
        {"items": ["X", "X"]},
        {"items": []},
        {"persons": 6},
        {"items": ["A", "B", "C"], "persons": 4},
        {"starts_at": TEN.isoformat()},
        {"slot_ids": None, "starts_at": TEN.isoformat()},
        {"pool": "assisted"},
    ],
)
async def test_what_is_no_visit_is_refused(office: Office, body: dict[str, Any]) -> None:
    slot = await office.slot(TEN)
    found = problem(
        await ask(office, office.citizen(), **{"slot_ids": [str(slot)], **body}),
        422,
        "invalid-request",
    )
    assert found["errors"]


async def test_an_unknown_hall_or_an_item_that_is_not_offered_is_named(office: Office) -> None:
    me, when = office.citizen(), {"starts_at": TEN.isoformat()}
    found = problem(await ask(office, me, hall_code="NONE", **when), 422, "invalid-request")
    assert found["errors"][0]["pointer"] == "/body/hall_code"
    items = {"items": [office.items[0], "NONE"]}
    found = problem(
        await ask(office, me, hall_code=office.code, **when, **items), 422, "invalid-request"
    )
    assert found["errors"][0]["pointer"] == "/body/items/1"
    staff = {"hall_code": office.code, "pool": "assisted"}
    found = problem(await ask(office, me, **staff, **when), 422, "invalid-request")
    assert found["errors"][0]["pointer"] == "/body/pool"
