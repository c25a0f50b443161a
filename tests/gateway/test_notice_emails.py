"""An address is confirmed by a code that comes to it, before anything else goes there."""

import json
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from services.gateway.notices import emails
from services.gateway.notices.channels import FileCarrier
from services.gateway.notices.contracts import Handover
from services.gateway.notices.delivering import Dispatcher
from services.gateway.notices.models import Notice, NoticeChannel
from services.gateway.notices.rules import CodesSpent
from services.gateway.notices.service import EMAIL
from shared.database.engine import Sessions
from tests.conftest import Headers
from tests.gateway.carrying import KEYRING, NOON, accept, choose
from tests.gateway.conftest import Running
from tests.provoking import provokes
from tests.sealed_cells import faults

ADDRESS = "zhang@city.example"


@pytest.fixture
def post(sessions: Sessions, rows: asyncpg.Connection, tmp_path: Any) -> Any:
    """Delivers what is due, and gives all that was carried so far."""
    path = tmp_path / "carried.jsonl"

    async def ask(notice: Notice, _: datetime) -> Handover | None:
        facts = {"number": "A007", "window_no": "7", "hall_name": "大厅"}
        return Handover(applies=True, account_id=notice.about_id, facts=facts)

    sink = {NoticeChannel.EMAIL: FileCarrier(path), NoticeChannel.SMS: FileCarrier(path)}
    dispatcher = Dispatcher(sessions, KEYRING, ask, sink)

    async def delivered(now: datetime = NOON) -> list[dict[str, str]]:
        await dispatcher.round(now)
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    return delivered


def code_in(mail: dict[str, str]) -> str:
    found = re.search(r"\d{8}", mail["text"])
    assert found is not None
    return found[0]


async def test_a_new_address_is_sent_a_code_and_nothing_else(
    sessions: Sessions, rows: asyncpg.Connection, post: Any
) -> None:
    account = uuid4()
    await choose(sessions, account, confirmed=False, email=ADDRESS, by_email=True, language="en")
    await accept(sessions, "ticket_called", account)
    [mail] = await post()
    assert (mail["kind"], mail["to"], mail["language"]) == ("email_confirmation", ADDRESS, "en")
    kept = await rows.fetch("SELECT * FROM notice_preference")
    kept += await rows.fetch("SELECT * FROM notice")
    assert code_in(mail) not in str([dict(row) for row in kept])
    inbox = await rows.fetch("SELECT kind FROM notice WHERE account_id = $1", account)
    assert [row["kind"] for row in inbox] == ["ticket_called"], "a code is in no inbox"
    assert [fault async for fault in faults("gateway", rows, KEYRING)] == []


async def test_once_it_is_confirmed_notices_go_there(sessions: Sessions, post: Any) -> None:
    account = uuid4()
    await choose(sessions, account, email=ADDRESS, by_email=True)
    await accept(sessions, "ticket_called", account)
    assert [mail["kind"] for mail in await post()] == ["ticket_called"]
    await choose(sessions, account, confirmed=False, email="li@city.example", by_email=True)
    await accept(sessions, "ticket_missed", account)
    newest = (await post())[1:]
    assert [(mail["kind"], mail["to"]) for mail in newest] == [
        ("email_confirmation", "li@city.example")
    ]


@pytest.mark.parametrize("confirmed", [True, False])
async def test_an_address_that_the_release_before_took_is_not_confirmed_by_another(
    sessions: Sessions, rows: asyncpg.Connection, post: Any, *, confirmed: bool
) -> None:
    account = uuid4()
    await choose(sessions, account, confirmed=confirmed, email=ADDRESS, by_email=True)
    others = KEYRING.seal("li@city.example", where=EMAIL, row=str(account))
    change = "UPDATE notice_preference SET email_sealed = $2, version = version + $3"
    await rows.execute(f"{change} WHERE account_id = $1", account, others, 0)
    kept = "SELECT email_confirmed_at, code_sealed FROM notice_preference WHERE account_id = $1"
    assert any(await rows.fetchrow(kept, account) or ()), "that was only sealed anew"
    again = KEYRING.seal("li@city.example", where=EMAIL, row=str(account))
    await rows.execute(f"{change} WHERE account_id = $1", account, again, 1)
    assert not any(await rows.fetchrow(kept, account) or ())
    await accept(sessions, "ticket_called", account)
    assert await post() == []


async def test_what_is_changed_besides_the_address_asks_for_no_new_code(
    sessions: Sessions, post: Any
) -> None:
    account = uuid4()
    for language in ("zh", "en"):
        await choose(sessions, account, confirmed=False, email=ADDRESS, language=language)
    assert len(await post()) == 1


async def test_an_older_code_is_not_sent_any_more(sessions: Sessions, post: Any) -> None:
    account = uuid4()
    await choose(sessions, account, confirmed=False, email=ADDRESS)
    async with sessions() as session, session.begin():
        await emails.send_again(session, KEYRING, account, NOON + timedelta(seconds=1))
    assert len(await post(NOON + timedelta(seconds=2))) == 1
    late = NOON + emails.LASTS + timedelta(seconds=2)
    await choose(sessions, uuid4(), confirmed=False, email="late@city.example")
    assert len(await post(late)) == 1, "nor is one that has expired"


async def test_nobody_has_codes_sent_to_others_all_day(sessions: Sessions) -> None:
    account = uuid4()
    for number in range(emails.MOST):
        at, address = NOON + timedelta(seconds=number), f"a{number}@city.example"
        await choose(sessions, account, confirmed=False, now=at, email=address)
    late = NOON + timedelta(hours=23)
    with pytest.raises(CodesSpent):
        await choose(sessions, account, confirmed=False, now=late, email="more@city.example")
    tomorrow = NOON + timedelta(days=1, seconds=1)
    await choose(sessions, account, confirmed=False, now=tomorrow, email="more@city.example")


async def code_of(sql: Any, account: UUID) -> str:
    database = await sql("gateway")
    row = await database.fetchrow("SELECT * FROM notice_preference WHERE account_id = $1", account)
    return str(KEYRING.open(row["code_sealed"], where=emails.CODE, row=str(account)))


@provokes("confirm_email", "email-code-refused")
@provokes("send_email_code", "no-email-to-confirm")
async def test_the_code_works_once_and_no_longer_than_it_says(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = uuid4()
    mine, path = as_("citizen", sub=str(account)), "/api/v1/notices/preferences"
    again, confirmation = f"{path}/email-code", f"{path}/email-confirmation"
    nothing = await client.post(again, headers=mine)
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/no-email-to-confirm")
    put = await client.put(path, json={"email": ADDRESS, "by_email": True}, headers=mine)
    assert put.json()["email_confirmed_at"] is None
    first = await code_of(sql, account)
    assert first not in put.text

    sent = await client.post(again, headers=mine)
    second = await code_of(sql, account)
    assert (sent.status_code, second in sent.text) == (200, False)
    for wrong in {first, f"{(int(second) + 1) % 10**8:08}"} - {second}:
        refused = await client.post(confirmation, json={"code": wrong}, headers=mine)
        assert refused.status_code == 422
        assert refused.json()["type"] == "/problems/email-code-refused"
    done = await client.post(confirmation, json={"code": second}, headers=mine)
    assert done.json()["email_confirmed_at"] is not None
    assert (await client.get(path, headers=mine)).json() == done.json()
    assert (await client.post(again, headers=mine)).status_code == 409

    other = as_("citizen", sub=str(uuid4()))
    strange = await client.post(confirmation, json={"code": second}, headers=other)
    assert strange.status_code == 422


@provokes("confirm_email", "locked-out")
async def test_a_code_is_not_guessed_for_long(
    client: httpx.AsyncClient, as_: Headers, sql: Any
) -> None:
    account = uuid4()
    mine, path = as_("citizen", sub=str(account)), "/api/v1/notices/preferences"
    await client.put(path, json={"email": ADDRESS}, headers=mine)
    right = await code_of(sql, account)
    wrong = f"{(int(right) + 1) % 10**8:08}"
    for _ in range(10):
        answer = await client.post(f"{path}/email-confirmation", json={"code": wrong}, headers=mine)
        assert answer.status_code == 422
    locked = await client.post(f"{path}/email-confirmation", json={"code": right}, headers=mine)
    assert (locked.status_code, locked.json()["type"]) == (429, "/problems/locked-out")


@provokes("send_email_code", "email-codes-spent")
@provokes("put_notice_preferences", "email-codes-spent")
async def test_codes_are_not_sent_without_end(
    client: httpx.AsyncClient, as_: Headers, door: Running
) -> None:
    mine, path = as_("citizen", sub=str(uuid4())), "/api/v1/notices/preferences"
    await client.put(path, json={"email": ADDRESS}, headers=mine)
    for _ in range(emails.MOST - 1):
        assert (await client.post(f"{path}/email-code", headers=mine)).status_code == 200
    spent = await client.post(f"{path}/email-code", headers=mine)
    assert (spent.status_code, spent.json()["type"]) == (429, "/problems/email-codes-spent")
    other = await client.put(path, json={"email": "li@city.example"}, headers=mine)
    assert other.json()["type"] == "/problems/email-codes-spent"
    kept = (await client.get(path, headers=mine)).json()
    assert kept["email"] == ADDRESS
