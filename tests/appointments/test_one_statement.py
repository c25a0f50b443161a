"""What is read, decided and swapped has one effect and one answer, whoever asks again and when."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from tests.appointments.offices import NINE, Office

TEN = NINE + timedelta(hours=1)


async def test_many_at_once_with_one_key_get_one_answer(office: Office) -> None:
    me = office.citizen()
    held = await office.hold(await office.slot(TEN), headers=me)
    me = me | {"Idempotency-Key": uuid4().hex}
    path = f"/api/v1/appointments/{held['id']}/confirm"
    answers = await asyncio.gather(*(office.client.post(path, headers=me) for _ in range(8)))
    later = await office.client.post(path, headers=me)
    assert {answer.status_code for answer in (*answers, later)} == {200}
    assert len({answer.content for answer in (*answers, later)}) == 1
    assert later.headers["idempotent-replayed"] == "true"
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == len(answers) - 1
    assert len(await office.events("appointment.confirmed")) == 1


async def test_a_key_that_did_something_else_is_refused(office: Office) -> None:
    me = office.citizen()
    held = await office.hold(await office.slot(TEN), headers=me)
    me = me | {"Idempotency-Key": uuid4().hex}
    path = f"/api/v1/appointments/{held['id']}/confirm"
    assert (await office.client.post(path, headers=me)).status_code == 200
    other = await office.client.post(path, json={"version": 1}, headers=me)
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_without_the_key_the_second_is_told_how_it_stands(office: Office) -> None:
    me = office.citizen()
    held = await office.hold(await office.slot(TEN), headers=me)
    path = f"/api/v1/appointments/{held['id']}/confirm"
    asked = (office.client.post(path, headers=me) for _ in range(8))
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["state"], refused["version"]) == ("confirmed", 2)
    assert len(await office.events("appointment.confirmed")) == 1
