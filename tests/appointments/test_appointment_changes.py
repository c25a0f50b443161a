"""What happens to an appointment after it is held: each action once, each place given back once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.appointments.booking import settling
from services.appointments.proofs import service as proofs
from services.appointments.proofs.queries import drift as drifted
from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

TEN = NINE + timedelta(hours=1)


async def test_confirm_then_cancel_gives_the_place_back_once(office: Office) -> None:
    slot, me = await office.slot(NINE + timedelta(days=1)), office.citizen()
    held = await office.hold(slot, headers=me)

    confirmed = good(await office.do(held, "confirm", me, version=1))
    cancelled = good(await office.do(held, "cancel", me))
    again = problem(await office.do(held, "cancel", me), 409, "state-conflict")

    assert (confirmed["state"], confirmed["expires_at"]) == ("confirmed", None)
    assert (cancelled["state"], cancelled["version"]) == ("cancelled", 3)
    assert (again["state"], again["version"]) == ("cancelled", 3)
    assert await office.booked(slot) == 0
    assert len(await office.events("appointment.cancelled")) == 1


@provokes("cancel_appointment", "state-conflict")
async def test_cancelling_twice_at_once_releases_one_place(office: Office) -> None:
    slot, me = await office.slot(NINE + timedelta(days=1)), office.citizen()
    await office.hold(slot)
    held = await office.hold(slot, headers=me)

    answers = await asyncio.gather(*[office.do(held, "cancel", me) for _ in range(6)])

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert await office.booked(slot) == 1


@provokes("confirm_appointment", "state-conflict")
async def test_an_outdated_version_is_refused(office: Office) -> None:
    slot, me = await office.slot(TEN), office.citizen()
    held = await office.hold(slot, headers=me)

    stale = problem(await office.do(held, "confirm", me, version=7), 409, "state-conflict")
    # Whatever its state allows: who saw another one reads it again first.
    later = problem(await office.do(held, "check-in", me, version=7), 409, "state-conflict")

    assert [one["detail"] for one in (stale, later)] == ["内容已被他人更新，请刷新后再办"] * 2
    assert [(one["state"], one["version"]) for one in (stale, later)] == [("held", 1)] * 2


async def test_a_refusal_says_what_can_be_done_instead(office: Office) -> None:
    slot, me = await office.slot(NINE + timedelta(minutes=20)), office.citizen()
    held = await office.hold(slot, headers=me)

    early = problem(await office.do(held, "check-in", me), 409, "state-conflict")
    assert early["detail"] == "这个预约现在是“待确认”，请先确认"

    good(await office.do(held, "confirm", me))
    good(await office.do(held, "check-in", me))
    english = {**me, "Accept-Language": "en"}
    late = problem(await office.do(held, "cancel", english), 409, "state-conflict")
    assert late["detail"] == (
        "The appointment is checked in now; please wait until the number from checking in is"
        " called, or give that ticket up"
    )


async def test_a_hold_that_ran_out_cannot_be_confirmed(office: Office) -> None:
    slot, me = await office.slot(TEN), office.citizen()
    held = await office.hold(slot, headers=me)
    office.clock.pass_(minutes=5)

    over = problem(await office.do(held, "confirm", me), 409, "state-conflict")

    assert over["detail"] == "这个预约现在是“占位已过期”，请重新预约"


async def test_the_sweeper_returns_a_place_once(office: Office, sessions: Sessions) -> None:
    slot, me = await office.slot(TEN), office.citizen()
    held = await office.hold(slot, headers=me)
    kept = await office.hold(slot)
    await office.owner.execute(
        "UPDATE appointment SET expires_at = $2 WHERE id = $1", UUID(held["id"]), NINE
    )

    for _ in range(2):
        async with sessions() as session, session.begin():
            await settling.expire_holds(session, NINE + timedelta(seconds=1))

    assert await office.booked(slot) == 1
    assert len(await office.events("appointment.expired")) == 1
    assert good(await office.get(f"appointments/{held['id']}", headers=me))["state"] == "expired"
    assert kept["state"] == "held"


@provokes("cancel_appointment", "too-late")
async def test_citizens_cancel_before_the_deadline_and_staff_at_any_time(office: Office) -> None:
    slot, me = await office.slot(NINE + timedelta(minutes=90)), office.citizen()
    held = await office.hold(slot, headers=me)
    good(await office.do(held, "confirm", me))
    office.clock.pass_(minutes=11)

    problem(await office.do(held, "cancel", me), 409, "too-late")
    good(await office.do(held, "cancel", office.clerk()))

    assert await office.booked(slot) == 0


async def test_moving_takes_the_new_and_releases_the_old(office: Office) -> None:
    old, new = (
        await office.slot(NINE + timedelta(days=1)),
        await office.slot(NINE + timedelta(days=2)),
    )
    me = office.citizen()
    held = await office.hold(old, headers=me)
    good(await office.do(held, "confirm", me))

    moved = good(await office.do(held, "reschedule", me, slot_ids=[str(new)]), 201)

    assert moved["state"] == "confirmed"
    assert moved["rescheduled_from"] == held["id"]
    assert moved["code"] != held["code"]
    assert (await office.booked(old), await office.booked(new)) == (0, 1)
    assert (await office.events("appointment.rescheduled"))[0]["replaced_by"] == moved["id"]


@provokes("reschedule_appointment", "slot-full")
async def test_moving_to_a_full_slot_changes_nothing(office: Office) -> None:
    old, new = (
        await office.slot(NINE + timedelta(days=1)),
        await office.slot(NINE + timedelta(days=2), 1),
    )
    me = office.citizen()
    held = await office.hold(old, headers=me)
    good(await office.do(held, "confirm", me))
    await office.hold(new)

    problem(await office.do(held, "reschedule", me, slot_ids=[str(new)]), 409, "slot-full")

    found = good(await office.get(f"appointments/{held['id']}", headers=me))
    assert found["state"] == "confirmed"
    assert (await office.booked(old), await office.booked(new)) == (1, 1)


async def test_two_who_swap_slots_at_once_do_not_deadlock(office: Office) -> None:
    a, b = await office.slot(NINE + timedelta(days=1)), await office.slot(NINE + timedelta(days=2))
    people = [office.citizen(), office.citizen()]
    helds = [await office.hold(s, headers=p) for s, p in zip((a, b), people, strict=True)]
    for held, person in zip(helds, people, strict=True):
        good(await office.do(held, "confirm", person))

    answers = await asyncio.gather(
        office.do(helds[0], "reschedule", people[0], slot_ids=[str(b)]),
        office.do(helds[1], "reschedule", people[1], slot_ids=[str(a)]),
    )

    assert [answer.status_code for answer in answers] == [201, 201]
    assert (await office.booked(a), await office.booked(b)) == (1, 1)


@pytest.mark.parametrize(
    ("minutes", "status", "kind"),
    [
        (-61, 409, "too-early"),
        (-60, 200, None),
        (0, 200, None),
        (30, 200, None),
        (31, 409, "too-late"),
    ],
)
async def test_check_in_has_its_time(
    office: Office, minutes: int, status: int, kind: str | None
) -> None:
    starts_at = NINE + timedelta(hours=6)
    me = office.citizen()
    held = await office.hold(await office.slot(starts_at), headers=me)
    good(await office.do(held, "confirm", me))
    office.clock.at = starts_at + timedelta(minutes=minutes)

    answer = await office.do(held, "check-in", me)

    assert good(answer, status)
    if kind:
        problem(answer, status, kind)


async def test_a_device_checks_in_by_code_however_it_is_typed(office: Office) -> None:
    me = office.citizen()
    held = await office.hold(await office.slot(TEN), headers=me)
    good(await office.do(held, "confirm", me))
    typed = f"{held['code'][:4].lower()}-{held['code'][4:].lower()}"

    url = f"/api/v1/appointments/{typed}/check-in"
    arrived = good(await office.client.post(url, headers=office.device()))

    assert arrived["state"] == "checked_in"


@provokes("hold_appointment", "booking-barred")
async def test_who_did_not_come_is_marked_and_barred_after_three_times(
    office: Office, sessions: Sessions
) -> None:
    me = office.citizen()
    for day in range(1, 4):
        slot = await office.slot(NINE + timedelta(days=day))
        good(await office.do(await office.hold(slot, headers=me), "confirm", me))

    async with sessions() as session, session.begin():
        await settling.miss_absent(session, NINE + timedelta(days=3, minutes=31))

    office.clock.at = NINE + timedelta(days=4)
    assert len(await office.events("appointment.missed")) == 3
    later = await office.slot(NINE + timedelta(days=5))
    problem(await office.ask(later, headers=me), 403, "booking-barred")
    await office.hold(later)


async def test_the_calendar_entry_is_one_event_with_folded_lines(office: Office) -> None:
    me = office.citizen()
    held = await office.hold(await office.slot(TEN), headers=me)

    answer = await office.get(f"appointments/{held['id']}/calendar.ics", headers=me)

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = answer.content.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert b"DTSTART:20261124T020000Z" in lines
    assert b"STATUS:TENTATIVE" in lines
    assert all(len(line) <= 75 for line in lines)


async def test_the_nightly_proof_finds_a_drifted_count(office: Office, sessions: Sessions) -> None:
    slot = await office.slot(TEN)
    await office.hold(slot)

    async with sessions() as session, session.begin():
        before = await proofs.prove_counts(session, NINE)
    await office.owner.execute("UPDATE slot SET booked = 2 WHERE id = $1", slot)
    async with sessions() as session, session.begin():
        after = await proofs.prove_counts(session, NINE)
    await office.owner.execute("UPDATE slot SET booked = 1 WHERE id = $1", slot)

    assert after == before + 1


async def test_the_nightly_proof_names_every_slot_that_is_wrong(
    office: Office, sessions: Sessions
) -> None:
    first = await office.slot(TEN)
    await office.owner.execute(
        "INSERT INTO slot SELECT (jsonb_populate_record(s, jsonb_build_object('id',"
        " gen_random_uuid(), 'rule_code', 'N' || n, 'booked', 1))).* FROM slot s,"
        " generate_series(1, 1100) n WHERE s.id = $1",
        first,
    )
    async with sessions() as session, session.begin():
        wrong = [row async for row in drifted(session, NINE) if row.hall_code == office.code]
        assert await proofs.prove_counts(session, NINE) >= 1100
    await office.owner.execute("DELETE FROM slot WHERE hall_code = $1", office.code)

    assert len(wrong) == 1100
