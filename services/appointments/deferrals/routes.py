"""Promises of papers over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from services.appointments.deferrals import service, views
from services.appointments.deferrals.models import DeferralState
from services.appointments.deferrals.rules import AlreadyPromised
from services.appointments.deferrals.schemas import (
    DeferralCancellation,
    DeferralIn,
    DeferralStep,
    DeferralView,
)
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Direct, Now, Paging, RequestKeyring, Swap, allow
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/deferrals", tags=["hall"])

Staff = Annotated[Caller, allow("clerk", "hall_manager")]
Concerned = Annotated[Caller, allow("citizen", "clerk", "hall_manager")]


@router.post(
    "",
    operation_id="promise_deferral",
    summary="容缺受理 | Take a matter up with minor papers missing",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(StateConflict, AlreadyPromised),
)
async def promise_deferral(
    wanted: DeferralIn, swap: Swap, keyring: RequestKeyring, now: Now, caller: Staff
) -> DeferralView:
    """只限指南写明可以后补的材料。期限按工作日计算，首日不计；到期前一个工作日提醒，逾期未补则失效，
    事项按未受理处理。承诺书由本人在纸上签字。

    ---

    Only for what the guide lets follow later. The time is in working days, the first not counted;
    a reminder is due the working day before the last, and after it the promise lapses: the matter
    counts as not taken up. The promise itself is signed on paper.
    """
    return views.view_of(await service.promise(swap, wanted, caller, now), keyring)


@router.get(
    "",
    operation_id="list_deferrals",
    summary="我的容缺承诺；工作人员看本大厅的 | My promised papers, or a hall's for its staff",
)
async def list_deferrals(
    direct: Direct,
    keyring: RequestKeyring,
    paging: Paging,
    caller: Concerned,
    hall: Annotated[str | None, Query(max_length=32)] = None,
    state: Annotated[DeferralState | None, Query(description="状态 | Only in this state")] = None,
) -> Page[DeferralView]:
    """先受理的在前：还缺什么、最后一天、是否已补。

    ---

    The oldest first: what is missing, the last day, and whether it was handed in.
    """
    return await views.listed(direct, keyring, caller, paging, hall=hall, state=state)


@router.post(
    "/{deferral_id}/supply",
    operation_id="supply_deferral",
    summary="登记已补齐 | Note that all was handed in",
    responses=problem_responses(StateConflict),
)
async def supply_deferral(
    deferral_id: UUID,
    given: DeferralStep,
    swap: Swap,
    keyring: RequestKeyring,
    now: Now,
    caller: Staff,
) -> DeferralView:
    """材料补齐，承诺了结。逾期失效的，只有大厅负责人可以补收。

    ---

    What was promised is there. After the last day only the hall's manager may take it.
    """
    done = await service.supply(swap, deferral_id, given.version, caller, now)
    return views.view_of(done, keyring)


@router.post(
    "/{deferral_id}/cancel",
    operation_id="cancel_deferral",
    summary="撤销误记的容缺受理 | Take a promise back that was recorded by mistake",
    responses=problem_responses(StateConflict),
)
async def cancel_deferral(
    deferral_id: UUID,
    given: DeferralCancellation,
    swap: Swap,
    keyring: RequestKeyring,
    now: Now,
    caller: Staff,
) -> DeferralView:
    """须写明原因。

    ---

    With the reason.
    """
    done = await service.cancel(
        swap, keyring, deferral_id, given.reason, given.version, caller, now
    )
    return views.view_of(done, keyring)
