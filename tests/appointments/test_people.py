"""One person, however named: by account, by ID number or by phone, and however it is typed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.appointments.offices import NINE, Office, id_number, person
from tests.appointments.queue_helpers import problem

TEN = NINE + timedelta(hours=1)
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
