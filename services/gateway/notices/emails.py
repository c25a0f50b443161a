"""Addresses for notices: a one-time code goes to each, and nothing else before it was confirmed.

Whoever types an address may type somebody else's. So the code is in no inbox and no answer, works
once and for LASTS, and neither can be guessed for long nor sent for as often as somebody likes.
"""

import secrets
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.guessing import service as guessing
from services.gateway.notices import queries, service
from services.gateway.notices.contracts import Handover
from services.gateway.notices.models import Notice, NoticePreference
from services.gateway.notices.rules import CodeRefused, CodesSpent, NothingToConfirm
from services.gateway.notices.schemas import NoticePreferencesIn
from services.gateway.notices.service import EMAIL, Occasion, email_of
from shared.database.engine import DirectPool
from shared.database.versioned import swap
from shared.security.crypto import Keyring
from shared.workflow import refuse

OWN = "gateway"
"""The source of a notice that no other service knows about."""
KIND = "email_confirmation"
CODE = "notice_preference.code"
DIGITS = 8
LASTS = timedelta(minutes=30)
MOST, WITHIN = 10, timedelta(days=1)
"""So many codes an account has sent within that time."""
_OVER = Handover(applies=False)


async def choose(
    session: AsyncSession,
    keyring: Keyring,
    account: UUID,
    wanted: NoticePreferencesIn,
    expected: int | None,
    now: datetime,
) -> NoticePreference:
    """What holds from now on; another address than before is sent a code.

    Raises StateConflict if somebody was faster, CodesSpent.
    """
    before = await queries.preference(session, account, for_change=True)
    values = wanted.model_dump(exclude={"email"})
    known = None if before is None else email_of(keyring, before)
    if before is not None and known == wanted.email:
        kept = {"email_sealed", "email_confirmed_at", "code_sealed", "code_expires_at"}
        values |= before.model_dump(include=kept)
    elif wanted.email is not None:
        values["email_sealed"] = keyring.seal(wanted.email, where=EMAIL, row=str(account))
        values |= _fresh(keyring, account, now)
    row = NoticePreference(account_id=account, **values)
    put = await queries.put_preference(session, row, expected)
    if put is None:
        present = await queries.preference(session, account)
        refuse(NoticePreference.presence, present.version if present else 0)
    if put.email_sealed and known != wanted.email:
        await _send(session, put, now)
    return put


async def send_again(
    session: AsyncSession, keyring: Keyring, account: UUID, now: datetime
) -> NoticePreference:
    """Another code, by which the one before ends. Raises NothingToConfirm, CodesSpent."""
    found = await queries.preference(session, account, for_change=True)
    if found is None or found.email_sealed is None or found.email_confirmed_at is not None:
        raise NothingToConfirm
    put = await swap(session, found, _fresh(keyring, account, now), state="presence")
    await _send(session, put, now)
    return put


async def confirm(
    session: AsyncSession,
    direct: DirectPool,
    keyring: Keyring,
    account: UUID,
    code: str,
    now: datetime,
) -> NoticePreference:
    """The address is theirs. What is confirmed already stays so. Raises CodeRefused, LockedOut."""
    by = guessing.trying(keyring, str(account), "", where=CODE)
    attempt, _ = await guessing.take(direct, by, now)
    found = await queries.preference(session, account, for_change=True)
    if found is None or not (found.email_confirmed_at or _is_right(keyring, found, code, now)):
        raise CodeRefused(pointer="/body/code")
    await guessing.succeeded(direct, attempt, now)
    if found.email_confirmed_at is not None:
        return found
    changes = {"email_confirmed_at": now, "code_sealed": None, "code_expires_at": None}
    return await swap(session, found, changes, state="presence")


async def hand_over(
    session: AsyncSession, keyring: Keyring, notice: Notice, now: datetime
) -> Handover:
    """To which address the code goes, as long as it is the one that the notice was made for."""
    found = await queries.preference(session, notice.about_id)
    if found is None or found.code_sealed is None or found.code_expires_at is None:
        return _OVER
    if notice.occasion != _occasion(found.code_expires_at) or now >= found.code_expires_at:
        return _OVER
    code = keyring.open(found.code_sealed, where=CODE, row=str(found.account_id))
    return Handover(
        applies=True,
        email=email_of(keyring, found),
        language=found.language,
        facts={"code": code, "expires_at": found.code_expires_at.isoformat()},
    )


def _fresh(keyring: Keyring, account: UUID, now: datetime) -> dict[str, Any]:
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    return {
        "email_confirmed_at": None,
        "code_sealed": keyring.seal(code, where=CODE, row=str(account)),
        "code_expires_at": now + LASTS,
    }


async def _send(session: AsyncSession, chosen: NoticePreference, now: datetime) -> None:
    account, expires = chosen.account_id, chosen.code_expires_at
    assert expires is not None
    if await queries.made_since(session, KIND, account, now - WITHIN) >= MOST:
        raise CodesSpent(retry_after=int(WITHIN.total_seconds()))
    about = Occasion(OWN, KIND, account, _occasion(expires), expires)
    await service.accept(session, about, now, now)


def _is_right(keyring: Keyring, found: NoticePreference, code: str, now: datetime) -> bool:
    sealed, expires = found.code_sealed, found.code_expires_at
    if sealed is None or expires is None or now >= expires:
        return False
    known = keyring.open(sealed, where=CODE, row=str(found.account_id))
    return compare_digest(known.encode(), code.encode())


def _occasion(expires: datetime) -> str:
    return expires.astimezone(UTC).isoformat(timespec="microseconds")
