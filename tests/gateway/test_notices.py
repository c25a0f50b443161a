"""An account's inbox and preferences, and what administrators see, over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.gateway.notices import queries, service
from services.gateway.notices.contracts import Handover
from services.gateway.notices.models import NoticeChannel
from services.gateway.notices.service import Occasion
from services.gateway.notices.workflow import NoticeAction, Outcome
from shared.database.engine import Sessions, new_engine, new_sessions
from tests import support
from tests.conftest import Headers
from tests.gateway.carrying import KEYRING, PHONE, accept
from tests.gateway.conftest import Running
from tests.provoking import provokes


@pytest.fixture
async def door_sessions(door: Running) -> AsyncIterator[Sessions]:
    engine = new_engine(door.settings, "test-notices-door")
    yield new_sessions(engine)
    await engine.dispose()


async def test_an_account_finds_it_in_its_inbox_and_marks_it_as_read(
    client: httpx.AsyncClient, as_: Headers, door_sessions: Sessions
) -> None:
    account = uuid4()  # the service behind says that what it is about is the account's
    mine = as_("citizen", sub=str(account))
    await accept(door_sessions, "ticket_called", account, at=datetime.now(UTC))

    async def there() -> bool:
        listed = await client.get("/api/v1/notices", headers=mine)
        return bool(listed.json()["items"])

    await support.eventually(there, seconds=15)
    [shown] = (await client.get("/api/v1/notices", headers=mine)).json()["items"]
    assert (shown["title"], shown["read_at"]) == ("请到窗口", None)
    english = await client.get("/api/v1/notices", headers={**mine, "Accept-Language": "en"})
    assert english.json()["items"][0]["text"] == "Number A007: please come to window 7, 大厅."

    path = f"/api/v1/notices/{shown['id']}/read"
    first, again = [(await client.post(path, headers=mine)).json() for _ in range(2)]
    assert first["read_at"] == again["read_at"] is not None
    unread = await client.get("/api/v1/notices", params={"unread": True}, headers=mine)
    assert unread.json()["items"] == []
    strange = await client.post(path, headers=as_("citizen", sub=str(uuid4())))
    assert strange.status_code == 404
    nobody = await client.get("/api/v1/notices", headers=as_("citizen", sub="no-account"))
    assert nobody.status_code == 404


async def test_the_way_by_which_contacts_are_handed_over_is_not_behind_the_door(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    path = f"/api/v1/notice-recipients/{uuid4()}"
    answer = await client.get(
        path, params={"kind": "x", "about": str(uuid4())}, headers=as_("system", "*")
    )
    assert answer.status_code == 404


@provokes("put_notice_preferences", "state-conflict")
async def test_preferences_are_the_accounts_own_and_nobody_overwrites_what_they_did_not_see(
    client: httpx.AsyncClient, as_: Headers
) -> None:
    mine, path = as_("citizen", sub=str(uuid4())), "/api/v1/notices/preferences"
    before = (await client.get(path, headers=mine)).json()
    assert (before["version"], before["by_sms"], before["quiet_from"]) == (0, True, "21:00")
    wanted = {"email": "zhang@city.example", "by_email": True, "muted": ["appointment_confirmed"]}
    first = await client.put(path, json=wanted, headers=mine)
    assert (first.status_code, first.json()["version"]) == (200, 1)
    changed = await client.put(
        path, json={**wanted, "language": "en"}, headers={**mine, "If-Match": '"1"'}
    )
    assert changed.json() == {**first.json(), "language": "en", "version": 2}
    late = await client.put(path, json={}, headers={**mine, "If-Match": '"1"'})
    assert (late.status_code, late.json()["version"]) == (409, 2)
    assert (await client.get(path, headers=mine)).json() == changed.json()
    for wrong in ({"by_email": True}, {"muted": ["x"]}, {"email": "nobody"}):
        answer = await client.put(path, json=wrong, headers=mine)
        assert answer.status_code == 422, wrong


async def test_an_administrator_sees_figures_and_failures_and_no_contents(
    client: httpx.AsyncClient, as_: Headers, door_sessions: Sessions, sql: Any
) -> None:
    about, now = uuid4(), datetime.now(UTC)
    async with door_sessions() as session, session.begin():
        occasion = Occasion("appointments", "ticket_called", about, "1")
        await service.accept(session, occasion, now, now)
        taken = await queries.take_notices(session, now)
        [notice] = [one for one in taken if one.about_id == about]
        known = Handover(applies=True, phone=PHONE, facts={"hall_name": "秘密大厅"})
        heard = [service.Heard(notice, known)]
        await service.settle(session, KEYRING, heard, frozenset(NoticeChannel), now)
        [due] = await queries.take_deliveries(session, NoticeChannel.SMS, now)
        failed = Outcome(NoticeAction.GIVE_UP, "webhook_422")
        await service.settle_delivery(session, due, failed, None, now)

    answer = await client.get("/api/v1/notices/outbox", headers=as_("admin", "*"))
    seen = answer.json()
    [failure] = [one for one in seen["failures"] if one["notice_id"] == str(notice.id)]
    assert (failure["channel"], failure["reason"]) == ("sms", "webhook_422")
    assert any(one["state"] == "failed" and one["total"] >= 1 for one in seen["figures"])
    assert "秘密" not in answer.text
    assert PHONE not in answer.text
    refused = await client.get("/api/v1/notices/outbox", headers=as_("citizen"))
    assert refused.status_code == 403
