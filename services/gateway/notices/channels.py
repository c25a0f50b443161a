"""What carries messages out of the house: e-mail, a city's own gateway, a file on one's machine."""

import asyncio
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import UUID

import aiosmtplib
import httpx

from services.gateway.notices.models import NoticeChannel
from services.gateway.notices.rules import Message
from services.gateway.settings import GatewaySettings

SECONDS = 10
_RECEIPT_LENGTH = 200


class NotCarried(Exception):
    """It did not arrive and may do so later; `reason` is a short code without anybody's data."""

    is_final = False

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NeverCarried(NotCarried):
    """It will not arrive however often it is sent."""

    is_final = True


class Parcel(NamedTuple):
    """One message to one address; `delivery_id` is the same each time that it is tried."""

    delivery_id: UUID
    kind: str
    to: str
    message: Message
    language: str


class Carrier(Protocol):
    """One way out."""

    async def carry(self, parcel: Parcel, now: datetime) -> str | None:
        """What the other side calls the message by, if it says. Raises NotCarried."""


class SmtpCarrier:
    """Mail by SMTP; the Message-ID stays the same, by which mail programs know a repetition."""

    def __init__(self, settings: GatewaySettings) -> None:
        assert settings.smtp_host is not None
        self._host, self._port = settings.smtp_host, settings.smtp_port
        self._tls, self._sender = settings.smtp_tls, settings.smtp_from
        self._user = settings.smtp_user
        secret = settings.smtp_password
        self._password = None if secret is None else secret.get_secret_value()

    async def carry(self, parcel: Parcel, now: datetime) -> str | None:
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, parcel.to
        mail["Subject"] = " ".join(parcel.message.title.split())
        mail["Message-ID"] = f"<{parcel.delivery_id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday note comes back
        mail["Content-Language"] = parcel.language
        mail.set_content(parcel.message.text)
        try:
            _, said = await aiosmtplib.send(
                mail,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls == "tls",
                start_tls=self._tls == "starttls",
                timeout=SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            kind = NeverCarried if codes and min(codes) >= 500 else NotCarried
            raise kind("smtp_recipient_refused") from None
        except aiosmtplib.SMTPResponseException as error:
            kind = NeverCarried if error.code >= 500 and error.code != 535 else NotCarried
            raise kind(f"smtp_{error.code}") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            raise NotCarried("smtp_unreachable") from None
        return said[:_RECEIPT_LENGTH]


def signature(secret: str, at: int, body: bytes) -> str:
    """`t=<seconds>,v1=<hex>`: HMAC-SHA-256 over the seconds, a dot and the body."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


class WebhookCarrier:
    """A city's gateway for SMS or mini-programs, called with a signed body.

    The address is the deployment's own setting, never a user's, so that it may be an internal one;
    a redirect is not followed, for the phone is for that address alone.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        assert settings.sms_webhook_url is not None
        assert settings.sms_webhook_secret is not None
        self._url = settings.sms_webhook_url
        self._secret = settings.sms_webhook_secret

    async def carry(self, parcel: Parcel, now: datetime) -> str | None:
        body = json.dumps(_written(parcel), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": str(parcel.delivery_id),
            "X-OneDoor-Signature": signature(
                self._secret.get_secret_value(), int(now.timestamp()), body
            ),
        }
        try:
            async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
                answer = await client.post(self._url, content=body, headers=headers)
        except (httpx.HTTPError, OSError):
            raise NotCarried("webhook_unreachable") from None
        if answer.is_success:
            return answer.headers.get("x-receipt", "")[:_RECEIPT_LENGTH] or None
        is_final = answer.is_client_error and answer.status_code not in (401, 403, 408, 425, 429)
        raise (NeverCarried if is_final else NotCarried)(f"webhook_{answer.status_code}")


class FileCarrier:
    """A file beside a local system's data: what would have gone out, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def carry(self, parcel: Parcel, now: datetime) -> str | None:
        line = json.dumps({"at": now.isoformat(), **_written(parcel)}, ensure_ascii=False)
        await asyncio.to_thread(self._append, line)
        return None

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(opened, "a") as file:
            file.write(line + "\n")


def _written(parcel: Parcel) -> dict[str, str]:
    return {
        "notice_id": str(parcel.delivery_id),
        "kind": parcel.kind,
        "to": parcel.to,
        "language": parcel.language,
        "title": parcel.message.title,
        "text": parcel.message.text,
    }


def carriers(settings: GatewaySettings) -> Mapping[NoticeChannel, Carrier]:
    """The ways out that the deployment has; a local system has its file for the others."""
    found: dict[NoticeChannel, Carrier] = {}
    if settings.env == "local":
        sink = FileCarrier(settings.notices_file)
        found = {NoticeChannel.EMAIL: sink, NoticeChannel.SMS: sink}
    if settings.smtp_host is not None:
        found[NoticeChannel.EMAIL] = SmtpCarrier(settings)
    if settings.sms_webhook_url is not None:
        found[NoticeChannel.SMS] = WebhookCarrier(settings)
    return found
