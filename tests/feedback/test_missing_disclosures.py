"""A letter says that something is not online: codes go out, an answer comes back to all."""

import json
from typing import Any
from uuid import uuid4

import pytest

from services.feedback.missing_disclosures import handlers, rules
from services.feedback.missing_disclosures.contracts import DisclosureChecked
from services.feedback.missing_disclosures.events import MissingDisclosureReported
from services.feedback.missing_disclosures.models import DisclosureAnswer
from shared.messaging.events import Envelope
from tests.feedback.flood_helpers import decide, flood
from tests.feedback.isolated_service import at, outbox
from tests.feedback.letter_helpers import API, BODY, LetterOffice

PROJECT, ITEM = "2408-359900-47-03-837832", "MP-02-01"


def missing(office: LetterOffice, **others: Any) -> dict[str, Any]:
    named = {"project_code": PROJECT, "item_code": ITEM, "department_code": office.department}
    return named | others


async def reported(office: LetterOffice) -> list[dict[str, Any]]:
    async with office.isolated.sessions() as session:
        return await outbox(session, MissingDisclosureReported, office.department)


def checked(office: LetterOffice, version: int, **others: Any) -> DisclosureChecked:
    values = {
        "version": version, "answer": "published", "url": "https://www.example.gov.cn/a.htm",
        "published_at": at("2026-11-20 09:00"), "due_on": None, "document": None,
        "answered_at": at("2026-11-23 09:00"), **missing(office),
    }  # fmt: skip
    return DisclosureChecked(**(values | others))


async def answered(office: LetterOffice, *answers: DisclosureChecked) -> None:
    async with office.isolated.sessions() as session, session.begin():
        for answer in answers:
            envelope: Envelope[Any] = Envelope(source="urn:test", type=answer.type, data=answer)
            await handlers.take_answer(session, envelope)


async def test_what_a_letter_says_is_missing_goes_out_without_the_letter(
    office: LetterOffice,
) -> None:
    contact = {"name": "钱小朵", "phone": "13812345678"}
    letter = await office.write(missing_disclosure=missing(office), contact=contact)
    [event] = await reported(office)
    assert event == {**missing(office), "reported_at": "2026-11-23T02:00:00Z"}
    whole = json.dumps(event)
    assert not any(word in whole for word in (letter.id, letter.reg_no, "钱小朵", "13812345678"))
    shown = (await letter.seen())["missing_disclosure"]
    assert shown == {**missing(office), "answer": None}
    await office.write()
    assert len(await reported(office)) == 1


async def test_the_answer_reaches_every_letter_that_reports_the_same_in_any_order(
    office: LetterOffice,
) -> None:
    first = await office.write(missing_disclosure=missing(office))
    late = checked(office, 3)
    await answered(office, late, checked(office, 2, answer="not_due", due_on="2026-12-01"), late)
    second = await office.write(missing_disclosure=missing(office), body=BODY + uuid4().hex)
    other = await office.write(missing_disclosure=missing(office, item_code=None))
    for letter in (first, second):
        answer = (await letter.seen())["missing_disclosure"]["answer"]
        assert answer["answer"] == "published"
        assert answer["zh"] == "已于2026年11月20日公开：https://www.example.gov.cn/a.htm"
    assert (await other.seen())["missing_disclosure"]["answer"] is None


async def test_the_officer_is_shown_the_answer_to_cite_it(office: LetterOffice) -> None:
    letter = await office.write(missing_disclosure=missing(office))
    await answered(office, checked(office, 2, answer="ordered", document="整改〔2026〕1号"))
    for action in ("register", "accept", "dispatch"):
        assert (await letter.act(action)).status_code == 200
    path = f"{API}/letters/{letter.id}/file"
    file = await office.client.get(path, headers=office.headers("officer"))
    assert file.status_code == 200, file.text
    assert file.json()["missing_disclosure"]["answer"]["zh"] == "已责令公开（整改〔2026〕1号）"


async def test_of_a_flood_nothing_is_reported_before_somebody_has_registered_it(
    flooded: LetterOffice,
) -> None:
    receipts = await flood(flooded, 6, missing_disclosure=missing(flooded))
    assert [one["state"] for one in receipts][-1] == "quarantined"
    assert len(await reported(flooded)) == 5
    released = await decide(flooded, receipts[-1]["id"], "release")
    assert released.status_code == 200, released.text
    assert len(await reported(flooded)) == 6


@pytest.mark.parametrize(
    ("letter", "pointer"),
    [
        ({"missing_disclosure": {"item_code": ITEM}}, "department_code"),
        ({"missing_disclosure": {"project_code": "x"}}, "project_code"),
        ({"kind": "accusation", "missing_disclosure": {"department_code": "D01"}}, "disclosure"),
    ],
)
async def test_a_report_names_something_and_is_no_accusation(
    office: LetterOffice, letter: dict[str, Any], pointer: str
) -> None:
    usual = {"kind": "suggestion", "title": "没有公开", "body": BODY}
    answer = await office.client.post(f"{API}/letters", json=usual | letter)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].endswith(pointer)


@pytest.mark.parametrize(
    ("answer", "zh"),
    [
        ({"answer": "published"}, "已公开"),
        ({"answer": "not_due", "due_on": "2026-12-01"}, "公开期限未到，应于2026年12月1日前公开"),
        (
            {"answer": "overdue", "due_on": "2026-11-01"},
            "逾期未公开，应于2026年11月1日前公开，已列入监察",
        ),
        ({"answer": "not_owed", "document": "条例第14条"}, "不属于应当公开的信息（条例第14条）"),
        ({"answer": "of_a_later_release"}, "正在核查"),
    ],
)
def test_an_answer_is_a_sentence_and_says_nothing_that_is_not_known(
    answer: dict[str, Any], zh: str
) -> None:
    row = DisclosureAnswer.model_validate(
        {"reference": "-", "version": 1, "answered_at": at("2026-11-23 10:00"), **answer}
    )
    assert rules.sentence(row).zh == zh
    assert rules.sentence(row).en
