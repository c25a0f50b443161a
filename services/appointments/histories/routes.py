from typing import Annotated
from uuid import UUID

from services.appointments.histories import service
from services.appointments.histories.schemas import TicketHistory
from shared.security.identity import Caller
from shared.web.dependencies import Language, Now, Session, allow
from shared.web.routing import Router

router = Router(prefix="/tickets/{ticket_id}", tags=["hall"])


@router.get(
    "/history",
    operation_id="get_ticket_history",
    summary="号票经过与越号记录 | What happened to a ticket, and who overtook it",
)
async def get_ticket_history(
    ticket_id: UUID,
    session: Session,
    now: Now,
    language: Language,
    caller: Annotated[Caller, allow("hall_manager", "auditor")],
) -> TicketHistory:
    """整次到访（含转办各程）的全部记录：谁在何时做了什么，叫号越过了哪些号、被哪些号越过、依据哪版规则、有何原因。
    供大厅管理员和监察人员核查投诉。

    ---

    Everything in the log about the visit, over all its legs: who did what and when, whom each call
    overtook, by whom it was overtaken, under which version of the policy and for what reason. For
    managers and auditors who look into a complaint.
    """
    return await service.of_ticket(session, caller, ticket_id, language, now)
