"""A flood of anonymous letters, and the dispatchers who look at what waits of it."""

from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from tests.feedback.letter_helpers import API, BODY, LetterOffice

FLOOD = {
    "equal_letters_a_day": 5,
    "network_letters_an_hour": 7,
    "anonymous_letters_an_hour": 1_000,
}
TRIES = 10
SERIALS = text("SELECT coalesce(sum(last_serial), 0) FROM letter_day")


async def send(office: LetterOffice, network: str | None = None, **letter: Any) -> dict[str, Any]:
    usual = {"kind": "suggestion", "title": "路灯不亮", "body": f"{BODY}{uuid4().hex}"}
    headers = {"Idempotency-Key": uuid4().hex}
    if network:
        headers["X-OneDoor-Network-Today"] = network
    for _ in range(TRIES):
        answer = await office.client.post(
            f"{API}/letters", json={**usual, **letter}, headers=headers
        )
        if answer.status_code != 503:  # a busy machine says so, and apps send it again
            break
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def flood(office: LetterOffice, count: int, **letter: Any) -> list[dict[str, Any]]:
    """So many letters of one text, one after another."""
    same = {"body": f"{BODY}{uuid4().hex}", **letter}
    return [await send(office, **same) for _ in range(count)]


async def waiting(
    office: LetterOffice, role: str = "dispatcher", sub: str | None = None, **params: Any
) -> list[Any]:
    """Every page of the list."""
    items: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await office.client.get(
            f"{API}/letters/quarantine",
            headers=office.headers(role, sub=sub),
            params={"limit": 3, **params, **cursor},
        )
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return items
        cursor = {"cursor": answer.json()["next_cursor"]}


async def decide(
    office: LetterOffice,
    letter_id: str,
    what: str,
    role: str = "dispatcher",
    sub: str | None = None,
    **body: Any,
) -> httpx.Response:
    return await office.client.post(
        f"{API}/letters/quarantine/{letter_id}/{what}",
        json=body,
        headers=office.headers(role, sub=sub),
    )


async def seen(office: LetterOffice, receipt: dict[str, Any]) -> dict[str, Any]:
    """The letter as its sender sees it, by the number and code of the receipt."""
    answer = await office.client.get(
        f"{API}/letters/{receipt['reg_no']}", params={"code": receipt["query_code"]}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def speak(
    office: LetterOffice, receipt: dict[str, Any], what: str, **body: Any
) -> httpx.Response:
    """What the sender says, by the number and code of the receipt."""
    return await office.client.post(
        f"{API}/letters/{receipt['reg_no']}/{what}", json={"code": receipt["query_code"], **body}
    )


async def serials(office: LetterOffice) -> int:
    async with office.isolated.sessions() as session:
        return int((await session.execute(SERIALS)).scalar_one())
