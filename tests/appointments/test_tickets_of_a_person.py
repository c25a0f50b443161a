"""A ticket is its person's own, however the person was named when it was taken."""

from shared.ids import new_id
from tests.appointments.conftest import Build, Identify
from tests.appointments.offices import id_number, person
from tests.appointments.queue_helpers import good, problem


async def test_one_ticket_an_item_for_a_person_with_two_accounts(
    hall: Build, identify: Identify
) -> None:
    floor, who = await hall(), person(id_number=id_number())
    await floor.open()
    accounts = [new_id(), new_id()]
    for account in accounts:
        await identify(account, who)
    first, second = (
        {**floor.sign("citizen", sub=str(account)), "Idempotency-Key": new_id().hex}
        for account in accounts
    )

    await floor.issue(headers=first)

    problem(await floor.ask_ticket(headers=second), 409, "already-ticketed")


async def test_a_ticket_taken_by_the_id_number_is_the_verified_accounts_own(
    hall: Build, identify: Identify
) -> None:
    """Issued before or after the account was verified, served or not."""
    floor, account, who = await hall(), new_id(), person(id_number=id_number())
    await floor.open()
    evidence = {"kind": "id_number", "value": who["id_number"]}
    taken = await floor.issue(**{"class": "elderly"}, evidence=evidence)
    me = floor.sign("citizen", sub=str(account))

    def anew() -> dict[str, str]:
        return {**me, "Idempotency-Key": new_id().hex}

    url = f"/api/v1/tickets/{taken['id']}"
    problem(await floor.client.get(url, headers=me), 404, "not-found")

    await identify(account, who)

    good(await floor.client.get(url, headers=me))
    [listed] = good(await floor.client.get("/api/v1/tickets", headers=me))["items"]
    assert listed["id"] == taken["id"]
    again = problem(await floor.ask_ticket(headers=anew()), 409, "already-ticketed")
    assert again["ticket_id"] == taken["id"]
    await floor.done(taken, "abandon", headers=anew())
    again = await floor.issue(headers=anew())
    await identify(account, person(id_number=id_number()), version=2)
    good(await floor.client.get(f"/api/v1/tickets/{again['id']}", headers=me))
    problem(await floor.client.get(url, headers=me), 404, "not-found")


async def test_a_finish_is_not_undone_for_who_has_a_new_ticket_by_another_account(
    hall: Build, identify: Identify
) -> None:
    floor, who, accounts = await hall(), person(id_number=id_number()), [new_id(), new_id()]
    await floor.open()
    for account in accounts:
        await identify(account, who)
    first, second = (
        {**floor.sign("citizen", sub=str(account)), "Idempotency-Key": new_id().hex}
        for account in accounts
    )
    ticket = await floor.issue(headers=first)
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "finish", outcome="done")
    await floor.issue(headers=second)
    problem(await floor.do(ticket, "undo"), 409, "ticketed-again")
