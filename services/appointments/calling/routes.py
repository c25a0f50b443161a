from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.appointments.calling import service
from services.appointments.queueing.rules import WindowBusy
from services.appointments.queueing.schemas import TicketView
from services.appointments.queueing.views import ticket_view
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Direct, IdempotencyKey, Now, allow
from shared.web.routing import Router

router = Router(prefix="/windows/{window_id}", tags=["hall"])


@router.post(
    "/call-next",
    operation_id="call_next",
    summary="叫下一位 | Call the next person",
    response_model=TicketView,
    responses={
        204: {"description": "没有等候的群众 | Nobody waits"},
        **problem_responses(StateConflict, WindowBusy),
    },
)
async def call_next(
    window_id: UUID,
    direct: Direct,
    now: Now,
    caller: Annotated[Caller, allow("clerk", "hall_manager")],
    key: IdempotencyKey,
) -> Response:
    """按照顾后的应叫时间呼叫下一位；无人等候时返回 204。同一 Idempotency-Key 重试得到同一个号。

    ---
    Calls whoever is due first among the items that the window serves; 204 when nobody waits. A
    retry with the same Idempotency-Key gets the same ticket.
    """
    ticket, repeated = await service.call_next(direct, caller, window_id, now, key)
    if ticket is None:
        return Response(status_code=204)
    headers = {"Idempotent-Replayed": "true"} if repeated else None
    return Response(ticket_view(ticket).model_dump_json(), 200, headers, "application/json")
