"""Notices that happen, and a mail server and a city's gateway on this machine to send them to."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope
from fastapi import FastAPI, Request, Response
from sqlalchemy import text

from deploy.postgres import Urls
from services.gateway.notices import emails, service
from services.gateway.notices.contracts import Handover
from services.gateway.notices.schemas import NoticePreferencesIn
from services.gateway.notices.service import Occasion
from services.gateway.settings import GatewaySettings
from shared.database.engine import Sessions
from shared.security.crypto import Keyring
from tests import support
from tests.gateway.loopback_server import listening

KEYRING = Keyring(support.COLUMN_KEYS, support.INDEX_KEY)
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
PHONE = "13900000001"
SECRET = "a-secret-of-the-test-that-is-long-enough"
FACTS: dict[str, str | None] = {"number": "A007", "window_no": "7", "hall_name": "东湖区政务大厅"}
Handed = dict[UUID, Handover | None]
"""What the services say, by what a notice is about."""


def apart_settings(apart: Urls, **others: Any) -> GatewaySettings:
    return GatewaySettings(
        env="test",
        database_url=apart.service,
        column_keys=support.COLUMN_KEYS,
        index_key=support.INDEX_KEY,
        **others,
    )


async def accept(
    sessions: Sessions, kind: str, about: UUID, occasion: str = "1", at: datetime = NOON
) -> None:
    async with sessions() as session, session.begin():
        await service.accept(session, Occasion("appointments", kind, about, occasion), at, at)


async def choose(
    sessions: Sessions,
    account: UUID,
    *,
    confirmed: bool = True,
    now: datetime = NOON,
    **wanted: Any,
) -> None:
    """What the account wants; its address is one that it has confirmed, unless said otherwise."""
    async with sessions() as session, session.begin():
        asked = NoticePreferencesIn(**wanted)
        await emails.choose(session, KEYRING, account, asked, None, now)
        if confirmed:
            done = "UPDATE notice_preference SET email_confirmed_at = :now, code_sealed = NULL,"
            done += " code_expires_at = NULL WHERE account_id = :account"
            await session.execute(text(done), {"now": now, "account": account})
            gone = "DELETE FROM notice WHERE kind = 'email_confirmation' AND about_id = :account"
            await session.execute(text(gone), {"account": account})


class MailBox:
    """What arrived; the next answers are `answers`, then all is taken."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answers: Iterator[str] = iter(())
        self.port = 0
        self.hangs: asyncio.Event | None = None
        """As long as it is not set, nobody who brings something is answered."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        if self.hangs is not None:
            await self.hangs.wait()
        answer = next(self.answers, "250 2.0.0 queued as 4711")
        if answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            mail = message_from_bytes(content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
        return answer


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailBox]:
    """A real SMTP server, on a free port."""
    box, loop = MailBox(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, hostname="mail.example", loop=loop), "127.0.0.1", 0
    )
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box


class SmsGateway:
    """What a city's gateway was sent, and what it answers next."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.statuses: Iterator[int] = iter(())
        self.url = ""


@asynccontextmanager
async def sms_gateway() -> AsyncIterator[SmsGateway]:
    """On a free port; it gives a receipt for what it takes."""
    found, app = SmsGateway(), FastAPI()

    @app.post("/send")
    async def send(request: Request) -> Response:
        found.requests.append((dict(request.headers), await request.body()))
        status = next(found.statuses, 202)
        return Response(status_code=status, headers={"X-Receipt": "sms-1", "Location": "/other"})

    async with listening(app) as address:
        found.url = f"{address}/send"
        yield found
