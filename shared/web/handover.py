"""For whom a notice is: the gateway, which delivers it, asks whoever alone knows the contact.

Over the inner network, in no document; nobody else is answered.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.errors import Forbidden
from shared.security.crypto import Keyring
from shared.security.identity import GATEWAY, Caller
from shared.web.dependencies import RequestKeyring, Session, allow
from shared.web.models import View
from shared.web.routing import Router


class HandoverView(View):
    """Whether a notice still holds, for whom it is, and what it is about.

    Without an account and a phone there is nobody who could be reached. What holds no more has no
    recipient: nothing is handed over that is of no use.
    """

    applies: bool
    account_id: UUID | None = None
    phone: str | None = None
    facts: dict[str, str | None] = {}


OVER = HandoverView(applies=False)
HandOver = Callable[[AsyncSession, Keyring, str, UUID], Awaitable[HandoverView]]
"""Whom the notice of a kind, about the thing with that id, is for."""


def router(hand_over: HandOver) -> Router:
    """The route at which a service hands over whom a notice is for."""
    made = Router(prefix="/notice-recipients", tags=["system"])

    @made.get("/{notice_id}", include_in_schema=False)
    async def hand_over_recipient(
        notice_id: UUID,
        kind: Annotated[str, Query(max_length=40)],
        about: Annotated[UUID, Query()],
        session: Session,
        keyring: RequestKeyring,
        caller: Annotated[Caller, allow("system")],
    ) -> HandoverView:
        """通知发给谁、现在是否还需要：只答复网关。
        ---
        Whether a notice holds still and whom it is for: answered to the gateway alone.
        """
        if caller.sub != GATEWAY:
            raise Forbidden
        return await hand_over(session, keyring, kind, about)

    return made
