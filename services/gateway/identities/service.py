"""Checks who an account belongs to, and lets the services know by digests."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import accounts, rules
from services.gateway.identities import queries
from services.gateway.identities.events import AccountIdentified
from services.gateway.identities.models import AccountIdentity
from services.gateway.identities.schemas import IdentityIn
from shared.errors import NotFound
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller

NAME, PHONE, ID_NUMBER = (f"account_identity.{part}" for part in ("name", "phone", "id_number"))
PERSON_DOCUMENT, PERSON_PHONE = "person.document", "person.phone"
"""Where all services index a person's numbers, so that one is recognised by each of them."""


async def identify(
    session: AsyncSession,
    keyring: Keyring,
    account_id: UUID,
    wanted: IdentityIn,
    by: Caller,
    now: datetime,
) -> AccountIdentity:
    """The identity, which replaces an earlier one. Raises NotFound or OwnGrant."""
    account = await accounts.get_account(session, account_id)
    rules.ensure_other(by.sub, str(account.id))
    row = str(account.id)
    values = {
        "name_sealed": keyring.seal(wanted.name, where=NAME, row=row),
        "phone_sealed": wanted.phone and keyring.seal(wanted.phone, where=PHONE, row=row),
        "id_number_sealed": wanted.id_number
        and keyring.seal(wanted.id_number, where=ID_NUMBER, row=row),
        "verified_by": by.sub,
        "verified_at": now,
    }
    found = await queries.put(session, account.id, values)
    await _publish(session, keyring, found, wanted)
    await audit_log.write(session, by.sub, "account.identified", f"account:{account.id}", now)
    return found


async def identity_of(session: AsyncSession, account_id: UUID) -> AccountIdentity:
    """What was checked for the account. Raises NotFound."""
    found = await queries.of_account(session, account_id)
    if found is None:
        raise NotFound
    return found


async def _publish(
    session: AsyncSession, keyring: Keyring, found: AccountIdentity, wanted: IdentityIn
) -> None:
    event = AccountIdentified(
        account_id=found.account_id,
        document_index=wanted.id_number
        and keyring.document_index(wanted.id_number, where=PERSON_DOCUMENT),
        phone_index=wanted.phone and keyring.phone_index(wanted.phone, where=PERSON_PHONE),
        version=found.version,
    )
    await outbox.record(session, event, subject=str(found.account_id))
