"""A flood of anonymous letters takes a handful of serials, and loses none of them."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.feedback.letters.models import LetterKind
from services.feedback.letters.schemas import LetterIn
from services.feedback.quarantine import service
from services.feedback.quarantine.rules import NOTICE, FloodLimits, NetworkCounts
from services.feedback.quarantine.service import Intake
from services.feedback.settings import FeedbackSettings
from shared.database.engine import memory_of
from tests.feedback.flood_helpers import decide, flood, seen, send, serials, waiting
from tests.feedback.isolated_service import Sign
from tests.feedback.letter_helpers import API, BODY, LetterOffice
from tests.feedback.test_anonymity import joined_to, places_of
from tests.feedback.visit_helpers import KEYRING


async def test_forty_equal_letters_take_a_handful_of_serials_and_none_is_lost(
    flooded: LetterOffice,
) -> None:
    before = await serials(flooded)
    body = f"{BODY}金佛大道东段也是，从立冬那天起就没有亮过，打了电话也没有人来看。"
    spellings = (
        body,
        body.replace("，", ", "),
        f" {body.upper()} ",
        body.replace("。", "！"),
        body.replace("半个月", "1个月"),
        body.replace("路灯", "路 灯"),
        *(f"{body}{number}" for number in (1, 2, 17, 1234)),
    )
    few = asyncio.Semaphore(6)

    async def one(number: int) -> dict[str, Any]:
        async with few:
            return await send(flooded, body=spellings[number % len(spellings)])

    receipts = await asyncio.gather(*(one(number) for number in range(40)))
    assert await serials(flooded) - before <= 5
    apart = [one for one in receipts if one["state"] == "quarantined"]
    assert len(apart) >= 35
    assert {one["id"] for one in apart} <= {one["id"] for one in await waiting(flooded)}
    assert all("已收到" in one["notice"] for one in apart)
    for receipt in receipts:
        assert (await seen(flooded, receipt))["body"] in {one.strip() for one in spellings}


async def test_a_text_that_differs_by_little_from_many_waits_and_another_one_does_not(
    flooded: LetterOffice,
) -> None:
    body = "小区北门的垃圾三个月没有人清运，气味很大，老人和孩子都不敢开窗，请尽快处理。"
    states = [(await send(flooded, body=body))["state"] for _ in range(6)]
    assert states == ["received"] * 5 + ["quarantined"]
    near = [body.replace("三个月", "3个月"), body.replace("，", ","), body.replace("，", " ， ")]
    near += [f"{body}{number}" for number in (1, 2, 58)]
    for text in near:
        assert (await send(flooded, body=text))["state"] == "quarantined", text
    others = [
        "小区北门的道闸坏了三个月，车辆进出要等很久，请尽快处理。",
        body.replace("垃圾", "")[:12],
    ]
    for text in others:
        assert (await send(flooded, body=text))["state"] == "received", text


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
    assert found["timeline"][0]["message"] == NOTICE.zh
    english = await flooded.client.get(
        f"{API}/letters/{receipt['reg_no']}",
        headers={"X-Query-Code": receipt["query_code"], "Accept-Language": "en-GB"},
    )
    assert english.json()["timeline"][0]["message"] == NOTICE.en
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


def test_the_workers_have_the_limit_of_a_network_together() -> None:
    """Each counts what it sees itself; what the rows of all say is not divided."""
    for workers, each in ((1, 30), (4, 8), (64, 1)):
        settings = FeedbackSettings.model_construct(
            equal_letters_a_day=5,
            anonymous_letters_an_hour=600,
            network_letters_an_hour=30,
            workers=workers,
        )
        assert service.limits_of(settings) == FloodLimits(5, each, 600)


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


async def test_a_letter_that_was_rolled_back_is_not_counted_of_its_network(
    flooded: LetterOffice,
) -> None:
    network, now = uuid4().hex, flooded.isolated.clock.now
    intake = Intake("NC", FloodLimits(100, 100, 1000), network, "zh")
    for tries, kept in ((3, False), (1, True)):
        for _ in range(tries):
            letter = LetterIn(kind=LetterKind.HELP, title="路灯不亮", body=BODY + uuid4().hex)
            async with flooded.isolated.sessions() as session:
                await service.take_in(session, KEYRING, letter, None, intake, now)
                await (session.commit() if kept else session.rollback())
    async with flooded.isolated.sessions() as session:
        assert memory_of(session, NetworkCounts).count(network, now) == 2


async def test_a_word_about_its_anonymity_takes_no_letter_past_the_guard(
    flooded: LetterOffice, as_: Sign
) -> None:
    body = f"{BODY}{uuid4().hex}"
    kinds = ("named", "confidential", "anonymous", None)
    letters = [
        await send(flooded, body=body, **({"anonymity": kind} if kind else {}))
        for kind in kinds * 2
    ]
    assert [one["state"] for one in letters] == ["received"] * 5 + ["quarantined"] * 3
    released = await decide(flooded, letters[5]["id"], "release")
    [row] = await flooded.list("dispatcher", reg_no=released.json()["reg_no"])
    seen_by_staff = await flooded.client.get(
        f"{API}/letters/{row['id']}/file", headers=flooded.headers("dispatcher")
    )
    assert seen_by_staff.json()["anonymity"] == "confidential"
    letter = {"kind": "help", "title": "路灯不亮", "body": body, "anonymity": "named"}
    signed_in = await flooded.client.post(f"{API}/letters", json=letter, headers=as_("citizen"))
    assert signed_in.json()["state"] == "received", "its account can be asked"


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
