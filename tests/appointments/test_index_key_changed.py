"""One person is one person though the index key was changed between two bookings."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.appointments.booking import settling
from shared.ids import new_id
from shared.security.crypto import Keyring
from shared.security.index_chain import UnknownIndexKey
from tests.appointments import index_keys
from tests.appointments.index_keys import NEW, OLD, TEN, Halls, book, lift, own, refused
from tests.appointments.offices import NINE, SIGN, id_number, person
from tests.appointments.queue_helpers import good, problem
from tests.support import Databases, Tokens


@pytest.fixture(scope="session")
def chained(databases: Databases) -> Urls:
    return databases.new("appointments", "appointments_chained")


@pytest.fixture
async def halls(chained: Urls, bus: NatsServer, tokens: Tokens, as_: SIGN) -> AsyncIterator[Halls]:
    async with index_keys.open_halls(chained, bus, tokens, as_) as made:
        await lift(made)  # what another test left
        yield made


@pytest.mark.parametrize("numbers", [("phone",), ("id_number",), ("phone", "id_number")])
@pytest.mark.parametrize("swept", [False, True])
async def test_what_was_booked_before_counts_for_who_books_after(
    halls: Halls, numbers: tuple[str, ...], *, swept: bool
) -> None:
    account, who = new_id(), person(id_number=id_number())
    await halls.identify(account, {name: who[name] for name in numbers}, OLD)
    held = await book(halls, who)
    by_phone = person()
    alone = await book(halls, by_phone)
    me = halls.office.citizen(str(account))
    async with halls.changed():
        if swept:
            assert (await lift(halls)).left == 0
        await refused(halls, me)
        for again, code in ((who, held["code"]), (by_phone, alone["code"])):
            told = await refused(halls, halls.office.clerk(), citizen=again)
            assert told["code"] == code
        if "id_number" in numbers:
            assert await own(halls, me) == {held["id"]}
            good(await halls.office.do(held, "confirm", me))
        url = f"appointments/{alone['id']}/contact"
        purpose = {"purpose": "通知改期"}
        clerk = halls.office.clerk()
        read = await halls.office.client.post(f"/api/v1/{url}", json=purpose, headers=clerk)
        assert good(read)["phone"] == by_phone["phone"]


@pytest.mark.parametrize("sender", [OLD, NEW], ids=["not restarted yet", "restarted"])
async def test_an_account_that_is_identified_after_the_change_owns_what_was_before(
    halls: Halls, sender: Keyring
) -> None:
    account, who = new_id(), person(id_number=id_number())
    held = await book(halls, who)
    me = halls.office.citizen(str(account))
    async with halls.changed():
        await halls.identify(account, who, sender)
        assert await own(halls, me) == {held["id"]}
        await refused(halls, me)
        await lift(halls)
        assert await own(halls, me) == {held["id"]}


async def test_an_event_of_a_key_that_is_not_loaded_waits_and_is_not_taken_for_another_person(
    halls: Halls,
) -> None:
    account, who = new_id(), person(id_number=id_number())
    with pytest.raises(UnknownIndexKey):
        await halls.identify(account, who, NEW)
    known = "SELECT count(*) FROM verified_account WHERE citizen_key = $1"
    assert await halls.owner.fetchval(known, f"sub:{account}") == 0


async def test_what_is_moved_after_the_change_still_counts(halls: Halls) -> None:
    who = person(id_number=id_number())
    held = await book(halls, who)
    good(await halls.office.do(held, "confirm", halls.office.clerk()))
    async with halls.changed():
        slot = await halls.office.slot(TEN, pool="assisted")
        clerk = halls.office.clerk()
        moved = good(await halls.office.do(held, "reschedule", clerk, slot_ids=[str(slot)]), 201)
        same = await halls.office.slot(TEN, pool="assisted", rule_code="R9")
        answer = await halls.office.ask(
            same, headers=clerk, citizen=who, item=halls.office.items[1]
        )
        assert problem(answer, 409, "overlapping-appointment")["code"] == moved["code"]
        named = "SELECT citizen_key, person_document FROM appointment WHERE id = $1"
        [row] = await halls.owner.fetch(named, UUID(moved["id"]))
        assert all(NEW.index.prefix in digest for digest in row)


async def test_a_bar_from_before_the_change_holds_after_it(halls: Halls) -> None:
    account, who, office = new_id(), person(id_number=id_number()), halls.office
    await halls.identify(account, who, OLD)
    limit = {"no_show_limit": 1, "version": 0}
    url = f"/api/v1/policies/{office.code}"
    good(await office.client.put(url, json=limit, headers=office.manager()))
    held = await office.hold(
        await office.slot(NINE + timedelta(days=1), pool="assisted"),
        headers=office.clerk(), citizen=who,
    )  # fmt: skip
    good(await office.do(held, "confirm", office.clerk()))
    office.clock.at = NINE + timedelta(days=1, hours=1)
    async with halls.sessions() as sessions, sessions() as session, session.begin():
        await settling.miss_absent(session, office.clock.at)
    me, later = office.citizen(str(account)), NINE + timedelta(days=4)
    async with halls.changed():
        other = await office.slot(later, pool="assisted")
        by_clerk = await office.ask(other, headers=office.clerk(), citizen=who)
        assert problem(by_clerk, 403, "booking-barred")["penalty_id"]
        problem(await office.ask(await office.slot(later), headers=me), 403, "booking-barred")
        assert len(await own(halls, me, "penalties")) == 1


async def test_no_shows_on_both_sides_of_the_change_are_counted_together(halls: Halls) -> None:
    who, office = person(id_number=id_number()), halls.office
    limit = {"no_show_limit": 2, "version": 0}
    url = f"/api/v1/policies/{office.code}"
    good(await office.client.put(url, json=limit, headers=office.manager()))

    async def miss(day: int) -> None:
        slot = await office.slot(NINE + timedelta(days=day), pool="assisted")
        held = await office.hold(slot, headers=office.clerk(), citizen=who)
        good(await office.do(held, "confirm", office.clerk()))
        office.clock.at = NINE + timedelta(days=day, hours=1)
        async with halls.sessions() as sessions, sessions() as session, session.begin():
            await settling.miss_absent(session, office.clock.at)

    await miss(1)
    async with halls.changed():
        await miss(2)
        slot = await office.slot(NINE + timedelta(days=4), pool="assisted")
        answer = await office.ask(slot, headers=office.clerk(), citizen=who)
        problem(answer, 403, "booking-barred")


async def test_one_ticket_an_item_and_one_for_a_proof_across_the_change(halls: Halls) -> None:
    account, who, floor = new_id(), person(id_number=id_number()), halls.floor
    await floor.open()
    await halls.identify(account, who, OLD)
    me = floor.sign("citizen", sub=str(account))
    evidence = {"kind": "id_number", "value": who["id_number"]}
    card = {"kind": "certificate", "number": f"军人证-{uuid4().hex}"}
    veteran = {"class": "military", "evidence": card}
    taken = await floor.issue(**{"class": "elderly"}, evidence=evidence)
    carded = await floor.issue(**veteran)

    def anew() -> dict[str, str]:
        return {**me, "Idempotency-Key": uuid4().hex}

    async with halls.changed():
        by_account = problem(await floor.ask_ticket(headers=anew()), 409, "already-ticketed")
        assert by_account["ticket_id"] == taken["id"]
        problem(await floor.ask_ticket(**{"class": "elderly"}, evidence=evidence), 409,
                "already-ticketed")  # fmt: skip
        problem(await floor.ask_ticket(**veteran), 409, "already-ticketed")
        assert await own(halls, me, "tickets") == {taken["id"]}
        shown = await floor.client.get(
            f"/api/v1/tickets/{carded['id']}", headers={"Ticket-Key": carded["ticket_key"]}
        )
        good(shown)
        await lift(halls)
        problem(await floor.ask_ticket(**veteran), 409, "already-ticketed")
        problem(await floor.ask_ticket(headers=anew()), 409, "already-ticketed")


async def test_the_newer_contact_counts_where_a_person_was_met_under_both_keys(
    halls: Halls,
) -> None:
    who = person()
    await book(halls, who)
    old = "tel:" + OLD.phone_index(who["phone"], where="citizen.phone")
    [row] = await halls.owner.fetch("SELECT * FROM citizen WHERE key = $1", old)
    new = "tel:" + NEW.phone_index(who["phone"], where="citizen.phone")
    await halls.owner.execute(
        "INSERT INTO citizen (key, name_sealed, phone_sealed, updated_at) VALUES ($1, $2, $3, $4)",
        new,
        NEW.seal("新名", where="citizen.name", row=new),
        NEW.seal(who["phone"], where="citizen.phone", row=new),
        row["updated_at"] + timedelta(hours=1),
    )
    assert (await lift(halls)).left == 0
    kept = "SELECT key, name_sealed FROM citizen WHERE key = ANY($1)"
    [found] = await halls.owner.fetch(kept, [row["key"], new])
    assert found["key"] == new
    assert NEW.open(found["name_sealed"], where="citizen.name", row=new) == "新名"
