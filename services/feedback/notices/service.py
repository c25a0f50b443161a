"""The phone of a sender, handed over when a notice about their letter goes out."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.notices import queries
from services.feedback.notices.rules import HOLD_IN, may_be_reached
from shared.security.crypto import Keyring
from shared.web.handover import OVER, HandoverView

DUE_MOVED = "letter_due_moved"


async def hand_over(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    """Whether the notice holds still, and by which phone its sender is reached: never an account,
    for of a letter that was written with one a digest alone is known.
    """
    found = await queries.letter_due(session, about) if kind in HOLD_IN else None
    if found is None or found.letter.state not in HOLD_IN[kind]:
        return OVER
    letter, due_on = found
    if not may_be_reached(letter) or (kind == DUE_MOVED and due_on is None):
        return OVER
    sealed, row = letter.phone_sealed, str(letter.id)
    return HandoverView(
        applies=True,
        phone=sealed and keyring.open(sealed, where="letter.phone", row=row),
        facts={"reg_no": letter.reg_no, "due_on": None if due_on is None else due_on.isoformat()},
    )
