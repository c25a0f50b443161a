"""Who lost their time is somebody to be called: found over all days, reached, and helped."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from services.appointments.booking import healing
from shared.database.engine import Sessions
from shared.security.personal import mask_phone
from tests.appointments import offices
from tests.appointments.offices import NINE, Office, person
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

REASON = "窗口设备故障，已电话致歉"
PURPOSE = "时段撤销，联系改约"


async def _orphan(office: Office, day: int, **options: Any) -> dict[str, Any]:
    """An appointment that lost its time, as staff booked it unless `headers` say otherwise."""
    who = {} if "headers" in options else {"headers": office.clerk(), "citizen": person()}
    pool = "assisted" if who else "online"
    slot = await office.slot(NINE + timedelta(days=day), pool=pool)
    held = await office.hold(slot, **(who or options))
    good(await office.do(held, "confirm", who.get("headers") or options["headers"]))
    await office.owner.execute(
        "UPDATE appointment SET state = 'orphaned' WHERE id = $1", UUID(held["id"])
    )
    await office.owner.execute(
        "UPDATE slot SET booked = 0, state = 'withdrawn' WHERE id = $1", slot
    )
    return held


async def without_a_time(office: Office, at: datetime, **options: Any) -> UUID:
    """Somebody whose time the hall took: the id of their appointment."""
    slot = await office.slot(
        at, rule_code=f"X{uuid4().hex[:6]}", pool=options.pop("pool", "online")
    )
    me = options.pop("headers", None) or office.citizen()
    held = await office.hold(slot, headers=me, **options)
    good(await office.do(held, "confirm", me))
    await office.owner.execute("UPDATE slot SET state='withdrawn', booked=0 WHERE id=$1", slot)
    await office.owner.execute("UPDATE appointment SET state='orphaned' WHERE id=$1", held["id"])
    return UUID(held["id"])


async def _contact(
    office: Office, held: dict[str, Any], headers: dict[str, str], **body: Any
) -> httpx.Response:
    url = f"/api/v1/appointments/{held['id']}/contact"
    return await office.client.post(url, json=body, headers=headers)


async def _listed(office: Office) -> list[dict[str, Any]]:
    url = f"appointments?hall={office.code}&state=orphaned"
    items = good(await office.get(url, headers=office.clerk()))["items"]
    assert isinstance(items, list)
    return items


async def test_those_without_a_time_are_listed_over_all_days(office: Office) -> None:
    lost = [await _orphan(office, day) for day in (9, 1, 4)]

    listed = await _listed(office)

    in_order = [lost[1], lost[2], lost[0]]
    assert [one["id"] for one in listed] == [one["id"] for one in in_order]
    url = f"appointments?hall={office.code}&state=orphaned&on=2026-11-28"
    [only] = good(await office.get(url, headers=office.clerk()))["items"]
    assert only["id"] == lost[2]["id"]


async def test_staff_read_a_contact_for_a_purpose_and_the_audit_log_says_so(
    office: Office,
) -> None:
    who = person(name="李小明")
    slot = await office.slot(NINE + timedelta(days=1), pool="assisted")
    held = await office.hold(slot, headers=office.clerk(), citizen=who)

    shown = good(await _contact(office, held, office.clerk(), purpose=PURPOSE))

    assert (shown["name"], shown["phone"]) == ("李小明", who["phone"])
    [noted] = await office.owner.fetch(
        "SELECT actor, details::text FROM audit_log"
        " WHERE action = 'appointment.contact_read' AND object = $1",
        f"appointment:{held['id']}",
    )
    assert noted["actor"] == "clerk-test"
    assert PURPOSE in noted["details"]
    assert who["phone"] not in noted["details"]


async def test_no_contact_is_read_without_a_purpose_or_by_others(office: Office) -> None:
    held = await _orphan(office, 1)

    problem(await _contact(office, held, office.clerk()), 422, "invalid-request")
    number = await _contact(office, held, office.clerk(), purpose="致电 13800138000")
    problem(number, 422, "invalid-request")
    elsewhere = office.sign("clerk", "OTHER")
    problem(await _contact(office, held, elsewhere, purpose=PURPOSE), 404, "not-found")
    for headers in (office.citizen(), office.device()):
        problem(await _contact(office, held, headers, purpose=PURPOSE), 403, "forbidden")


@provokes("read_appointment_contact", "contact-unknown")
async def test_who_booked_with_an_account_and_left_none_has_no_contact_here(
    office: Office,
) -> None:
    """And staff are advised what does reach them: the new time, or the reason, in their list."""
    held = await _orphan(office, 1, headers=office.citizen())

    answer = await _contact(office, held, office.clerk(), purpose=PURPOSE)

    assert "我的预约" in problem(answer, 404, "contact-unknown")["detail"]


async def test_who_books_with_an_account_may_leave_a_contact_that_staff_read_under_audit(
    office: Office,
) -> None:
    left, me = person(name="王小丽"), office.citizen()
    held = await _orphan(office, 1, headers=me, contact=left)

    shown = good(await _contact(office, held, office.clerk(), purpose=PURPOSE))
    [listed] = await _listed(office)
    slot = await office.slot(NINE + timedelta(days=2))
    moved = good(await office.do(held, "reschedule", me, slot_ids=[str(slot)]), 201)
    kept = good(await _contact(office, moved, office.clerk(), purpose=PURPOSE))

    assert (shown["name"], shown["phone"]) == (kept["name"], kept["phone"]) == tuple(left.values())
    assert listed["citizen"] == {"name": "王**", "phone": mask_phone(left["phone"])}
    assert (held["citizen"], moved["citizen"]) == (None, None)
    rows = await office.owner.fetch("SELECT * FROM appointment WHERE hall_code = $1", office.code)
    said = str([dict(row) for row in rows]) + str(await office.events("appointment.rescheduled"))
    assert left["phone"] not in said
    assert left["name"] not in said


async def test_a_contact_that_is_left_proves_nothing_and_opens_nobody_elses_appointments(
    office: Office,
) -> None:
    """Else whoever knows a number would see what was booked for it, or fill up its caps."""
    theirs, me = person(), office.citizen()
    slots = [
        await office.slot(NINE + timedelta(days=day), pool=pool)
        for day, pool in ((1, "assisted"), (2, "online"), (2, "assisted"))
    ]
    await office.hold(slots[0], headers=office.clerk(), citizen=theirs)
    mine = await office.hold(slots[1], headers=me, contact=theirs)

    listed = good(await office.get("appointments", headers=me))["items"]

    assert [one["id"] for one in listed] == [mine["id"]]
    await office.hold(slots[2], headers=office.clerk(), citizen=theirs)


async def test_staff_name_whom_they_book_for_and_leave_no_contact_besides(office: Office) -> None:
    slot = await office.slot(NINE + timedelta(days=1), pool="assisted")

    answer = await office.ask(slot, headers=office.clerk(), citizen=person(), contact=person())

    refused = problem(answer, 422, "invalid-request")
    assert refused["errors"][0]["pointer"] == "/body/contact"


async def test_a_cancellation_by_the_hall_says_why_and_settles_it(office: Office) -> None:
    me = office.citizen()
    held = await _orphan(office, 1, headers=me)

    silent = problem(await office.do(held, "cancel", office.clerk()), 422, "invalid-request")
    assert silent["errors"][0]["pointer"] == "/body/reason"
    settled = good(await office.do(held, "cancel", office.clerk(), reason=REASON))

    assert (settled["state"], settled["resolved"]) == ("cancelled_by_hall", "cancelled")
    seen = good(await office.get(f"appointments/{held['id']}", headers=me))
    assert (seen["reason"], seen["resolved"]) == (REASON, "cancelled")
    assert await _listed(office) == []
    row = await office.owner.fetchrow("SELECT * FROM appointment WHERE id = $1", UUID(held["id"]))
    assert row is not None
    assert REASON not in str(dict(row))


async def test_a_move_settles_it_and_nothing_else_is_settled(office: Office) -> None:
    me = office.citizen()
    held, other = await _orphan(office, 1, headers=me), office.citizen()
    slot = await office.slot(NINE + timedelta(days=2))
    kept = await office.hold(slot, headers=other)

    good(await office.do(held, "reschedule", me, slot_ids=[str(slot)]), 201)
    good(await office.do(kept, "cancel", other))

    seen = good(await office.get(f"appointments/{held['id']}", headers=me))
    assert (seen["state"], seen["resolved"]) == ("rescheduled", "moved")
    gone = good(await office.get(f"appointments/{kept['id']}", headers=other))
    assert gone["resolved"] is None
    assert await _listed(office) == []


async def test_who_gives_up_the_other_appointment_has_the_lost_time_again(
    office: Office, owner: asyncpg.Connection
) -> None:
    """At whatever hall it was: a time that is theirs alone for the asking is nobody else's."""
    me, at = office.citizen(), NINE + timedelta(days=2)
    lost = await without_a_time(office, at, headers=me)
    back = await office.slot(at, capacity=1)
    elsewhere = await offices.build(office.client, office.sign, owner, office.clock)
    held = await elsewhere.hold(await elsewhere.slot(at), headers=me)

    async def state() -> str:
        return str(await owner.fetchval("SELECT state FROM appointment WHERE id = $1", lost))

    assert await state() == "orphaned"
    good(await elsewhere.do(held, "cancel", me))
    assert await state() == "confirmed"
    problem(await office.ask(back), 409, "slot-full")


async def test_who_was_served_meanwhile_is_not_confirmed_again(
    office: Office, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    me, at = office.citizen(), NINE + timedelta(hours=6)
    lost = await without_a_time(office, at, headers=me)
    held = await office.hold(await office.slot(NINE + timedelta(hours=1)), headers=me)
    await owner.execute(
        "UPDATE appointment SET state = 'served', expires_at = NULL WHERE id = $1", UUID(held["id"])
    )
    await office.slot(at)
    async with sessions() as session, session.begin():
        await healing.heal_left(session, NINE)
    found = await owner.fetchval("SELECT state FROM appointment WHERE id = $1", lost)
    assert found == "orphaned"


async def test_the_second_that_one_person_lost_is_confirmed_once_the_first_is_settled(
    office: Office, owner: asyncpg.Connection
) -> None:
    me, at = office.citizen(), NINE + timedelta(days=2)
    first = await without_a_time(office, at, headers=me)
    second = await without_a_time(office, at, headers=me, item=office.items[1])
    await office.slot(at, item_codes=office.items[1:])

    good(await office.do({"id": first}, "cancel", me))
    found = await owner.fetchval("SELECT state FROM appointment WHERE id = $1", second)
    assert found == "confirmed"
