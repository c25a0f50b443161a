"""A flood of anonymous letters takes a handful of serials, and loses none of them."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.feedback.flood_helpers import flood, seen, send, serials, waiting
from tests.feedback.letter_helpers import API, BODY, LetterOffice
from tests.feedback.test_anonymity import joined_to, places_of


async def test_forty_equal_letters_take_a_handful_of_serials_and_none_is_lost(
    flooded: LetterOffice,
) -> None:
    before = await serials(flooded)
    body = f"{BODY}{uuid4().hex}"
    spellings = (body, body.replace("，", ", "), f" {body.upper()} ", body.replace("。", "！"))
    few = asyncio.Semaphore(6)

    async def one(number: int) -> dict[str, Any]:
        async with few:
            return await send(flooded, body=spellings[number % 4])

    receipts = await asyncio.gather(*(one(number) for number in range(40)))
    assert await serials(flooded) - before <= 5
    apart = [one for one in receipts if one["state"] == "quarantined"]
    assert len(apart) >= 35
    assert {one["id"] for one in apart} <= {one["id"] for one in await waiting(flooded)}
    assert all("已收到" in one["notice"] for one in apart)
    for receipt in receipts:
        assert (await seen(flooded, receipt))["body"] in {one.strip() for one in spellings}


async def test_the_first_five_of_a_text_are_registered_and_the_others_wait(
    flooded: LetterOffice,
) -> None:
    before = await serials(flooded)
    states = [one["state"] for one in await flood(flooded, 8)]
    assert states == ["received"] * 5 + ["quarantined"] * 3
    assert await serials(flooded) - before == 5


async def test_the_receipt_of_a_letter_that_waits_tells_the_truth_and_opens_it(
    flooded: LetterOffice,
) -> None:
    *_, receipt = await flood(flooded, 6, place="金佛大道")
    assert receipt["state"] == "quarantined"
    found = await seen(flooded, receipt)
    assert (found["reg_no"], found["state"]) == (receipt["reg_no"], "quarantined")
    assert found["place"] == "金佛大道"
    assert found["due_on"] is not None
    assert "先核对再登记" in found["timeline"][0]["message"]
    wrong = await flooded.client.get(
        f"{API}/letters/{receipt['reg_no']}", params={"code": "0000000000"}
    )
    assert wrong.status_code == 404


async def test_a_network_that_sends_many_letters_is_looked_at_whatever_their_text(
    flooded: LetterOffice,
) -> None:
    states = [(await send(flooded, "a" * 64))["state"] for _ in range(9)]
    assert states == ["received"] * 7 + ["quarantined"] * 2
    assert (await send(flooded, "b" * 64))["state"] == "received"
    assert (await send(flooded))["state"] == "received"
    flooded.isolated.clock.advance(hours=1)
    assert (await send(flooded, "a" * 64))["state"] == "received"


async def test_whoever_can_be_asked_is_not_looked_at_first(flooded: LetterOffice) -> None:
    contact = {"name": "王小明", "phone": "13859120033"}
    named = await flood(flooded, 7, contact=contact)
    assert {one["state"] for one in named} == {"received"}
    letter = {"kind": "help", "title": "路灯不亮", "body": BODY, "channel": "phone"}
    for _ in range(7):
        answer = await flooded.client.post(
            f"{API}/letters", json=letter, headers=flooded.headers("dispatcher")
        )
        assert answer.json()["state"] == "received"


async def test_the_same_text_on_another_day_is_a_letter_again(flooded: LetterOffice) -> None:
    body = f"{BODY}{uuid4().hex}"
    states = [(await send(flooded, body=body))["state"] for _ in range(6)]
    flooded.isolated.clock.advance(hours=25)
    assert [*states, (await send(flooded, body=body))["state"]] == [
        *["received"] * 5,
        "quarantined",
        "received",
    ]


async def test_nothing_that_was_kept_of_a_flood_leads_to_where_it_came_from(
    flooded: LetterOffice, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = uuid4().hex
    receipts = [await send(flooded, canary) for _ in range(9)]
    assert receipts[-1]["state"] == "quarantined"
    assert await places_of(flooded, canary) == set()
    assert canary not in "".join(capfd.readouterr())
    joined = await joined_to(flooded, receipts[0]["id"])
    assert not [table for table, rows in joined.items() if canary in rows]
