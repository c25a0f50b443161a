"""Offline numbers over HTTP."""

from typing import Annotated

from fastapi import status

from services.appointments.devices.rules import DeviceKeyRefused
from services.appointments.offline import rules, service
from services.appointments.offline.schemas import (
    MergedTickets,
    NumbersRequest,
    NumbersView,
    OfflineTickets,
)
from shared.errors import problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, RequestKeyring, Swap, public
from shared.web.routing import Router

router = Router(prefix="/devices", tags=["hall"])

Anybody = Annotated[Caller | None, public()]


@router.post(
    "/offline-numbers",
    operation_id="hand_out_numbers",
    summary="领取断网备用号 | Get numbers to give out without network",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(DeviceKeyRefused),
)
async def hand_out_numbers(
    request: NumbersRequest, swap: Swap, keyring: RequestKeyring, now: Now, _: Anybody
) -> NumbersView:
    """取号机联网时领好当天的一段号（K 字头，不与其他号重复），断网时照发，联网后提交合并。
    号段有签名，只对这台设备、只在当天有效；用完再领。

    ---

    While it has network, a kiosk gets numbers of the day (with the letter K, which nobody else
    gives out), prints them while it has none, and sends them in later. They are signed, and good
    for this device on this day alone; get more when they are used.
    """
    numbers = await service.hand_out(swap, keyring, request.key, now)
    return NumbersView(**numbers.model_dump())


@router.post(
    "/offline-tickets",
    operation_id="merge_offline_tickets",
    summary="合并断网时取的号 | Merge tickets taken without network",
    responses=problem_responses(DeviceKeyRefused, rules.NumbersRefused, rules.NumbersOld),
)
async def merge_offline_tickets(
    sent: OfflineTickets, swap: Swap, keyring: RequestKeyring, now: Now, _: Anybody
) -> MergedTickets:
    """断网时取的号从取号时间起排队，重复提交不会重号。没有窗口办理的逐张列出。昨天的号一律退回，并说明怎么办。

    ---

    Tickets taken without network wait from the time at which they were taken; sent again, they are
    not doubled. Those that no window serves are named one by one. Numbers of another day are sent
    back, with what to do.
    """
    return MergedTickets(tickets=await service.merge(swap, keyring, sent, now))
