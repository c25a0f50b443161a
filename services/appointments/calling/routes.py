from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.appointments.calling import service
from services.appointments.calling.schemas import CallRequest
from services.appointments.queueing.rules import WindowBusy
from services.appointments.queueing.schemas import TicketView
from services.appointments.queueing.views import ticket_view
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Direct, IdempotencyKey, Now, allow
from shared.web.gate import Priority
from shared.web.routing import Router

router = Router(prefix="/windows/{window_id}", tags=["hall"], priority=Priority.WINDOW)


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
    return Response(status_code=204) if ticket is None else _called(ticket_view(ticket), repeated)


@router.post(
    "/call",
    operation_id="call_ticket",
    summary="叫指定的号 | Call a certain person",
    response_model=TicketView,
    responses=problem_responses(StateConflict, WindowBusy),
)
async def call_ticket(
    window_id: UUID,
    asked: CallRequest,
    direct: Direct,
    now: Now,
    caller: Annotated[Caller, allow("clerk", "hall_manager")],
    key: IdempotencyKey,
) -> Response:
    """不按次序叫一位正在等候的群众，须写明原因；原因和被越过的号记录在案，可供监察查阅。

    ---
    Calls somebody who waits out of turn. The reason is required, and is kept with the tickets that
    were overtaken, for whoever checks it.
    """
    ticket, repeated = await service.call_ticket(direct, caller, window_id, asked, now, key)
    return _called(ticket_view(ticket), repeated)


def _called(ticket: TicketView, repeated: bool) -> Response:
    headers = {"Idempotent-Replayed": "true"} if repeated else None
    return Response(ticket.model_dump_json(), 200, headers, "application/json")
