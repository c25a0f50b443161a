"""One place in line a person, however named, and who may see it."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from tests.appointments.conftest import Identify
from tests.appointments.offices import Office, id_number, person
from tests.appointments.queue_helpers import good, problem
from tests.appointments.release_line import FAR, MINUTE, Line
from tests.appointments.test_notices import due, handed
from tests.provoking import provokes


@provokes("join_release", "already-in-line")
async def test_two_joins_at_once_with_one_account_are_one(line: Line, office: Office) -> None:
    await line.announce()
    me = office.citizen()

    answers = await asyncio.gather(*(line.ask_to_join(me) for _ in range(5)))

    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409]
    [made] = [one.json() for one in answers if one.status_code == 201]
    refused = problem(await line.ask_to_join(me), 409, "already-in-line")
    assert (refused["entry_id"], refused["state"]) == (made["id"], "waiting")
    assert len(await line.events("release_entry.joined")) == 1


async def test_one_person_is_one_person_however_named(
    line: Line, office: Office, identify: Identify
) -> None:
    await line.announce()
    who, account = person(id_number=id_number()), uuid4()
    await identify(account, who)
    me = office.citizen(str(account))

    both = await asyncio.gather(line.ask_to_join(me), line.ask_to_join(office.clerk(), citizen=who))

    assert sorted(one.status_code for one in both) == [201, 409]
    problem(await line.ask_to_join(office.clerk(), citizen=who), 409, "already-in-line")
    problem(await line.ask_to_join(me), 409, "already-in-line")
    [mine] = good(await office.get("release-entries", headers=me))["items"]
    assert mine["release_id"] == line.id


async def test_what_staff_joined_for_is_the_persons_once_their_account_is_known(
    line: Line, office: Office, identify: Identify
) -> None:
    slot = await office.slot(FAR)
    await line.announce()
    who, account = person(id_number=id_number()), uuid4()
    await line.join(office.clerk(), citizen=who)
    await identify(account, who)
    await line.open()

    good(await office.ask(slot, headers=office.citizen(str(account))), 201)


async def test_a_place_in_line_is_shown_to_its_owner_and_the_staff_of_the_hall(
    line: Line, office: Office
) -> None:
    await line.announce()
    who = await line.join()
    office.clock.at += MINUTE
    await line.join(office.clerk(), citizen=person(name="李红"))
    url = f"release-entries/{who.id}"

    for stranger in (office.citizen(), office.sign("clerk", "H999")):
        problem(await office.get(url, headers=stranger), 404, "not-found")
        gone = await office.client.delete(f"/api/v1/{url}", headers=stranger)
        problem(gone, 404, "not-found")
    assert good(await office.get(url, headers=office.clerk()))["id"] == who.id
    problem(await office.get("release-entries", headers=office.clerk()), 422, "invalid-request")
    params = {"release": line.id}
    listed = good(await office.get("release-entries", params=params, headers=office.clerk()))
    assert [one["citizen"] and one["citizen"]["name"][0] for one in listed["items"]] == [None, "李"]
    other = office.sign("clerk", "H999")
    problem(await office.get("release-entries", params=params, headers=other), 404, "not-found")
    first = await office.get(
        "release-entries", params={**params, "limit": 1}, headers=office.clerk()
    )
    cursor = good(first)["next_cursor"]
    rest = {**params, "cursor": cursor}
    second = good(await office.get("release-entries", params=rest, headers=office.clerk()))
    assert [one["id"] for one in second["items"]] == [listed["items"][1]["id"]]


async def test_whose_turn_it_is_is_let_know(
    line: Line, office: Office, owner: asyncpg.Connection
) -> None:
    await office.slot(FAR, capacity=3)
    await line.announce()
    account, who = str(uuid4()), person()
    mine = await line.join(office.citizen(account))
    theirs = await line.join(office.clerk(), citizen=who)
    assert not (await handed(office, "release_turn", mine.id))["applies"]
    await line.open()

    [notice] = await due(owner, mine.id)
    seen = await mine.see()
    known = await handed(office, "release_turn", mine.id)
    assert notice["kind"] == "release_turn"
    assert (known["account_id"], known["facts"]["title"]) == (account, "元旦登记放号")
    assert datetime.fromisoformat(notice["useful_until"]) == datetime.fromisoformat(
        seen["expires_at"]
    )
    assert (await handed(office, "release_turn", theirs.id))["phone"] == who["phone"]
    await mine.leave()
    assert not (await handed(office, "release_turn", mine.id))["applies"]


@provokes("join_release", "booking-barred")
async def test_who_is_barred_for_no_shows_cannot_join(
    line: Line, office: Office, owner: asyncpg.Connection
) -> None:
    await line.announce()
    me = f"citizen-{uuid4().hex}"
    missed = await office.hold(
        await office.slot(FAR + timedelta(days=9)), headers=office.citizen(me)
    )
    await owner.execute(
        "INSERT INTO penalty (id, hall_code, citizen_key, appointment_id, no_shows, policy_version,"
        " blocked_from, blocked_until) VALUES ($1, $2, $3, $4, 3, 0, $5, $6)",
        uuid4(),
        office.code,
        f"sub:{me}",
        UUID(missed["id"]),
        office.clock.at,
        office.clock.at + timedelta(days=9),
    )

    refused = problem(await line.ask_to_join(office.citizen(me)), 403, "booking-barred")

    assert UUID(refused["penalty_id"])


async def test_every_release_of_a_hall_is_listed_for_everybody(line: Line, office: Office) -> None:
    first = await line.announce()
    second = await line.announce(item_codes=[office.items[1]])
    good(await line.withdraw())

    listed = good(await office.get("releases", params={"hall": office.code}))["items"]
    announced = {"hall": office.code, "state": "announced"}

    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    [left] = good(await office.get("releases", params=announced))["items"]
    assert left == good(await office.get(f"releases/{first['id']}"))
    problem(await office.get(f"releases/{uuid4()}"), 404, "not-found")
