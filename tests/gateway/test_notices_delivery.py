"""Notices: each once, to whom the service says, by the channels they wish for, until it arrives."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from services.gateway.notices.channels import signature
from services.gateway.notices.contracts import Handover
from services.gateway.notices.delivering import Dispatcher
from services.gateway.notices.rules import RETRY_AFTER
from shared.database.engine import Sessions
from tests.gateway.carrying import (
    FACTS,
    KEYRING,
    NOON,
    PHONE,
    SECRET,
    Handed,
    MailBox,
    SmsGateway,
    accept,
    choose,
)
from tests.sealed_cells import faults


async def test_it_goes_by_every_channel_once_and_no_phone_is_kept(
    dispatcher: Dispatcher,
    sessions: Sessions,
    rows: asyncpg.Connection,
    handed: Handed,
    box: MailBox,
    city: SmsGateway,
) -> None:
    about, account = uuid4(), uuid4()
    handed[about] = Handover(applies=True, account_id=account, phone=PHONE, facts=FACTS)
    await choose(sessions, account, email="zhang@city.example", by_email=True)
    await accept(sessions, "ticket_called", about)
    await dispatcher.round(NOON)
    await dispatcher.round(NOON + timedelta(minutes=5))

    [mail] = box.mails
    assert (mail["To"], mail["Subject"]) == ("zhang@city.example", "请到窗口")
    assert mail.get_content().strip() == "A007号，请到东湖区政务大厅7号窗口。"
    [(headers, body)] = city.requests
    sent = json.loads(body)
    assert (sent["to"], sent["text"]) == (PHONE, "A007号，请到东湖区政务大厅7号窗口。")
    assert headers["x-onedoor-signature"] == signature(SECRET, int(NOON.timestamp()), body)
    assert headers["idempotency-key"] == sent["notice_id"]
    kept = await rows.fetch("SELECT * FROM notice_delivery ORDER BY channel")
    assert [(row["channel"], row["state"]) for row in kept] == [
        ("email", "done"),
        ("inbox", "done"),
        ("sms", "done"),
    ]
    assert "4711" in kept[0]["receipt"]
    assert kept[2]["receipt"] == "sms-1"
    everything = [*kept, *await rows.fetch("SELECT * FROM notice")]
    everything += await rows.fetch("SELECT * FROM notice_preference")
    written = str([dict(row) for row in everything])
    assert not [word for word in (PHONE, "zhang@", "东湖", "A007") if word in written]
    assert [fault async for fault in faults("gateway", rows, KEYRING)] == []


async def test_what_holds_no_more_or_reaches_nobody_is_dropped(
    dispatcher: Dispatcher, sessions: Sessions, rows: asyncpg.Connection, handed: Handed
) -> None:
    over, nobody, late = uuid4(), uuid4(), uuid4()
    handed[over] = Handover(applies=False)
    handed[nobody] = Handover(applies=True)
    for about in (over, nobody):
        await accept(sessions, "appointment_confirmed", about)
    await accept(sessions, "ticket_called", late, at=NOON - timedelta(minutes=10))
    await dispatcher.round(NOON)
    found = await rows.fetch("SELECT about_id, state, reason FROM notice")
    assert {row["about_id"]: (row["state"], row["reason"]) for row in found} == {
        over: ("dropped", "over"),
        nobody: ("dropped", "nobody_to_reach"),
        late: ("dropped", "too_late"),
    }


async def test_a_delivery_that_holds_no_more_when_its_hour_comes_goes_to_nobody(
    dispatcher: Dispatcher,
    sessions: Sessions,
    rows: asyncpg.Connection,
    handed: Handed,
    city: SmsGateway,
) -> None:
    """Booked at night, cancelled before the quiet hours end."""
    about, night = uuid4(), NOON + timedelta(hours=11)
    handed[about] = Handover(applies=True, phone=PHONE, facts=FACTS)
    await accept(sessions, "appointment_confirmed", about, at=night)
    await dispatcher.round(night)
    assert city.requests == []
    handed[about] = Handover(applies=False)
    await dispatcher.round(night + timedelta(hours=9))
    assert city.requests == []
    [row] = await rows.fetch("SELECT state, reason, settled_at FROM notice_delivery")
    assert (row["state"], row["reason"]) == ("dropped", "over")


async def test_who_wishes_for_no_more_when_its_hour_comes_is_sent_nothing(
    dispatcher: Dispatcher,
    sessions: Sessions,
    rows: asyncpg.Connection,
    handed: Handed,
    box: MailBox,
    city: SmsGateway,
) -> None:
    about, account, night = uuid4(), uuid4(), NOON + timedelta(hours=11)
    handed[about] = Handover(applies=True, account_id=account, phone=PHONE, facts=FACTS)
    address = "zhang@city.example"
    await choose(sessions, account, email=address, by_email=True)
    await accept(sessions, "appointment_confirmed", about, at=night)
    await dispatcher.round(night)
    await choose(sessions, account, email=address, by_sms=False)
    await dispatcher.round(night + timedelta(hours=9))
    assert (box.mails, city.requests) == ([], [])
    found = await rows.fetch("SELECT channel, state FROM notice_delivery ORDER BY channel")
    assert [tuple(row) for row in found] == [
        ("email", "dropped"), ("inbox", "done"), ("sms", "dropped"),
    ]  # fmt: skip


async def test_what_does_not_arrive_is_tried_again_and_given_up_in_the_end(
    dispatcher: Dispatcher,
    sessions: Sessions,
    rows: asyncpg.Connection,
    handed: Handed,
    city: SmsGateway,
) -> None:
    about, now = uuid4(), NOON
    handed[about] = Handover(applies=True, phone=PHONE, facts=FACTS)
    city.statuses = iter([503] * 6)
    await accept(sessions, "letter_answered", about)
    await dispatcher.round(now)
    for wait in RETRY_AFTER:
        await dispatcher.round(now + wait - timedelta(seconds=1))
        now += wait
        await dispatcher.round(now)
    assert len(city.requests) == 1 + len(RETRY_AFTER)
    assert len({headers["idempotency-key"] for headers, _ in city.requests}) == 1
    [row] = await rows.fetch("SELECT state, reason, attempts FROM notice_delivery")
    assert tuple(row) == ("failed", "webhook_503", 6)


async def test_what_is_refused_for_good_is_given_up_at_once(
    dispatcher: Dispatcher,
    sessions: Sessions,
    rows: asyncpg.Connection,
    handed: Handed,
    box: MailBox,
    city: SmsGateway,
) -> None:
    about, account = uuid4(), uuid4()
    handed[about] = Handover(applies=True, account_id=account, phone=PHONE, facts=FACTS)
    await choose(sessions, account, email="gone@city.example", by_email=True)
    box.answers, city.statuses = iter(["550 5.1.1 no such user"]), iter([422])
    await accept(sessions, "ticket_called", about)
    await dispatcher.round(NOON)
    found = await rows.fetch("SELECT channel, state, reason FROM notice_delivery ORDER BY channel")
    assert [tuple(row) for row in found] == [
        ("email", "failed", "smtp_550"),
        ("inbox", "done", None),
        ("sms", "failed", "webhook_422"),
    ]


async def test_mail_that_is_put_off_arrives_later(
    dispatcher: Dispatcher, sessions: Sessions, rows: Any, handed: Handed, box: MailBox
) -> None:
    about, account = uuid4(), uuid4()
    handed[about] = Handover(applies=True, account_id=account, facts=FACTS)
    await choose(sessions, account, email="a@city.example", by_email=True, language="en")
    box.answers = iter(["451 4.7.1 greylisted"])
    await accept(sessions, "ticket_called", about)
    await dispatcher.round(NOON)
    assert box.mails == []
    await dispatcher.round(NOON + RETRY_AFTER[0])
    assert [mail["Subject"] for mail in box.mails] == ["Please come to the window"]


async def test_a_service_that_is_away_is_asked_again(
    dispatcher: Dispatcher, sessions: Sessions, rows: asyncpg.Connection, handed: Handed
) -> None:
    about = uuid4()
    handed[about] = None
    await accept(sessions, "letter_answered", about)
    await dispatcher.round(NOON)
    handed[about] = Handover(applies=True, account_id=uuid4(), facts=FACTS)
    await dispatcher.round(NOON + RETRY_AFTER[0])
    [row] = await rows.fetch("SELECT state, attempts FROM notice")
    assert tuple(row) == ("done", 2)


async def test_one_that_cannot_be_written_down_keeps_no_other_back(
    dispatcher: Dispatcher,
    sessions: Sessions,
    rows: asyncpg.Connection,
    handed: Handed,
    city: SmsGateway,
) -> None:
    broken, whole = uuid4(), uuid4()
    wrong: dict[str, str | None] = {"starts_at": "tomorrow"}
    handed[broken] = Handover(applies=True, phone=PHONE, facts=wrong)
    handed[whole] = Handover(applies=True, phone=PHONE, facts=FACTS)
    for about in (broken, whole):
        await accept(sessions, "appointment_confirmed", about)
    await dispatcher.round(NOON)
    assert len(city.requests) == 1
    found = await rows.fetch("SELECT state, reason FROM notice_delivery ORDER BY state")
    assert [tuple(row) for row in found] == [("done", None), ("waiting", "defect")]


async def test_two_dispatchers_send_nothing_twice(
    dispatcher: Dispatcher, sessions: Sessions, rows: Any, handed: Handed, city: SmsGateway
) -> None:
    for _ in range(12):
        about = uuid4()
        handed[about] = Handover(applies=True, phone=PHONE, facts=FACTS)
        await accept(sessions, "ticket_called", about)
    await asyncio.gather(*(dispatcher.round(NOON) for _ in range(3)))
    await dispatcher.round(NOON)
    keys = [headers["idempotency-key"] for headers, _ in city.requests]
    assert len(keys) == len(set(keys)) == 12
