"""Every channel has its queue, in which what is urgent comes first."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from services.gateway.notices.contracts import Handover
from services.gateway.notices.delivering import Dispatcher
from services.gateway.notices.models import Notice
from services.gateway.notices.queries import AT_ONCE
from shared import clock
from shared.database.engine import Sessions
from tests import support
from tests.gateway.carrying import (
    FACTS,
    KEYRING,
    NOON,
    PHONE,
    Handed,
    MailBox,
    SmsGateway,
    accept,
    choose,
)


async def test_what_is_urgent_is_taken_before_what_waits_longer(
    dispatcher: Dispatcher, sessions: Sessions, rows: Any, handed: Handed, city: SmsGateway
) -> None:
    """More reminders than are taken at a time, and a call that came after all of them."""
    for _ in range(AT_ONCE + 1):
        about = uuid4()
        handed[about] = Handover(applies=True, phone=PHONE, facts=FACTS)
        await accept(sessions, "appointment_confirmed", about, at=NOON - timedelta(hours=1))
    called = uuid4()
    handed[called] = Handover(applies=True, phone=PHONE, facts=FACTS)
    await accept(sessions, "ticket_called", called)
    await dispatcher.round(NOON)
    kinds = [json.loads(body)["kind"] for _, body in city.requests]
    assert len(kinds) == AT_ONCE
    assert kinds.count("ticket_called") == 1


async def test_a_mail_server_that_hangs_keeps_no_call_from_a_phone(
    dispatcher: Dispatcher, sessions: Sessions, rows: Any, handed: Handed, city: SmsGateway,
    box: MailBox,
) -> None:  # fmt: skip
    account, about = uuid4(), uuid4()
    handed[about] = Handover(applies=True, account_id=account, phone=PHONE, facts=FACTS)
    await choose(sessions, account, email="slow@city.example", by_email=True)
    box.hangs = asyncio.Event()
    await accept(sessions, "ticket_called", about, at=clock.now())
    running = asyncio.create_task(dispatcher.run())
    try:

        async def there() -> bool:
            return len(city.requests) == 1

        await support.eventually(there, seconds=8)
        assert box.mails == []
    finally:
        box.hangs.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_channel_that_is_there_no_more_is_drained(
    dispatcher: Dispatcher, sessions: Sessions, rows: asyncpg.Connection, handed: Handed
) -> None:
    about = uuid4()
    handed[about] = Handover(applies=True, phone=PHONE, facts=FACTS)
    await accept(sessions, "ticket_called", about)
    await dispatcher.address(NOON)

    async def ask(notice: Notice, _: datetime) -> Handover | None:
        return handed[notice.about_id]

    await Dispatcher(sessions, KEYRING, ask, {}).round(NOON)
    [row] = await rows.fetch("SELECT state, reason FROM notice_delivery")
    assert tuple(row) == ("dropped", "nobody_to_reach")
