"""A visit that is moved stays one entry of a calendar, which every change replaces."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good

FAR = NINE + timedelta(days=3)


async def _entry(office: Office, held: dict[str, Any], me: dict[str, str]) -> dict[str, str]:
    answer = await office.get(f"appointments/{held['id']}/calendar.ics", headers=me)
    assert answer.status_code == 200
    lines = answer.text.replace("\r\n ", "").split("\r\n")
    return dict(line.split(":", 1) for line in lines if ":" in line)


async def _confirmed(office: Office, me: dict[str, str]) -> dict[str, Any]:
    held = await office.hold(await office.slot(FAR), headers=me)
    return good(await office.do(held, "confirm", me))


async def _moved(
    office: Office, held: dict[str, Any], me: dict[str, str], days: int
) -> dict[str, Any]:
    slot = await office.slot(FAR + timedelta(days=days))
    return good(await office.do(held, "reschedule", me, slot_ids=[str(slot)]), 201)


async def test_a_moved_appointment_replaces_its_entry_in_the_calendar(office: Office) -> None:
    me = office.citizen()
    first = await _confirmed(office, me)
    before = await _entry(office, first, me)

    second = await _moved(office, first, me, 1)

    after = await _entry(office, second, me)
    assert after["UID"] == before["UID"]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert (after["DTSTART"], after["STATUS"]) == ("20261128T010000Z", "CONFIRMED")


async def test_the_file_of_the_old_appointment_leads_to_the_new_time(office: Office) -> None:
    me = office.citizen()
    first = await _confirmed(office, me)
    second = await _moved(office, first, me, 1)

    old, new = await _entry(office, first, me), await _entry(office, second, me)

    stamp = ("DTSTAMP",)
    assert {k: v for k, v in old.items() if k not in stamp} == {
        k: v for k, v in new.items() if k not in stamp
    }
    assert old["METHOD"] == "PUBLISH"


async def test_a_cancelled_visit_cancels_the_one_entry(office: Office) -> None:
    me = office.citizen()
    first = await _confirmed(office, me)
    second = await _moved(office, first, me, 1)
    before = await _entry(office, second, me)
    good(await office.do(second, "cancel", me))

    after = await _entry(office, second, me)

    assert (after["METHOD"], after["STATUS"]) == ("CANCEL", "CANCELLED")
    assert before["TRIGGER"] == "-PT1H"
    assert "TRIGGER" not in after, "nobody is reminded of what is cancelled"
    assert after["UID"] == before["UID"]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(["move", "look"]), min_size=1, max_size=6))
async def test_for_any_moves_one_visit_has_one_uid_and_its_sequence_rises(
    office: Office, steps: list[str]
) -> None:
    me = office.citizen()
    held = await office.hold(await office.slot(FAR, rule_code=uuid4().hex[:8]), headers=me)
    held = good(await office.do(held, "confirm", me))
    seen = [await _entry(office, held, me)]
    for day, step in enumerate(steps, 1):
        if step == "move":
            at = FAR + timedelta(days=day)
            slot = await office.slot(at, rule_code=held["code"])
            held = good(await office.do(held, "reschedule", me, slot_ids=[str(slot)]), 201)
        seen.append(await _entry(office, held, me))

    assert len({entry["UID"] for entry in seen}) == 1
    numbers = [int(entry["SEQUENCE"]) for entry in seen]
    assert numbers == sorted(numbers)
    moves = sum(step == "move" for step in steps)
    assert len(set(numbers)) == moves + 1
