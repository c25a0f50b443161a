"""Checks who an account belongs to, and lets the services know by digests.

Whoever is named by an ID number sees and changes what belongs to that person. So no administrator
gives an account a number alone: it counts once another one has approved. Accounts of a
demonstration are nobody's, and are excepted.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import rules as access_rules
from services.gateway.guessing import service as guessing
from services.gateway.identities import queries
from services.gateway.identities.events import AccountIdentified
from services.gateway.identities.models import AccountIdentity, IdentityProposal
from services.gateway.identities.rules import IdentityDiffers, IdentityTaken
from services.gateway.identities.schemas import (
    IdentityApproval,
    IdentityIn,
    ListedState,
    Withdrawal,
)
from shared.database.deciding import DecidingSession
from shared.database.engine import DirectPool
from shared.errors import FourEyes, NotFound
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions

NAME, PHONE, ID_NUMBER = (f"account_identity.{part}" for part in ("name", "phone", "id_number"))
PERSON_DOCUMENT, PERSON_PHONE = "person.document", "person.phone"
"""Where all services index a person's numbers, so that one is recognised by each of them."""
ATTEMPTS = "identity_proposal.attempt"
PENDING = "pending"

Known = tuple[AccountIdentity | None, IdentityProposal | None]
"""What counts, and what waits for a second person."""


async def identify(
    session: DecidingSession,
    keyring: Keyring,
    account_id: UUID,
    wanted: IdentityIn,
    by: Caller,
    now: datetime,
) -> Known:
    """What counts and what waits now. Raises NotFound, OwnGrant or IdentityTaken."""
    known = await queries.known(session, account_id)
    if known is None:
        raise NotFound
    account = known.account
    access_rules.ensure_other(by.sub, str(account.id))
    values = _sealed(keyring, str(account.id), wanted)
    values |= {"verified_by": by.sub, "verified_at": now}
    about = f"account:{account.id}"
    await _ensure_free(session, keyring, account.id, wanted.id_number)
    if account.is_demo:
        found = await _put(session, keyring, known, values)
        await audit_log.write(session, by.sub, "account.identified", about, now)
        return found, None
    proposed = queries.propose(session, known, values)
    await audit_log.write(session, by.sub, "account.identity_proposed", about, now)
    return known.counts, proposed


class Approval(NamedTuple):
    """What a second person says of the identity of an account."""

    account_id: UUID
    read: IdentityApproval
    by: Caller


async def approve(
    session: DecidingSession, direct: DirectPool, keyring: Keyring, given: Approval, now: datetime
) -> Known:
    """What counts now.

    Raises NotFound, OwnGrant, FourEyes, IdentityDiffers, IdentityTaken, LockedOut or StateConflict.
    """
    account_id, read, by = given
    access_rules.ensure_other(by.sub, str(account_id))
    known = await queries.known(session, account_id)
    waits = known and known.waits
    if known is None or waits is None:
        raise NotFound
    versions.ensure(read.version, version=waits.version, state=PENDING)
    if waits.verified_by == by.sub:
        raise FourEyes
    await _ensure_same(direct, keyring, waits, given, now)
    await _ensure_free(session, keyring, account_id, read.id_number)
    values = waits.model_dump(exclude={"account_id"})
    values |= {"approved_by": by.sub, "id_number_index": _document_index(keyring, read.id_number)}
    found = await _put(session, keyring, known, values)
    about, details = f"account:{account_id}", {"verified_by": waits.verified_by}
    await audit_log.write(session, by.sub, "account.identified", about, now, details)
    return found, None


async def _ensure_same(
    direct: DirectPool, keyring: Keyring, waits: IdentityProposal, given: Approval, now: datetime
) -> None:
    """Two people read the same numbers. Raises IdentityDiffers or LockedOut.

    Each number is shown masked, so that it is read from the document; and attempts are counted, so
    that the hidden digits are not tried out. The count and its note outlive the refused request.
    """
    name, by_whom = str(waits.account_id), given.by.sub
    by = guessing.trying(keyring, name, by_whom, where=ATTEMPTS)
    attempt, _ = await guessing.take(direct, by, now)
    if not _same(keyring, waits, given.read):
        about = f"account:{waits.account_id}"
        act = "account.identity_differed"
        await audit_log.note(direct, given.by.sub, act, about, now, {"version": waits.version})
        raise IdentityDiffers
    await guessing.succeeded(direct, attempt, now)


def _same(keyring: Keyring, waits: IdentityProposal, read: IdentityApproval) -> bool:
    """Whether every number is that which waits, and none is missing; in constant time."""
    phone = waits.phone_sealed and keyring.open(
        waits.phone_sealed, where=PHONE, row=str(waits.account_id)
    )
    pairs = (
        (_lifted(keyring, waits.id_number_index), _document_index(keyring, read.id_number)),
        (_phone_index(keyring, phone), _phone_index(keyring, read.phone)),
    )
    same = [hmac.compare_digest(kept or "", typed or "") for kept, typed in pairs]
    return all(same)


async def identity_of(session: AsyncSession, account_id: UUID) -> Known:
    """What was checked for the account, at least one of both. Raises NotFound."""
    found = await queries.known(session, account_id)
    if found is None or (found.counts is None and found.waits is None):
        raise NotFound
    return found.counts, found.waits


async def identities(
    session: AsyncSession, state: ListedState, after: UUID | None, limit: int
) -> Sequence[Known]:
    """Up to `limit` in that state, by account, behind `after`."""
    if state == PENDING:
        return await queries.waiting(session, after, limit)
    conflict = state == "conflict"
    found = await queries.counting(session, after, limit, conflict=conflict)
    return [(each, None) for each in found]


async def withdraw(
    session: DecidingSession,
    account_id: UUID,
    expected: int | None,
    reason: Withdrawal | None,
    by: Caller,
    now: datetime,
) -> None:
    """What waits counts never; what counted before stays.

    Raises NotFound, OwnGrant or StateConflict.
    """
    access_rules.ensure_other(by.sub, str(account_id))
    known = await queries.known(session, account_id)
    waits = known and known.waits
    if waits is None:
        raise NotFound
    versions.ensure(expected, version=waits.version, state=PENDING)
    queries.take_proposal(session, waits)
    about, act = f"account:{account_id}", "account.identity_withdrawn"
    details = {"verified_by": waits.verified_by, "version": waits.version, "reason": reason}
    await audit_log.write(session, by.sub, act, about, now, details)


def _sealed(keyring: Keyring, row: str, wanted: IdentityIn) -> dict[str, Any]:
    phone, number = wanted.phone, wanted.id_number
    return {
        "name_sealed": keyring.seal(wanted.name, where=NAME, row=row),
        "phone_sealed": phone and keyring.seal(phone, where=PHONE, row=row),
        "id_number_sealed": number and keyring.seal(number, where=ID_NUMBER, row=row),
        "id_number_index": _document_index(keyring, number),
    }


def index_of(keyring: Keyring, row: queries.Numbered) -> str:
    """The digest of a sealed number. Raises CannotOpen."""
    number = keyring.open(row.id_number_sealed, where=ID_NUMBER, row=str(row.account_id))
    return keyring.document_index(number, where=PERSON_DOCUMENT)


def _document_index(keyring: Keyring, number: str | None) -> str | None:
    return number and keyring.document_index(number, where=PERSON_DOCUMENT)


def _phone_index(keyring: Keyring, phone: str | None) -> str | None:
    return phone and keyring.phone_index(phone, where=PERSON_PHONE)


def _lifted(keyring: Keyring, stored: str | None) -> str | None:
    return stored and keyring.lift(stored)


async def _ensure_free(
    session: AsyncSession, keyring: Keyring, account_id: UUID, number: str | None
) -> None:
    """Under every index key; of two that come at once the unique index lets one through."""
    if number is None:
        return
    forms = keyring.document_forms(number, where=PERSON_DOCUMENT)
    if await queries.holders(session, forms) - {account_id}:
        raise IdentityTaken


async def _put(
    session: DecidingSession, keyring: Keyring, known: queries.Known, values: dict[str, Any]
) -> AccountIdentity:
    if known.waits is not None:
        queries.take_proposal(session, known.waits)
    new = AccountIdentity(account_id=known.account.id, **values)
    found = queries.put(session, known.counts, new)
    await _publish(session, keyring, found)
    return found


async def _publish(session: AsyncSession, keyring: Keyring, found: AccountIdentity) -> None:
    phone = found.phone_sealed and keyring.open(
        found.phone_sealed, where=PHONE, row=str(found.account_id)
    )
    event = AccountIdentified(
        account_id=found.account_id,
        document_index=found.id_number_index,
        phone_index=_phone_index(keyring, phone),
        version=found.version,
    )
    await outbox.record(session, event, subject=str(found.account_id))
