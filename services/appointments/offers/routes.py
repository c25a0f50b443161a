"""The waitlist over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, status

from services.appointments.booking import channels
from services.appointments.booking import rules as booking
from services.appointments.booking.context import RequestBookingContext
from services.appointments.offers import rules, service, views
from services.appointments.offers.schemas import WaitlistRequest, WaitlistView
from services.appointments.releases.rules import NotAdmitted
from services.appointments.waitlist.models import WaitlistState
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import (
    Deciding,
    ExpectedVersion,
    Now,
    Paging,
    RequestKeyring,
    Session,
    Swap,
    allow,
)
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/waitlist", tags=["citizen"])

Owner = Annotated[Caller, allow("citizen", "clerk", "hall_manager")]


@router.post(
    "",
    operation_id="join_waitlist",
    summary="候补 | Wait for a place",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(
        rules.AlreadyWaiting, rules.PlacesFree, NotAdmitted, booking.BookingBarred
    ),
)
async def join_waitlist(
    wanted: WaitlistRequest,
    request: Request,
    swap: Swap,
    context: RequestBookingContext,
    now: Now,
    caller: Owner,
) -> WaitlistView:
    """约满时可以候补：写明大厅、事项、日期和时间范围。有人退出名额时，按候补先后为您保留（默认
    10 分钟），在“我的预约”中确认即约上，取消即让给下一位并继续候补；逾期未确认的，候补结束。
    同一个时间只给您留一次。一人一个大厅一个事项只能候补一次。

    ---

    Where everything is full: name the hall, the item, the days and hours. Places given back are
    held for those who wait, in order (by default for 10 minutes): confirm the appointment and it is
    yours, cancel it and it goes to the next while you wait on; without an answer the wait is over.
    No time is offered to you twice. One place in line a person, hall and item.
    """
    in_use = request.state.settings.channel_pools
    channels.ensure_in_use(wanted.pool, "/body/pool", channel_pools=in_use)
    return views.joined(await service.join(swap, context, wanted, caller, now))


@router.get(
    "",
    operation_id="list_waitlist",
    summary="我的候补；工作人员可查本大厅 | What I wait for, or a hall's list for its staff",
)
async def list_waitlist(
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Owner,
    paging: Paging,
    hall: Annotated[
        str | None, Query(max_length=32, description="大厅代码 | Hall code", examples=["H001"])
    ] = None,
    state: WaitlistState | None = None,
) -> Page[WaitlistView]:
    """新的在前：前面还有几人，或为您保留的名额及确认期限。工作人员须写明 `hall`。

    ---

    Newest first: how many are ahead, or the place that is held and until when to confirm it. Staff
    name the `hall`.
    """
    return await views.listed(session, caller, keyring, paging, hall=hall, state=state, now=now)


@router.delete(
    "/{waitlist_id}",
    operation_id="leave_waitlist",
    summary="退出候补 | Leave the waitlist",
    responses=problem_responses(StateConflict),
)
async def leave_waitlist(
    waitlist_id: UUID,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Owner,
    expected: ExpectedVersion,
) -> WaitlistView:
    """不再候补；正为您保留的名额让给下一位。

    ---

    To wait no more; a place that is held for you goes to the next.
    """
    done = await service.leave(session, waitlist_id, expected, caller, now)
    return (await views.views_of(session, [done], caller, keyring, now))[0]
