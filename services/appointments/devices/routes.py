"""Devices over HTTP: what people see of them, how they are enrolled, and what they report."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from services.appointments.devices import rules, service, views
from services.appointments.devices.schemas import (
    DeviceCare,
    Enrolled,
    EnrolmentCode,
    EnrolRequest,
    Heartbeat,
    HeartbeatTaken,
    Machine,
)
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, ExpectedVersion, Now, Session, allow, public
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/devices")

Anybody = Annotated[Caller | None, public()]
Manager = Annotated[Caller, allow("hall_manager", "admin")]


@router.get(
    "",
    operation_id="list_machines",
    tags=["citizen"],
    summary="大厅的自助设备 | The machines of a hall",
)
async def list_machines(
    session: Session,
    now: Now,
    caller: Anybody,
    hall: Annotated[
        str, Query(max_length=32, description="大厅代码 | Hall code", examples=["H001"])
    ],
) -> Page[Machine]:
    """自助机在哪里、能办什么、现在能不能用。本大厅人员能看到全部设备，以及纸张、故障、最后心跳和登记状态。
    三分钟没有心跳为离线。

    ---

    Where the kiosks stand, what can be done at them, and whether they work now. Staff of the hall
    see every device, with paper, faults, last heartbeat and enrolment. Three minutes without a
    heartbeat count as offline.
    """
    return Page(items=await views.machines(session, hall, caller, now))


@router.post(
    "/enrolment",
    operation_id="enrol_device",
    tags=["hall"],
    summary="设备登记 | Enrol a device",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(rules.EnrolmentEnded),
)
async def enrol_device(request: EnrolRequest, session: Deciding, now: Now, _: Anybody) -> Enrolled:
    """在设备上输入一次性登记码，换取密钥。密钥只出现这一次，系统只存摘要；设备以此证明自己。已有密钥的设备以新登记码更换，
    旧密钥随即失效。

    ---

    The one-time code, typed in at the device, gives its key. The key is shown this once, and only a
    digest of it is kept. A device that has a key renews it by another code: the old key ends.
    """
    return views.enrolled(await service.enrol(session, request.code.get_secret_value(), now))


@router.post(
    "/heartbeat",
    operation_id="report_device",
    tags=["hall"],
    summary="设备心跳 | Heartbeat of a device",
    responses=problem_responses(rules.DeviceKeyRefused),
)
async def report_device(beat: Heartbeat, session: Deciding, now: Now, _: Anybody) -> HeartbeatTaken:
    """设备每分钟报告纸张和故障；答复中有系统时间、所在大厅和提供的服务。

    ---

    A device reports its paper and faults every minute; the answer gives the time, its hall and what
    it offers.
    """
    return views.taken(await service.report(session, beat, now), now)


@router.post(
    "/{device_id}/enrolment",
    operation_id="invite_device",
    tags=["hall"],
    summary="发放设备登记码 | Give out a code to enrol a device",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(StateConflict),
)
async def invite_device(
    device_id: UUID, session: Deciding, now: Now, caller: Manager, expected: ExpectedVersion
) -> EnrolmentCode:
    """登记码 24 小时内有效，只能用一次，只出现这一次；再发则前一个失效。
    设备已有的密钥在新码使用之前仍然有效。

    ---

    The code works once and for 24 hours, and is shown this once; another one ends it. A key that
    the device has is good until the code is used.
    """
    return views.invited(await service.invite(session, device_id, expected, caller, now))


@router.delete(
    "/{device_id}/enrolment",
    operation_id="revoke_device",
    tags=["hall"],
    summary="吊销设备密钥 | Revoke the key of a device",
    responses=problem_responses(StateConflict),
)
async def revoke_device(
    device_id: UUID, session: Deciding, now: Now, caller: Manager, expected: ExpectedVersion
) -> DeviceCare:
    """密钥和未使用的登记码立即失效，例如设备遗失或送修。

    ---

    The key and a code that was not used end at once: for a device that was lost or is repaired.
    """
    return views.care(*await service.revoke(session, device_id, expected, caller, now))
