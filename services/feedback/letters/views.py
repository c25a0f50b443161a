"""The original of a letter, for those who handle it."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.letters import own, rules, service
from services.feedback.letters.schemas import OriginalView
from services.feedback.redaction.own_data import hide
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller


async def original(
    session: AsyncSession, keyring: Keyring, letter_id: UUID, caller: Caller, now: datetime
) -> OriginalView:
    """The letter unmasked; that it was read is in the audit log of the same transaction.

    A sender in confidence stays unnamed, in the text too, to all but the office.
    """
    letter = await service.visible(session, letter_id, caller)
    secret = await own.secret_from(session, keyring, letter, caller)
    place = service.open_place(keyring, letter)
    knows_sender = rules.may_know_sender(letter, caller)
    await audit_log.write(
        session, caller.sub, "letter.unmasked_read", f"letter:{letter.id}", now, {}
    )
    return OriginalView(
        id=letter.id,
        reg_no=letter.reg_no,
        title=hide(service.open_title(keyring, letter), secret),
        body=hide(service.open_body(keyring, letter), secret),
        place=hide(place, secret) if place else None,
        contact=service.open_contact(keyring, letter) if knows_sender else None,
    )
