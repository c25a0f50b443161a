"""Checks who an account belongs to, and lets the services know by digests.

Whoever is named by an ID number sees and changes what belongs to that person. So no administrator
gives an account a number alone: it counts once another one has approved. Accounts of a
demonstration are nobody's, and are excepted.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import accounts
from services.gateway.access import rules as access_rules
from services.gateway.identities import queries
from services.gateway.identities.events import AccountIdentified
from services.gateway.identities.models import AccountIdentity, IdentityProposal
from services.gateway.identities.rules import IdentityTaken
from services.gateway.identities.schemas import IdentityIn
from shared.errors import FourEyes, NotFound
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

NAME, PHONE, ID_NUMBER = (f"account_identity.{part}" for part in ("name", "phone", "id_number"))
PERSON_DOCUMENT, PERSON_PHONE = "person.document", "person.phone"
"""Where all services index a person's numbers, so that one is recognised by each of them."""
PENDING = "pending"

Known = tuple[AccountIdentity | None, IdentityProposal | None]
"""What counts, and what waits for a second person."""


async def identify(
    session: AsyncSession,
    keyring: Keyring,
    account_id: UUID,
    wanted: IdentityIn,
    by: Caller,
    now: datetime,
) -> Known:
    """What counts and what waits now. Raises NotFound, OwnGrant or IdentityTaken."""
    account = await accounts.get_account(session, account_id)
    access_rules.ensure_other(by.sub, str(account.id))
    values = _sealed(keyring, str(account.id), wanted)
    values |= {"verified_by": by.sub, "verified_at": now}
    about = f"account:{account.id}"
    if account.is_demo:
        found = await _put(session, keyring, account.id, values)
        await audit_log.write(session, by.sub, "account.identified", about, now)
        return found, None
    await _ensure_free(session, account.id, values["id_number_index"])
    proposed = await queries.propose(session, account.id, values)
    await audit_log.write(session, by.sub, "account.identity_proposed", about, now)
    return await queries.of_account(session, account.id), proposed


async def approve(
    session: AsyncSession,
    keyring: Keyring,
    account_id: UUID,
    version: int,
    by: Caller,
    now: datetime,
) -> Known:
    """What counts now. Raises NotFound, OwnGrant, FourEyes, IdentityTaken or StateConflict."""
    access_rules.ensure_other(by.sub, str(account_id))
    waits = await queries.proposal_of(session, account_id)
    if waits is None:
        raise NotFound
    versions.ensure(version, version=waits.version, state=PENDING)
    if waits.verified_by == by.sub:
        raise FourEyes
    if not await queries.take_proposal(session, waits):
        refuse(PENDING, waits.version)
    values = waits.model_dump(exclude={"account_id"})
    found = await _put(session, keyring, account_id, {**values, "approved_by": by.sub})
    about, details = f"account:{account_id}", {"verified_by": waits.verified_by}
    await audit_log.write(session, by.sub, "account.identified", about, now, details)
    return found, None


async def identity_of(session: AsyncSession, account_id: UUID) -> Known:
    """What was checked for the account, at least one of both. Raises NotFound."""
    found = await queries.of_account(session, account_id)
    waits = await queries.proposal_of(session, account_id)
    if found is None and waits is None:
        raise NotFound
    return found, waits


def _sealed(keyring: Keyring, row: str, wanted: IdentityIn) -> dict[str, Any]:
    phone, number = wanted.phone, wanted.id_number
    return {
        "name_sealed": keyring.seal(wanted.name, where=NAME, row=row),
        "phone_sealed": phone and keyring.seal(phone, where=PHONE, row=row),
        "id_number_sealed": number and keyring.seal(number, where=ID_NUMBER, row=row),
        "id_number_index": number and keyring.document_index(number, where=PERSON_DOCUMENT),
    }


async def _ensure_free(session: AsyncSession, account_id: UUID, number: str | None) -> None:
    """Only to say so early: the unique index has the last word."""
    if number is not None and await queries.holder(session, number) not in (None, account_id):
        raise IdentityTaken


async def _put(
    session: AsyncSession, keyring: Keyring, account_id: UUID, values: dict[str, Any]
) -> AccountIdentity:
    try:
        async with session.begin_nested():
            found = await queries.put(session, account_id, values)
    except IntegrityError as error:
        raise IdentityTaken from error
    await queries.drop_proposal(session, account_id)
    await _publish(session, keyring, found)
    return found


async def _publish(session: AsyncSession, keyring: Keyring, found: AccountIdentity) -> None:
    phone = found.phone_sealed and keyring.open(
        found.phone_sealed, where=PHONE, row=str(found.account_id)
    )
    event = AccountIdentified(
        account_id=found.account_id,
        document_index=found.id_number_index,
        phone_index=phone and keyring.phone_index(phone, where=PERSON_PHONE),
        version=found.version,
    )
    await outbox.record(session, event, subject=str(found.account_id))
