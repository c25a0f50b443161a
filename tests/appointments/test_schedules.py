"""Rules become slots on sale; changes are read first, and say whose appointment is lost."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.appointments.schedules import handlers, service
from services.appointments.schedules.contracts import CalendarChanged
from services.appointments.slots import queries as slot_queries
from services.appointments.slots import service as slots
from shared.database.engine import Sessions
from shared.messaging.events import Envelope
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.paging import walked
from tests.provoking import provokes

RULE: dict[str, Any] = {
    "code": "WEEK",
    "weekdays": [1, 2, 3, 4, 5],
    "starts": "09:30",
    "ends": "11:30",
    "slot_minutes": 30,
    "capacity": {"online": 2},
    "horizon_workdays": 2,
}


def change(office: Office, *rules: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "hall": office.code,
        "rules": [{**RULE, "item_codes": office.items, **rule} for rule in rules],
        **others,
    }


async def propose(office: Office, body: dict[str, Any]) -> httpx.Response:
    headers = office.manager()
    return await office.client.post("/api/v1/schedules:propose", json=body, headers=headers)


async def apply(office: Office, body: dict[str, Any]) -> dict[str, Any]:
    print_ = good(await propose(office, body))["fingerprint"]
    answer = await office.client.post(
        "/api/v1/schedules:apply", json={**body, "fingerprint": print_}, headers=office.manager()
    )
    return good(answer)


async def free(office: Office, **query: Any) -> list[dict[str, Any]]:
    values = {"hall": office.code, "item": office.items[0], **query}
    found: list[dict[str, Any]] = good(await office.get("availability", params=values))["items"]
    return found


async def book(office: Office, place: int = 0) -> dict[str, Any]:
    """A confirmed appointment in the free slot at that place, with its owner's headers."""
    me = office.citizen()
    chosen = (await free(office))[place]
    held = await office.hold(chosen["id"], headers=me)
    return {**good(await office.do(held, "confirm", me)), "owner": me}


async def state_of(office: Office, appointment: dict[str, Any]) -> str:
    answer = await office.get(f"appointments/{appointment['id']}", headers=appointment["owner"])
    return str(good(answer)["state"])


async def test_a_proposal_writes_nothing(office: Office) -> None:
    seen = good(await propose(office, change(office, {})))

    assert seen["added_count"] == 32
    assert seen["withdrawn_count"] == 0
    assert await free(office) == []


async def test_applied_rules_are_on_sale_up_to_the_horizon(office: Office) -> None:
    await apply(office, change(office, {}))

    found = await free(office)

    # Today and two working days more; the week beyond is planned, not yet on sale.
    assert len(found) == 12
    assert {one["starts_at"][:10] for one in found} == {"2026-11-24", "2026-11-25", "2026-11-26"}
    assert len(await office.events("slot.opened")) == 3


@provokes("apply_schedule", "proposal-changed")
async def test_apply_does_what_was_read_or_nothing(office: Office) -> None:
    body = change(office, {})
    seen = good(await propose(office, body))
    await apply(office, change(office, {"code": "OTHER"}))

    url, late = "/api/v1/schedules:apply", {**body, "fingerprint": seen["fingerprint"]}
    first = await office.client.post(url, json=late, headers=office.manager())
    good(first)
    again = await office.client.post(url, json=late, headers=office.manager())

    assert problem(again, 409, "proposal-changed")["proposal"]["added_count"] == 0


async def test_a_change_names_the_appointments_that_it_would_orphan(office: Office) -> None:
    await apply(office, change(office, {}))
    safe, lost = await book(office, 0), await book(office, 3)

    shorter = change(office, {"ends": "11:00"})
    seen = good(await propose(office, shorter))
    assert [one["code"] for one in seen["orphaned"]] == [lost["code"]]
    assert await state_of(office, lost) == "confirmed"

    await apply(office, shorter)
    assert await state_of(office, lost) == "orphaned"
    assert await state_of(office, safe) == "confirmed"
    [event] = await office.events("appointment.orphaned")
    assert event["appointment_id"] == lost["id"]
    assert lost["code"] not in str(event)


async def test_an_orphan_finds_another_time(office: Office) -> None:
    await apply(office, change(office, {}))
    lost = await book(office, 3)
    await apply(office, change(office, {"ends": "11:00"}))
    other = (await free(office))[-1]

    moved = good(await office.do(lost, "reschedule", lost["owner"], slot_ids=[other["id"]]), 201)

    assert moved["state"] == "confirmed"
    assert await office.booked(other["id"]) == 1


async def test_more_room_carries_the_bookings_over(office: Office) -> None:
    await apply(office, change(office, {}))
    kept = await book(office)

    done = await apply(office, change(office, {"capacity": {"online": 5}}))

    assert done["orphaned"] == []
    assert done["moved_count"] == done["withdrawn_count"] == 32
    found = good(await office.get(f"appointments/{kept['id']}", headers=kept["owner"]))
    assert found["state"] == "confirmed"
    assert found["slots"][0]["id"] != kept["slots"][0]["id"]
    first = (await free(office))[0]
    assert (first["capacity"], first["free"]) == (5, 4)
    assert await office.booked(kept["slots"][0]["id"]) == 0
    good(await office.do(kept, "cancel", office.clerk()))
    assert await office.booked(first["id"]) == 0, "it is on sale again after a random while"


async def test_retiring_a_rule_ends_its_slots(office: Office) -> None:
    await apply(office, change(office, {}))

    await apply(office, change(office, retire=["WEEK"]))

    assert await free(office) == []
    assert (await office.get(f"schedules?hall={office.code}")).json()["items"] == []


async def test_rules_are_listed_page_by_page(office: Office) -> None:
    await apply(office, change(office, {"code": "B"}, {"code": "A", "weekdays": [6]}))
    rules = await walked(office.client, "/api/v1/schedules", hall=office.code, limit=1)
    assert [rule["code"] for rule in rules] == ["A", "B"]


async def test_a_closure_says_first_and_then_does(office: Office) -> None:
    await apply(office, change(office, {}))
    booked = await book(office)
    body = {
        "hall": office.code,
        "starts_at": "2026-11-24T09:00:00+08:00",
        "ends_at": "2026-11-24T10:15:00+08:00",
        "reason": "停电",
    }
    url, me = "/api/v1/closures", office.manager()

    seen = good(await office.client.post(url, json={**body, "dry_run": True}, headers=me), 201)
    assert (seen["id"], seen["withdrawn_count"]) == (None, 2)
    assert len(await free(office)) == 12

    done = good(await office.client.post(url, json=body, headers=me), 201)
    assert [one["code"] for one in done["orphaned"]] == [booked["code"]]
    assert await state_of(office, booked) == "orphaned"
    assert (await free(office))[0]["starts_at"] == "2026-11-24T10:30:00+08:00"


async def test_the_nightly_job_adds_the_new_day_and_opens_what_is_due(
    office: Office, sessions: Sessions
) -> None:
    await apply(office, change(office, {}))
    tomorrow = NINE + timedelta(days=1)

    async with sessions() as session, session.begin():
        added = await service.extend_hall(session, office.code, tomorrow)
        again = await service.extend_hall(session, office.code, tomorrow)
        await slots.open_due(session, tomorrow)

    office.clock.at = tomorrow
    assert (added, again) == (4, 0)
    assert {one["starts_at"][:10] for one in await free(office)} == {
        "2026-11-25",
        "2026-11-26",
        "2026-11-27",
    }


async def test_an_unknown_year_has_no_slots_until_its_notice_is_heard(
    office: Office, sessions: Sessions
) -> None:
    office.clock.at = NINE.replace(month=12, day=30)
    await apply(office, change(office, {}))
    [rule] = (await office.get(f"schedules?hall={office.code}")).json()["items"]
    assert (rule["calendar_unknown"], rule["slots_until"]) == ([2027], "2026-12-31")

    notice = CalendarChanged(
        region="CN",
        year=2027,
        version=1,
        notice="测试",
        rest_days=[date(2027, 1, 1)],
        working_weekends=[date(2027, 1, 3)],
    )
    envelope = Envelope[CalendarChanged](
        source="/projects", type=notice.type, time=office.clock(), data=notice
    )
    async with sessions() as session:
        await handlers.learn_calendar(session, envelope)
        days = await session.scalars(
            text("SELECT DISTINCT on_date FROM slot WHERE hall_code = :hall ORDER BY 1"),
            {"hall": office.code},
        )
        found = days.all()
        await session.rollback()  # the other tests go on not knowing 2027

    assert found[:4] == [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 4), date(2027, 1, 5)]


async def test_a_slot_closes_when_it_can_no_longer_be_booked(
    office: Office, sessions: Sessions
) -> None:
    slot = await office.slot(NINE + timedelta(minutes=30))

    async with sessions() as session, session.begin():
        await slot_queries.close_due(session, NINE + timedelta(minutes=30))

    state = await office.owner.fetchval("SELECT state FROM slot WHERE id = $1", slot)
    assert state == "closed"


async def test_full_and_freed_are_told_once_each(office: Office, sessions: Sessions) -> None:
    slot, me = await office.slot(NINE + timedelta(hours=5), 1), office.citizen()
    held = await office.hold(slot, headers=me)
    for _ in range(2):
        async with sessions() as session, session.begin():
            await slots.announce_fullness(session, NINE)
    good(await office.do(held, "cancel", me))
    for _ in range(2):
        async with sessions() as session, session.begin():
            await slots.announce_fullness(session, NINE)

    assert len(await office.events("slot.full")) == 1
    assert [event["free"] for event in await office.events("slot.freed")] == [1]


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"weekdays": [8]}, "/body/rules/0/weekdays/0"),
        ({"weekdays": []}, "/body/rules/0/weekdays"),
        ({"ends": "08:00"}, "/body/rules/0"),
        ({"ends": "24:00"}, "/body/rules/0/ends"),
        ({"starts": "09:30Z"}, "/body/rules/0/starts"),
        ({"starts": 930}, "/body/rules/0/starts"),
        ({"capacity": {}}, "/body/rules/0/capacity"),
        ({"capacity": {"online": 0}}, "/body/rules/0/capacity/online"),
        ({"every_n_weeks": 2}, "/body/rules/0"),
        ({"lead_workdays": 9}, "/body/rules/0"),
        ({"item_codes": ["NO-SUCH"]}, "/body/rules/0/item_codes/0"),
        ({"colour": "red"}, "/body/rules/0/colour"),
    ],
)
async def test_bad_rules_are_named(office: Office, rule: dict[str, Any], pointer: str) -> None:
    errors = problem(await propose(office, change(office, rule)), 422, "invalid-request")["errors"]

    assert pointer in [error["pointer"] for error in errors]


async def test_another_halls_manager_finds_nothing(office: Office) -> None:
    stranger = office.sign("hall_manager", "OTHER")
    body = change(office, {})

    answer = await office.client.post("/api/v1/schedules:propose", json=body, headers=stranger)

    problem(answer, 404, "not-found")
