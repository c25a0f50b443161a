"""Penalties over HTTP, and the correction of a no-show."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from services.appointments.booking import rules
from services.appointments.booking import views as booking
from services.appointments.booking.schemas import AppointmentView, Reasoned
from services.appointments.penalties import service, views
from services.appointments.penalties.schemas import PenaltyAppeal, PenaltyView
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, RequestKeyring, Session, allow
from shared.web.pagination import Page
from shared.web.routing import Router

penalties = Router(prefix="/penalties", tags=["citizen"])
no_shows = Router(prefix="/appointments", tags=["hall"])

Concerned = Annotated[Caller, allow("citizen", "clerk", "hall_manager")]


@penalties.get(
    "",
    operation_id="list_penalties",
    summary="我的失约限制；工作人员可查本大厅 | My penalties, or a hall's for its staff",
)
async def list_penalties(
    session: Session,
    keyring: RequestKeyring,
    caller: Concerned,
    paging: Paging,
    hall: Annotated[
        str | None, Query(max_length=32, description="大厅代码 | Hall code", examples=["H001"])
    ] = None,
) -> Page[PenaltyView]:
    """多次失约后暂停预约的记录，新的在前，含限制到何时、申诉与解除理由。群众看自己的；工作人员须写明
    `hall`。

    ---

    Who may not book for a while after several no-shows, newest first: until when, what was said
    against it, and why it was lifted. Citizens see their own; staff name the `hall`.
    """
    return await views.listed(session, caller, keyring, paging, hall)


@penalties.post(
    "/{penalty_id}/appeal",
    operation_id="appeal_penalty",
    summary="对失约限制提出申诉 | Appeal against a penalty",
    responses=problem_responses(StateConflict, rules.TooLate),
)
async def appeal_penalty(
    penalty_id: UUID,
    appeal: PenaltyAppeal,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Concerned,
) -> PenaltyView:
    """本人说明原因，由大厅负责人决定是否解除；没有账号的群众可请工作人员代为提出。理由加密保存，
    只有本人和本大厅工作人员能看到。

    ---

    The person says why; the hall's manager decides. Staff may do it for who has no account. The
    words are stored encrypted and shown to the person and the staff of the hall only.
    """
    done = await service.appeal(session, keyring, penalty_id, appeal.text, caller, now)
    return await views.view_of(session, done, caller, keyring)


@penalties.post(
    "/{penalty_id}/lift",
    operation_id="lift_penalty",
    summary="解除失约限制 | Lift a penalty",
    tags=["hall"],
    responses=problem_responses(StateConflict),
)
async def lift_penalty(
    penalty_id: UUID,
    decision: Reasoned,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("hall_manager")],
) -> PenaltyView:
    """大厅负责人解除限制，须写明理由；之后立即可以预约。

    ---

    The hall's manager lifts it, with the reason; the person can book again at once.
    """
    done = await service.lift(session, keyring, penalty_id, decision.reason, caller, now)
    return await views.view_of(session, done, caller, keyring)


@no_shows.post(
    "/{appointment}/correct-no-show",
    operation_id="correct_no_show",
    summary="更正失约记录 | Put a no-show right",
    responses=problem_responses(StateConflict, rules.TooLate, rules.AlreadyBooked),
)
async def correct_no_show(
    appointment: Annotated[
        str,
        Path(min_length=6, max_length=40, description="预约编号或预约码 | Id or public code"),
    ],
    decision: Reasoned,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("clerk", "hall_manager")],
) -> AppointmentView:
    """当天可更正：群众其实到了，被误记为失约（或免计失约）。预约恢复为已签到，可凭预约码取号；因此产生的
    失约限制一并解除。

    ---

    On the same day: the person was there after all, missed or excused. The appointment is checked
    in again, its code gives a ticket, and a penalty that rested on the no-show is lifted.
    """
    done = await service.correct_no_show(
        session, keyring, appointment, decision.reason, caller, now
    )
    return await booking.view_of(session, done, caller, keyring)
