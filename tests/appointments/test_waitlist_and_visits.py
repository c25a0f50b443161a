"""The waitlist beside visits: of several people, and where somebody could be moved."""

from datetime import datetime
from typing import Any

import pytest

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_notices import handed
from tests.appointments.waiting_line import (
    FAR,
    MINUTE,
    Jobs,
    ask,
    join,
    line_of,
    offered,
    standing,
    taken,
)


async def two_together(office: Office, headers: dict[str, str]) -> dict[str, Any]:
    """A confirmed visit of two people who come for one item, in the only slot."""
    slot = await office.slot(FAR, capacity=2)
    wanted = {"items": office.items[:1], "persons": 2, "slot_ids": [str(slot)]}
    answer = await office.client.post("/api/v1/appointments", json=wanted, headers=headers)
    visit = good(answer, 201)
    good(await office.do(visit, "confirm", headers))
    return {**visit, "slot": slot}


@pytest.mark.parametrize(("persons", "freed"), [({"persons": [2]}, 1), ({}, 2)])
async def test_what_one_or_all_of_a_visit_give_up_goes_to_who_waits(
    office: Office, jobs: Jobs, persons: dict[str, list[int]], freed: int
) -> None:
    me, line = office.citizen(), [office.citizen() for _ in range(3)]
    visit = await two_together(office, me)
    for one in line:
        office.clock.at += MINUTE
        await join(office, one)
    office.clock.at += MINUTE

    good(await office.do(visit, "cancel", me, **persons))
    problem(await office.ask(visit["slot"]), 409, "slot-full")
    await jobs()

    states = [await standing(office, one) for one in line]
    assert states == ["offered"] * freed + ["waiting"] * (3 - freed)
    assert await office.booked(visit["slot"]) == 2


async def test_the_old_place_of_one_who_moves_away_from_a_visit_goes_to_who_waits(
    office: Office, jobs: Jobs
) -> None:
    me, first = office.citizen(), office.citizen()
    visit = await two_together(office, me)
    await join(office, first, not_after="09:00")
    office.clock.at += MINUTE
    other = await office.slot(FAR + 60 * MINUTE)

    wanted = {"slot_ids": [str(other)], "persons": [2]}
    good(await office.do(visit, "reschedule", me, **wanted), 201)
    problem(await office.ask(visit["slot"]), 409, "slot-full")
    await jobs()

    assert await standing(office, first) == "offered"
    assert await office.booked(visit["slot"]) == 2


async def test_who_could_have_a_place_that_somebody_leaves_for_another_need_not_wait(
    office: Office,
) -> None:
    green, orange = office.items[:2]
    both = await office.slot(FAR, capacity=1)
    await taken(office, both, item=orange)
    good(await ask(office, office.citizen(), item_code=orange), 201)
    await office.slot(FAR, capacity=1, rule_code="R2", item_codes=[orange])

    refused = problem(await ask(office, office.citizen(), item_code=green), 409, "places-free")

    [time] = refused["alternatives"]
    assert datetime.fromisoformat(time["starts_at"]) == FAR


async def test_who_is_offered_a_place_is_let_know_while_it_is_kept_for_them(
    office: Office, jobs: Jobs
) -> None:
    _, held, owner, (first, _) = await line_of(office)
    good(await office.do(held, "cancel", owner))
    await jobs()
    offer = await offered(office, first)

    [notice] = [one for one in await office.events("notice.due") if one["about_id"] == offer["id"]]
    known = await handed(office, "waitlist_offer", offer["id"])

    assert notice["kind"] == "waitlist_offer"
    until = datetime.fromisoformat(offer["expires_at"])
    assert datetime.fromisoformat(notice["useful_until"]) == until
    assert known["applies"]
    for name in ("starts_at", "expires_at"):
        said = datetime.fromisoformat(known["facts"][name])
        assert said == datetime.fromisoformat(offer[name])
    good(await office.do(offer, "confirm", first))
    assert not (await handed(office, "waitlist_offer", offer["id"]))["applies"]
