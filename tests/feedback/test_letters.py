"""Writing a letter, its number, its code, and who may see it."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.feedback.letters import queries, rules
from services.feedback.letters.numbers import is_registration_number
from tests.feedback.isolated_service import at
from tests.feedback.letter_helpers import API, BODY, LetterOffice
from tests.provoking import provokes

CONTACT = {"name": "赵铁柱", "phone": "13911112222"}


async def test_a_letter_gets_a_number_and_a_code(office: LetterOffice) -> None:
    answer = await office.client.post(
        f"{API}/letters", json={"kind": "help", "title": "路灯不亮", "body": BODY}
    )
    receipt = answer.json()
    assert answer.status_code == 201
    assert set(receipt) == {"id", "reg_no", "query_code", "state"}
    assert is_registration_number(receipt["reg_no"])
    assert receipt["reg_no"].startswith("NC-LX-20261123-")
    assert len(receipt["query_code"]) == 10


@provokes("write_letter", "forbidden")
async def test_numbers_have_no_gap_under_load_and_rollback(office: LetterOffice) -> None:
    office.isolated.clock.now = at("2026-11-11 09:00")
    bad = {"kind": "help", "title": "路灯不亮", "body": BODY, "channel": "phone"}
    letters, refused = await asyncio.gather(
        asyncio.gather(*(_write_patiently(office, f"{BODY}{n}") for n in range(50))),
        asyncio.gather(*(_send_patiently(office, bad) for _ in range(10))),
    )
    assert {answer.status_code for answer in refused} == {403}
    serials = sorted(int(letter["reg_no"].split("-")[3]) for letter in letters)
    assert serials == list(range(1, 51))


async def _write_patiently(office: LetterOffice, body: str) -> dict[str, Any]:
    letter = {"kind": "help", "title": "路灯不亮", "body": body}
    answer = await _send_patiently(office, letter)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def _send_patiently(office: LetterOffice, letter: dict[str, Any]) -> httpx.Response:
    """As an app does: a busy service says 503 and when to come again."""
    while (answer := await office.client.post(f"{API}/letters", json=letter)).status_code == 503:
        assert "Retry-After" in answer.headers
        await asyncio.sleep(0.2)
    return answer


async def test_letters_of_one_person_are_written_at_once(office: LetterOffice) -> None:
    """The first ones of the day, and of somebody whom nobody knows yet."""
    office.isolated.clock.now = at("2026-12-08 09:00")
    contact = {"name": "马小云", "phone": "13911117777"}
    letter = {"kind": "suggestion", "title": "路灯不亮", "body": BODY, "contact": contact}
    answers = await asyncio.gather(*(_send_patiently(office, letter) for _ in range(8)))
    assert [(answer.status_code, answer.text) for answer in answers if answer.is_error] == []


async def test_a_number_taken_by_a_letter_that_fails_is_given_again(office: LetterOffice) -> None:
    day = at("2026-11-12 09:00").date()
    async with office.isolated.sessions() as session:
        assert await queries.next_serial(session, "NC", day) == 1
        await session.rollback()
    async with office.isolated.sessions() as session, session.begin():
        assert await queries.next_serial(session, "NC", day) == 1


async def test_the_database_holds_no_word_of_a_letter(office: LetterOffice) -> None:
    letter = await office.write(contact=CONTACT, place="金佛大道12号")
    async with office.isolated.sessions() as session:
        found = await session.execute(
            text("SELECT to_jsonb(l)::text FROM letter l WHERE id = :id"), {"id": letter.id}
        )
        stored = found.scalar_one()
    for secret in ("赵铁柱", "13911112222", "路灯", "金佛", letter.code):
        assert secret not in stored


async def test_the_sender_sees_the_letter_with_its_code(office: LetterOffice) -> None:
    letter = await office.write()
    seen = await letter.seen()
    assert (seen["reg_no"], seen["state"], seen["due_on"]) == (
        letter.reg_no,
        "received",
        "2026-12-07",
    )
    assert [step["action"] for step in seen["timeline"]] == ["receive"]


async def test_number_and_code_are_read_as_people_type_them(office: LetterOffice) -> None:
    letter = await office.write()
    typed = letter.code.lower().replace("0", "o").replace("1", "l")
    answer = await office.client.get(
        f"{API}/letters/{letter.reg_no.lower()}", params={"code": f"{typed[:5]}-{typed[5:]}"}
    )
    assert answer.status_code == 200


@provokes("read_my_letter", "not-found")
async def test_a_wrong_code_and_a_wrong_number_are_answered_alike(office: LetterOffice) -> None:
    letter = await office.write()
    wrong_check_digit = letter.reg_no[:-1] + str((int(letter.reg_no[-1]) + 1) % 10)
    for reg_no, code in (
        (letter.reg_no, "0000000000"),
        (letter.reg_no, None),
        (wrong_check_digit, letter.code),
        ("NC-LX-19990101-0001-3", letter.code),
        ("nonsense", letter.code),
    ):
        answer = await office.client.get(
            f"{API}/letters/{reg_no}", params={"code": code} if code else {}
        )
        assert answer.status_code == 404, reg_no
        assert set(answer.json()) == {"type", "title", "status", "detail", "request_id"}
        assert answer.json()["detail"] == "登记编号或查询码不对，请核对后再试"


@provokes("read_my_letter", "too-many-requests")
async def test_many_wrong_codes_are_throttled_but_the_right_one_opens(office: LetterOffice) -> None:
    letter = await office.write()
    path = f"{API}/letters/{letter.reg_no}"
    for _ in range(rules.ATTEMPTS):
        assert (await office.client.get(path, params={"code": "0000000000"})).status_code == 404
    stopped = await office.client.get(path, params={"code": "0000000000"})
    assert stopped.status_code == 429
    assert int(stopped.headers["Retry-After"]) > 3000
    assert (await office.client.get(path, params={"code": letter.code})).status_code == 200
    assert (await letter.as_sender("supplement", text="补充一点")).status_code == 200
    office.isolated.clock.advance(hours=1, seconds=1)
    assert (await office.client.get(path, params={"code": "0000000000"})).status_code == 404


async def test_the_same_key_writes_one_letter(office: LetterOffice) -> None:
    letter = {"kind": "help", "title": "路灯不亮", "body": BODY}
    headers = {"Idempotency-Key": "a-key-of-twenty-chars-" + office.department}
    answers = [
        await office.client.post(f"{API}/letters", json=letter, headers=headers) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()


GOOD: dict[str, Any] = {"kind": "help", "title": "路灯不亮", "body": BODY}
BAD = [
    ({**GOOD, "extra": 1}, "/body/extra"),
    ({**GOOD, "kind": "praise"}, "/body/kind"),
    ({**GOOD, "kind": None}, "/body/kind"),
    ({**GOOD, "title": "长" * 26}, "/body/title"),
    ({**GOOD, "title": "  "}, "/body/title"),
    ({**GOOD, "title": "响铃\u0007"}, "/body/title"),
    ({**GOOD, "body": "长" * 5001}, "/body/body"),
    ({**GOOD, "body": 7}, "/body/body"),
    ({**GOOD, "contact": {"name": "王"}}, "/body/contact/phone"),
    ({**GOOD, "contact": {"name": "王", "phone": "call me"}}, "/body/contact/phone"),
    ({**GOOD, "contact": CONTACT, "anonymity": "anonymous"}, "/body/anonymity"),
    ({**GOOD, "anonymity": "invisible"}, "/body/anonymity"),
    ({**GOOD, "wants_public": "maybe"}, "/body/wants_public"),
    ({**GOOD, "wants_public": "true"}, "/body/wants_public"),
    ({**GOOD, "wants_public": 1}, "/body/wants_public"),
    ({**GOOD, "place": 5}, "/body/place"),
    ({**GOOD, "channel": "pigeon"}, "/body/channel"),
    ({"title": "路灯不亮", "body": BODY}, "/body/kind"),
    ([], "/body"),
]


@pytest.mark.parametrize(("letter", "pointer"), BAD)
async def test_bad_input_is_named_and_writes_nothing(
    office: LetterOffice, letter: Any, pointer: str
) -> None:
    before = await _count(office)
    answer = await office.client.post(f"{API}/letters", json=letter)
    assert answer.status_code == 422, answer.text
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert await _count(office) == before


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"{",
        b'{"kind": "help", "title": "\\ud800\\ud800", "body": "xx"}',
        b'{"kind": "help", "title": "a\\u0000b", "body": "xx"}',
        b"[" * 100_000,
    ],
)
async def test_broken_json_is_refused(office: LetterOffice, body: bytes) -> None:
    answer = await office.client.post(
        f"{API}/letters", content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"].startswith("application/problem+json")


async def _count(office: LetterOffice) -> int:
    async with office.isolated.sessions() as session:
        counted = await session.execute(text("SELECT count(*) FROM letter"))
        return int(counted.scalar_one())


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
async def test_json_sent_as_something_else_is_told_how_to_be_sent(
    office: LetterOffice, kind: str
) -> None:
    headers = {"Content-Type": kind, "Accept-Language": "en"}
    answer = await office.client.post(f"{API}/letters", content=json.dumps(GOOD), headers=headers)
    assert answer.status_code == 415
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/header/Content-Type"
    assert "application/json" in error["detail"]


async def test_a_letter_sent_twice_is_hinted_at(office: LetterOffice) -> None:
    body = f"{office.department}门口的井盖破了，车辆经过声音很大，夜里影响休息，请更换。"
    first = await office.write(body=body)
    again = await office.write(body="再次反映：" + body)
    [seen] = await office.list("dispatcher", reg_no=again.reg_no)
    assert first.reg_no in {hint["reg_no"] for hint in seen["duplicates"]}
