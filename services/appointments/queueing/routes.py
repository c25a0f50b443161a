"""What windows do with a ticket: each route is one action of `workflow.ROWS`."""

from typing import Annotated
from uuid import UUID

from services.appointments.queueing import rules, service
from services.appointments.queueing.rules import TransitionInput
from services.appointments.queueing.schemas import (
    FinishRequest,
    TicketView,
    TransferRequest,
    TransitionRequest,
)
from services.appointments.queueing.views import ticket_view
from services.appointments.queueing.workflow import Action, roles_for
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Swap, allow
from shared.web.gate import Priority
from shared.web.routing import Router

router = Router(
    priority=Priority.WINDOW,
    prefix="/tickets/{ticket_id}",
    tags=["hall"],
    responses=problem_responses(StateConflict),
)


@router.post(
    "/recall",
    operation_id="recall_ticket",
    summary="重呼 | Call again",
    responses=problem_responses(StateConflict, rules.RecallTooSoon, rules.RecallsSpent),
)
async def recall_ticket(
    ticket_id: UUID,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*roles_for(Action.RECALL))],
    given: TransitionRequest | None = None,
) -> TicketView:
    """再次呼叫未到窗口的群众：最多三次，每次至少间隔六十秒（以本大厅规则为准）。

    ---
    Calls somebody who has not come once more: at most three times, sixty seconds apart (or as
    the hall's policy says).
    """
    return ticket_view(
        await service.move(swap, caller, ticket_id, Action.RECALL, now, _version(given))
    )


@router.post(
    "/miss",
    operation_id="miss_ticket",
    summary="过号 | Mark as missed",
)
async def miss_ticket(
    ticket_id: UUID,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*roles_for(Action.MISS))],
    given: TransitionRequest | None = None,
) -> TicketView:
    """叫号后无人到窗口，标记过号。三十分钟内返回可恢复排队，保留一半已等时间。

    ---
    Nobody came. Back within thirty minutes, the person waits on with half of the earlier wait.
    """
    return ticket_view(
        await service.move(swap, caller, ticket_id, Action.MISS, now, _version(given))
    )


@router.post(
    "/serve",
    operation_id="serve_ticket",
    summary="开始办理 | Begin to serve",
)
async def serve_ticket(
    ticket_id: UUID,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*roles_for(Action.SERVE))],
    given: TransitionRequest | None = None,
) -> TicketView:
    """群众已到窗口，开始办理。

    ---
    The person is at the window and is being served.
    """
    return ticket_view(
        await service.move(swap, caller, ticket_id, Action.SERVE, now, _version(given))
    )


@router.post(
    "/park",
    operation_id="park_ticket",
    summary="暂离 | Park",
)
async def park_ticket(
    ticket_id: UUID,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*roles_for(Action.PARK))],
    given: TransitionRequest | None = None,
) -> TicketView:
    """群众暂离补材料，窗口空出；回来后保留原次序。

    ---
    The person fetches something and keeps the place; the window is free meanwhile.
    """
    return ticket_view(
        await service.move(swap, caller, ticket_id, Action.PARK, now, _version(given))
    )


@router.post(
    "/resume",
    operation_id="resume_ticket",
    summary="恢复排队 | Wait again",
    responses=problem_responses(StateConflict, rules.TooLateToReturn),
)
async def resume_ticket(
    ticket_id: UUID,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*roles_for(Action.RESUME))],
    given: TransitionRequest | None = None,
) -> TicketView:
    """暂离或过号的群众回来，重新进入队列。

    ---
    A parked or missed person is back and waits again.
    """
    return ticket_view(
        await service.move(swap, caller, ticket_id, Action.RESUME, now, _version(given))
    )


@router.post(
    "/abandon",
    operation_id="abandon_ticket",
    summary="放弃排队 | Leave the queue",
)
async def abandon_ticket(
    ticket_id: UUID,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*roles_for(Action.ABANDON))],
    given: TransitionRequest | None = None,
) -> TicketView:
    """群众放弃等候；本人在线取的号也可由本人放弃。

    ---
    A waiting person leaves; who took the ticket online may give it up as well.
    """
    return ticket_view(
        await service.move(swap, caller, ticket_id, Action.ABANDON, now, _version(given))
    )


@router.post(
    "/undo",
    operation_id="undo_ticket",
    summary="撤销上一步 | Undo the last step",
    responses=problem_responses(
        StateConflict,
        rules.NothingToUndo,
        rules.WindowBusy,
        rules.LegAlreadyCalled,
        rules.TicketedAgain,
    ),
)
async def undo_ticket(
    ticket_id: UUID,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*roles_for(Action.UNDO))],
    given: TransitionRequest | None = None,
) -> TicketView:
    """六十秒内撤销上一步误操作；已转办的号若已被叫到则不能撤销。

    ---
    Takes the last step back within sixty seconds, unless what followed from it has moved on.
    """
    return ticket_view(
        await service.move(swap, caller, ticket_id, Action.UNDO, now, _version(given))
    )


@router.post(
    "/finish",
    operation_id="finish_ticket",
    summary="办结 | Finish",
)
async def finish_ticket(
    ticket_id: UUID,
    given: FinishRequest,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*roles_for(Action.FINISH))],
) -> TicketView:
    """办理结束：done 已办结、needs_more 需补正、rejected 不予办理。

    需补正的，须在 missing 中一次列全所缺材料（行政许可法第三十二条），群众查看号票即可看到。
    ---
    Ends the service: done, needs_more or rejected. Where more is needed, `missing` lists all of it
    at once (行政许可法 art. 32); whoever looks at the ticket reads it.
    """
    asked = TransitionInput(given.version, outcome=given.outcome, missing=tuple(given.missing))
    return ticket_view(await service.move(swap, caller, ticket_id, Action.FINISH, now, asked))


@router.post(
    "/transfer",
    operation_id="transfer_ticket",
    summary="转办 | Transfer",
    responses=problem_responses(StateConflict, rules.AlreadyTicketed),
)
async def transfer_ticket(
    ticket_id: UUID,
    given: TransferRequest,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*roles_for(Action.TRANSFER))],
) -> TicketView:
    """转到其他事项或窗口，号码不变，保留原有等候时间。群众已有该事项的号时不重复转办，并告知那个号。

    ---
    Sends the person on to other items or a certain window; the number and the time already
    waited are kept. Refused, naming the other ticket, where they hold one for the same already.
    """
    items = tuple(given.items) if given.items is not None else None
    asked = TransitionInput(given.version, items=items, window_id=given.window_id)
    return ticket_view(await service.move(swap, caller, ticket_id, Action.TRANSFER, now, asked))


def _version(given: TransitionRequest | None) -> TransitionInput:
    return TransitionInput(version=given.version if given else None)
