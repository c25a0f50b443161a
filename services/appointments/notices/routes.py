"""For whom a notice is: asked by the gateway over the inner network, in no document."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.appointments.notices import service
from services.appointments.notices.schemas import HandoverView
from shared.security.identity import Caller
from shared.web.dependencies import RequestKeyring, Session, allow
from shared.web.routing import Router

router = Router(prefix="/notice-recipients", tags=["system"])


@router.get("/{notice_id}", include_in_schema=False)
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
    return await service.hand_over(session, keyring, kind, about, caller)
