"""Two accounts with one phone: each counts for the other, and none sees or gives up the other's."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from services.appointments.booking import settling
from shared.database.engine import Sessions
from shared.ids import new_id
from tests.appointments.conftest import Identify
from tests.appointments.offices import NINE, Office, id_number, person
from tests.appointments.queue_helpers import Floor, good, problem
from tests.appointments.test_people import book_for

TEN, THREE = NINE + timedelta(hours=1), NINE + timedelta(hours=6)


@pytest.mark.parametrize("numbers", [("phone",), ("phone", "id_number")])
async def test_what_an_account_books_is_not_that_of_another_account_with_the_same_phone(
    office: Office, identify: Identify, sessions: Sessions, numbers: tuple[str, ...]
) -> None:
    wife, husband, who = new_id(), new_id(), person(id_number=id_number())
    await identify(wife, {"phone": who["phone"]})
    await identify(husband, {name: who[name] for name in numbers})
    hers, his = office.citizen(str(wife)), office.citizen(str(husband))
    policy, limit = f"/api/v1/policies/{office.code}", {"no_show_limit": 1, "version": 0}
    good(await office.client.put(policy, json=limit, headers=office.manager()))
    held = await office.hold(await office.slot(THREE), headers=hers)
    good(await office.do(held, "confirm", hers))
    shared = await book_for(office, {"name": who["name"], "phone": who["phone"]}, days=1)

    listed = good(await office.get("appointments", headers=his))["items"]
    assert [one["id"] for one in listed] == [shared["id"]]
    problem(await office.get(f"appointments/{held['id']}", headers=his), 404, "not-found")
    problem(await office.do(held, "cancel", his), 404, "not-found")
    later = [str(await office.slot(THREE + timedelta(hours=1)))]
    problem(await office.do(held, "reschedule", his, slot_ids=later), 404, "not-found")

    office.clock.at = THREE + timedelta(hours=1)
    async with sessions() as session, session.begin():
        await settling.miss_absent(session, office.clock.at)
    assert good(await office.get("penalties", headers=his))["items"] == []
    slot = await office.slot(THREE + timedelta(days=2))
    problem(await office.ask(slot, headers=hers), 403, "booking-barred")
    good(await office.ask(slot, headers=his), 201)


@pytest.mark.parametrize("numbers", [("phone",), ("phone", "id_number")])
async def test_nobody_sees_or_gives_up_the_ticket_of_another_account_with_the_same_phone(
    hall: Callable[..., Awaitable[Floor]], identify: Identify, numbers: tuple[str, ...]
) -> None:
    floor, who = await hall(), person(id_number=id_number())
    wife, husband = new_id(), new_id()
    await identify(wife, {"phone": who["phone"]})
    await identify(husband, {name: who[name] for name in numbers})
    hers, his = (floor.sign("citizen", sub=str(sub)) for sub in (wife, husband))
    ticket = await floor.issue(headers={**hers, "Idempotency-Key": new_id().hex})

    problem(await floor.do(ticket, "abandon", headers=his), 404, "not-found")
    assert good(await floor.client.get("/api/v1/tickets", headers=his))["items"] == []
    good(await floor.do(ticket, "abandon", headers=hers))


@pytest.mark.parametrize("against", ["item", "time", "cap"])
async def test_who_counts_by_the_phone_of_another_account_is_not_sent_to_what_they_cannot_see(
    office: Office, identify: Identify, against: str
) -> None:
    policy, caps = f"/api/v1/policies/{office.code}", {"per_day": 1}
    good(
        await office.client.put(policy, json={"caps": caps, "version": 0}, headers=office.manager())
    )
    phone, accounts = {"phone": person()["phone"]}, [new_id(), new_id()]
    for account in accounts:
        await identify(account, phone)
    hers, his = (office.citizen(str(account)) for account in accounts)
    await office.hold(await office.slot(THREE), headers=hers)

    at, item = {"item": (5, 0), "time": (0, 1), "cap": (1, 1)}[against]
    slot = await office.slot(THREE - timedelta(hours=at), rule_code="R2")
    answer = await office.ask(slot, headers=his, item=office.items[item])

    slugs = {"item": "already-booked", "time": "overlapping-appointment"}
    refused = problem(answer, 409, slugs.get(against, "too-many-appointments"))
    assert "您的手机号还有另一个账号或另一人在用" in refused["detail"]
    assert ("code" in refused, "取消" in refused["detail"]) == (False, False)


async def test_who_holds_no_ticket_but_by_the_phone_of_another_account_is_sent_to_a_window(
    hall: Callable[..., Awaitable[Floor]], identify: Identify
) -> None:
    floor, phone, accounts = await hall(), {"phone": person()["phone"]}, [new_id(), new_id()]
    for account in accounts:
        await identify(account, phone)
    hers, his = (
        {**floor.sign("citizen", sub=str(sub)), "Idempotency-Key": new_id().hex} for sub in accounts
    )
    await floor.issue(headers=hers)

    refused = problem(await floor.ask_ticket(headers=his), 409, "already-ticketed")

    assert "您的手机号还有另一个账号或另一人在用" in refused["detail"]
    assert ("number" in refused, "放弃" in refused["detail"]) == (False, False)
