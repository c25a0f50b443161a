"""Of a visit with several legs people hear once, of all that happened to it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good
from tests.appointments.test_notices import due, handed, reminded
from tests.appointments.test_visits_of_several import held, two_hours

TEN = NINE + timedelta(hours=1)


async def telling(office: Office, kind: str, visit: dict[str, Any]) -> list[dict[str, Any]]:
    """What is handed over for each leg whose notice still holds."""
    asked = [await handed(office, kind, leg["id"]) for leg in visit["legs"]]
    return [each for each in asked if each["applies"]]


async def confirmed(office: Office, me: dict[str, str]) -> dict[str, Any]:
    slots = await two_hours(office)
    visit = await held(office, me, slot_ids=[str(slots[0])])
    return good(await office.do(visit, "confirm", me))


async def test_four_legs_that_are_confirmed_together_are_told_of_once(office: Office) -> None:
    account = str(uuid4())
    visit = await confirmed(office, office.citizen(account))
    assert len(visit["legs"]) == 4
    [told] = await telling(office, "appointment_confirmed", visit)
    assert (told["account_id"], told["facts"]["starts_at"]) == (
        account,
        "2026-11-24T02:00:00+00:00",
    )
    assert told["facts"]["item_name"].endswith("（2位）")
    assert told["facts"]["item_name"].count("、") == 1
    assert told["facts"]["item_name_en"].endswith("(2 people)")


async def test_who_is_cancelled_by_the_staff_later_than_others_is_told_of_later(
    office: Office,
) -> None:
    me = office.citizen(str(uuid4()))
    visit = await confirmed(office, me)
    reason = {"reason": "系统升级"}
    for person in (1, 2):
        office.clock.pass_(seconds=5)
        body = {"persons": [person], **reason}
        url = f"/api/v1/appointments/{visit['id']}/cancel"
        headers = {**office.manager(), "Idempotency-Key": uuid4().hex}
        good(await office.client.post(url, json=body, headers=headers))
    told = await telling(office, "appointment_cancelled_by_staff", visit)
    assert len(told) == 2, "each once, of two legs"
    assert not [each for each in told if "位" in each["facts"]["item_name"]]


async def test_a_visit_is_reminded_of_once_and_not_leg_by_leg(
    office: Office, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    await owner.execute("DELETE FROM reminder_mark")
    await reminded(sessions, NINE - timedelta(days=2))
    visit = await confirmed(office, office.citizen(str(uuid4())))
    for minutes in range(0, 120, 30):
        await reminded(sessions, TEN - timedelta(hours=24) + timedelta(minutes=minutes))
    found = [each for leg in visit["legs"] for each in await due(owner, leg["id"])]
    assert [each["kind"] for each in found] == ["appointment_reminder_day"]
    [about] = [leg for leg in visit["legs"] if leg["id"] == found[0]["about_id"]]
    assert about["starts_at"][11:16] == "10:00"


async def test_a_reminder_speaks_of_what_is_left_of_the_visit(
    office: Office, owner: asyncpg.Connection
) -> None:
    me = office.citizen(str(uuid4()))
    visit = await confirmed(office, me)
    first = visit["legs"][0]
    good(await office.do(visit, "cancel", me, persons=[first["person_no"]]))
    known = await handed(office, "appointment_reminder_hours", first["id"])
    assert known["applies"]
    assert "位" not in known["facts"]["item_name"]
    good(await office.do(visit, "cancel", me))
    assert not (await handed(office, "appointment_reminder_hours", first["id"]))["applies"]


async def test_of_legs_that_are_missed_one_after_the_other_the_first_speaks(
    office: Office, owner: asyncpg.Connection
) -> None:
    visit = await confirmed(office, office.citizen(str(uuid4())))
    for minutes, leg in enumerate(visit["legs"]):
        await owner.execute(
            "UPDATE appointment SET state = 'no_show', changed_at = changed_at + $2 WHERE id = $1",
            leg["id"],
            timedelta(minutes=minutes),
        )
    assert len(await telling(office, "appointment_missed", visit)) == 1
