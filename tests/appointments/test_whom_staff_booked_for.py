"""An appointment is for whom staff named when they booked it, whoever else has the same phone."""

from datetime import timedelta
from typing import Any

import asyncpg

from services.appointments.booking import settling
from shared.database.engine import Sessions
from tests.appointments import offices
from tests.appointments.offices import KEYRING, NINE, Office, person
from tests.appointments.queue_helpers import good
from tests.sealed_cells import faults

TEN = NINE + timedelta(hours=1)
NEXT_DAY = NINE + timedelta(days=1)


async def book(office: Office, name: str, phone: str, item: int = 0, **at: Any) -> dict[str, Any]:
    slot = await office.slot(TEN + timedelta(**at), pool="assisted", rule_code=f"R{item}")
    who = {"name": name, "phone": phone}
    held = await office.hold(slot, headers=office.clerk(), citizen=who, item=office.items[item])
    return good(await office.do(held, "confirm", office.clerk()))


async def contact(office: Office, one: dict[str, Any]) -> tuple[str, str]:
    done = good(await office.do(one, "contact", office.clerk(), purpose="通知改期"))
    return done["name"], done["phone"]


async def shown(office: Office, one: dict[str, Any]) -> str:
    seen = good(await office.get(f"appointments/{one['id']}", headers=office.clerk()))
    return str(seen["citizen"]["name"])


async def test_a_later_booking_under_the_same_phone_renames_nobody(office: Office) -> None:
    there = await offices.build(office.client, office.sign, office.owner, office.clock)
    phone = person()["phone"]
    first = await book(office, "张三丰", phone)
    second = await book(office, "李四光", phone, item=1, hours=2)
    third = await book(there, "周伯通", phone, hours=4)

    assert [await shown(*each) for each in ((office, first), (office, second), (there, third))] == [
        "张**",
        "李**",
        "周**",
    ]
    assert await contact(office, first) == ("张三丰", phone)
    assert await contact(office, second) == ("李四光", phone)
    day = {"hall": office.code, "on": "2026-11-24"}
    listed = good(await office.get("appointments", headers=office.clerk(), params=day))["items"]
    assert [one["citizen"]["name"] for one in listed] == ["张**", "李**"]


async def test_it_is_still_for_them_once_it_is_moved(office: Office) -> None:
    phone = person()["phone"]
    first = await book(office, "张三丰", phone)
    await book(office, "李四光", phone, item=1, hours=2)
    later = await office.slot(NEXT_DAY, pool="assisted")

    moved = good(await office.do(first, "reschedule", office.clerk(), slot_ids=[str(later)]), 201)

    assert moved["citizen"]["name"] == "张**"
    assert await contact(office, moved) == ("张三丰", phone)


async def test_a_penalty_names_who_missed_the_appointment(
    office: Office, sessions: Sessions
) -> None:
    url, limit = f"/api/v1/policies/{office.code}", {"no_show_limit": 1, "version": 0}
    good(await office.client.put(url, json=limit, headers=office.manager()))
    phone = person()["phone"]
    missed = await book(office, "张三丰", phone)
    await book(office, "李四光", phone, item=1, hours=6)
    async with sessions() as session, session.begin():
        await settling.miss_absent(session, TEN + timedelta(hours=1))

    asked = {"hall": office.code}
    [penalty] = good(await office.get("penalties", headers=office.clerk(), params=asked))["items"]

    assert penalty["appointment_id"] == missed["id"]
    assert penalty["citizen"]["name"] == "张**"


async def test_what_was_booked_before_it_kept_a_name_is_named_as_the_person_was_last(
    office: Office,
) -> None:
    phone = person()["phone"]
    old = await book(office, "张三丰", phone)
    await office.owner.execute(
        "UPDATE appointment SET name_sealed = NULL, phone_sealed = NULL WHERE id = $1", old["id"]
    )

    assert await shown(office, old) == "张**"
    assert await contact(office, old) == ("张三丰", phone)


async def test_the_name_is_sealed_with_its_appointment(
    office: Office, owner: asyncpg.Connection
) -> None:
    held = await book(office, "张三丰", person()["phone"])

    cell = await owner.fetchval("SELECT name_sealed FROM appointment WHERE id = $1", held["id"])

    assert KEYRING.open(cell, where="appointment.name", row=held["id"]) == "张三丰"
    assert [fault async for fault in faults("appointments", owner)] == []
