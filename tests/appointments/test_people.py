"""One person, however named: by account, by ID number or by phone, and however it is typed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.booking import settling
from services.appointments.people.rules import Person
from shared.database.engine import Sessions
from shared.ids import new_id
from tests.appointments import offices
from tests.appointments.conftest import Identify
from tests.appointments.offices import NINE, Office, id_number, person
from tests.appointments.queue_helpers import Floor, good, problem

TEN, THREE = NINE + timedelta(hours=1), NINE + timedelta(hours=6)
FULL_WIDTH = {ord(half): chr(ord(half) + 0xFEE0) for half in "0123456789X"}


async def test_caps_count_a_person_by_phone_or_by_id_number(office: Office) -> None:
    slot = await office.slot(TEN, 9, pool="assisted")
    by_phone, by_id = person(), person(id_number=id_number())
    await office.hold(slot, headers=office.clerk(), citizen=by_phone)
    await office.hold(slot, headers=office.clerk(), citizen=by_id)

    for again in (by_phone, {**by_id, "phone": person()["phone"]}):
        answer = await office.ask(slot, headers=office.clerk(), citizen=again)
        problem(answer, 409, "already-booked")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("phone", lambda plain: f"+86 {plain[:3]}-{plain[3:7]}-{plain[7:]}"),
        ("phone", lambda plain: f"0086{plain}"),
        ("phone", lambda plain: plain.translate(FULL_WIDTH)),
        ("id_number", str.lower),
        ("id_number", lambda p: f"{p[:6]} {p[6:14]} {p[14:]}".translate(FULL_WIDTH)),
    ],
)
async def test_the_cap_knows_a_person_however_the_number_is_typed(
    office: Office, field: str, typed: Callable[[str], str]
) -> None:
    slot, clerk = await office.slot(TEN, 9, pool="assisted"), office.clerk()
    plain = person(id_number=id_number()) if field == "id_number" else person()
    await office.hold(slot, headers=clerk, citizen=plain)

    other = {**plain, "phone": person()["phone"], field: typed(plain[field])}
    again = await office.ask(slot, headers=clerk, citizen=other)

    problem(again, 409, "already-booked")


async def book_for(office: Office, who: dict[str, str], days: int = 0) -> dict[str, Any]:
    at = THREE + timedelta(days=days)
    slot = await office.slot(at, pool="assisted", rule_code=f"R{new_id().hex[-6:]}")
    return await office.hold(slot, headers=office.clerk(), citizen=who)


async def test_what_a_clerk_booked_for_me_is_mine_once_my_account_is_verified(
    office: Office, identify: Identify
) -> None:
    account, who = new_id(), person(id_number=id_number())
    me, held = office.citizen(str(account)), await book_for(office, who)
    own = await office.hold(await office.slot(TEN), headers=me)
    url = f"appointments/{held['id']}"
    problem(await office.get(url, headers=me), 404, "not-found")

    await identify(account, who)

    listed = good(await office.get("appointments", headers=me))["items"]
    assert {one["id"] for one in listed} == {held["id"], own["id"]}
    good(await office.get(url, headers=me))
    good(await office.do(held, "confirm", me))
    good(await office.do(held, "cancel", me))


async def test_it_holds_for_what_was_booked_before(office: Office, identify: Identify) -> None:
    account, who = new_id(), person(id_number=id_number())
    own = await office.hold(await office.slot(THREE), headers=office.citizen(str(account)))

    await identify(account, who)

    same = await office.slot(THREE, pool="assisted", rule_code="R9")
    answer = await office.ask(same, headers=office.clerk(), citizen=who, item=office.items[1])
    assert problem(answer, 409, "overlapping-appointment")["code"] == own["code"]


@pytest.mark.parametrize("numbers", [("phone",), ("id_number",), ("phone", "id_number")])
async def test_account_and_numbers_are_one_person_for_overlap(
    office: Office, identify: Identify, numbers: tuple[str, ...]
) -> None:
    account, who = new_id(), person(id_number=id_number())
    await identify(account, {name: who[name] for name in numbers})
    await book_for(office, who)

    slot = await office.slot(THREE, rule_code="R9")
    answer = await office.ask(slot, headers=office.citizen(str(account)), item=office.items[1])

    problem(answer, 409, "overlapping-appointment")


async def test_one_phone_with_two_id_numbers_is_two_people(
    office: Office, identify: Identify
) -> None:
    account, mother = new_id(), person(id_number=id_number())
    child = {**mother, "id_number": id_number()}
    await identify(account, mother)
    hers = await book_for(office, mother)

    await book_for(office, child)

    listed = good(await office.get("appointments", headers=office.citizen(str(account))))["items"]
    assert [one["id"] for one in listed] == [hers["id"]]


async def test_a_booking_by_phone_alone_counts_for_all_of_that_phone(office: Office) -> None:
    mother = person(id_number=id_number())
    child = {**mother, "id_number": id_number()}
    await book_for(office, {"name": mother["name"], "phone": mother["phone"]})
    slot = await office.slot(THREE, pool="assisted", rule_code="R9")

    for who in (mother, child):
        answer = await office.ask(slot, headers=office.clerk(), citizen=who, item=office.items[1])
        problem(answer, 409, "overlapping-appointment")


async def test_two_halls_that_book_for_one_person_at_once_give_one_appointment(
    office: Office,
) -> None:
    there = await offices.build(office.client, office.sign, office.owner, office.clock)
    for hour in range(4):
        who, at = person(id_number=id_number()), TEN + timedelta(hours=hour)
        slots = [await hall.slot(at, pool="assisted") for hall in (office, there)]
        answers = await asyncio.gather(
            *(
                hall.ask(slot, headers=hall.clerk(), citizen=who)
                for hall, slot in zip((office, there), slots, strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_several_of_one_family_at_once_all_get_their_place(office: Office) -> None:
    phone = person()["phone"]
    family = [person(phone=phone, id_number=id_number()) for _ in range(5)]
    slot = await office.slot(THREE, 9, pool="assisted")

    answers = await asyncio.gather(
        *(office.ask(slot, headers=office.clerk(), citizen=who) for who in family)
    )

    assert [answer.status_code for answer in answers] == [201] * 5
    assert await office.booked(slot) == 5


async def test_a_bar_holds_for_the_person_however_they_book(
    office: Office, identify: Identify, sessions: Sessions
) -> None:
    account, who = new_id(), person(id_number=id_number())
    await identify(account, who)
    url = f"/api/v1/policies/{office.code}"
    limit = {"no_show_limit": 2, "version": 0}
    good(await office.client.put(url, json=limit, headers=office.manager()))
    me = office.citizen(str(account))
    first = await office.hold(await office.slot(NINE + timedelta(days=1)), headers=me)
    slot = await office.slot(NINE + timedelta(days=2), pool="assisted")
    second = await office.hold(slot, headers=office.clerk(), citizen=who)
    for held in (first, second):
        good(await office.do(held, "confirm", office.clerk()))
    office.clock.at = NINE + timedelta(days=2, hours=1)

    async with sessions() as session, session.begin():
        await settling.miss_absent(session, office.clock.at)

    later = NINE + timedelta(days=4)
    problem(await office.ask(await office.slot(later), headers=me), 403, "booking-barred")
    other = await office.slot(later, pool="assisted")
    answer = await office.ask(other, headers=office.clerk(), citizen=who)
    barred = problem(answer, 403, "booking-barred")
    [mine] = good(await office.get("penalties", headers=me))["items"]
    assert mine["id"] == barred["penalty_id"]


async def test_an_older_check_of_the_identity_changes_nothing(
    office: Office, identify: Identify
) -> None:
    account, old, new = new_id(), person(id_number=id_number()), person(id_number=id_number())
    held = await book_for(office, new)

    await identify(account, new, version=2)
    await identify(account, old, version=1)

    listed = good(await office.get("appointments", headers=office.citizen(str(account))))["items"]
    assert [one["id"] for one in listed] == [held["id"]]


async def test_an_identity_that_was_corrected_lets_go_of_the_strangers_bookings(
    office: Office, identify: Identify
) -> None:
    account, stranger = new_id(), person(id_number=id_number())
    held = await book_for(office, stranger)
    await identify(account, stranger, version=1)
    await identify(account, person(id_number=id_number()), version=2)

    me = office.citizen(str(account))
    assert good(await office.get("appointments", headers=me))["items"] == []
    problem(await office.get(f"appointments/{held['id']}", headers=me), 404, "not-found")


async def test_the_elderly_credit_is_the_verified_accounts_own(
    hall: Callable[..., Awaitable[Floor]], identify: Identify
) -> None:
    floor, account, who = await hall(), new_id(), person(id_number=id_number())
    await floor.open()
    me = floor.sign("citizen", sub=str(account))

    async def ask(number: str) -> Any:
        evidence = {"kind": "id_number", "value": number}
        headers = {**me, "Idempotency-Key": new_id().hex}
        return await floor.ask_ticket(**{"class": "elderly"}, evidence=evidence, headers=headers)

    problem(await ask(who["id_number"]), 422, "evidence-refused")
    await identify(account, who)
    problem(await ask(id_number()), 422, "evidence-refused")
    good(await ask(who["id_number"]), 201)
    [entry] = good(await floor.get("queue"))["items"]
    assert (entry["class"], entry["credit_minutes"]) == ("elderly", 60)


_DIGESTS = st.none() | st.sampled_from(["a", "b"])
_PEOPLE = st.builds(Person, st.sampled_from(["sub:1", "sub:2", "tel:1"]), _DIGESTS, _DIGESTS)


class _Thing:
    def __init__(self, of: Person) -> None:
        self.citizen_key, self.person_document, self.person_phone = of


@given(_PEOPLE, _PEOPLE)
def test_nobody_owns_what_names_the_id_number_of_another(me: Person, other: Person) -> None:
    owns = me.owns(_Thing(other))

    assert me.owns(_Thing(me))
    if me.citizen_key != other.citizen_key and other.document is not None:
        assert owns == (me.document == other.document)
    if me.citizen_key != other.citizen_key and other.document is None:
        accounts = me.has_account and other.has_account
        assert owns == (not accounts and me.phone is not None and me.phone == other.phone)
