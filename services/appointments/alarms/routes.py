"""Alarms over HTTP."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response, status

from services.appointments.alarms import service, views
from services.appointments.alarms.models import AlarmState
from services.appointments.alarms.schemas import (
    AlarmDetail,
    AlarmIn,
    AlarmResolution,
    AlarmView,
)
from services.appointments.alarms.views import AlarmFilter
from services.appointments.alarms.workflow import WORKFLOW, AlarmAction
from shared.errors import FourEyes, NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import (
    AuditedReading,
    Now,
    Paging,
    RequestKeyring,
    Session,
    StepContext,
    Swap,
    allow,
)
from shared.web.gate import Priority
from shared.web.pagination import Page
from shared.web.routing import Router

EMERGENCY = {"x-operation-class": "emergency"}
"""Counted apart from whatever else the caller does."""

hall_router = Router(
    prefix="/windows/{window_id}",
    tags=["hall"],
    priority=Priority.EMERGENCY,
    dependencies=[answers.PRIVATE],
)
router = Router(
    prefix="/alarms", tags=["hall"], priority=Priority.WINDOW, dependencies=[answers.PRIVATE]
)
steps_router = Router(
    prefix="/alarms/{alarm_id}",
    tags=["hall"],
    priority=Priority.EMERGENCY,
    dependencies=[answers.PRIVATE],
    responses=problem_responses(NotFound, StateConflict, FourEyes),
)

Reader = Annotated[Caller, allow("clerk", "hall_manager", "auditor", "system")]


@dataclass(frozen=True)
class _AlarmContext(StepContext):
    """What every step needs besides who takes it."""

    alarm_id: UUID


Step = Annotated[_AlarmContext, Depends()]


@hall_router.post(
    "/alarm",
    status_code=status.HTTP_201_CREATED,
    operation_id="raise_alarm",
    summary="紧急求助 | Raise an alarm",
    responses={
        200: {"model": AlarmView, "description": "已在求助中 | It is raised already"},
        **problem_responses(NotFound),
    },
    openapi_extra=EMERGENCY,
)
async def raise_alarm(
    window_id: UUID,
    response: Response,
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow("clerk", "hall_manager", "device")],
    given: AlarmIn | None = None,
) -> AlarmView:
    """窗口人员或窗口设备按下紧急按钮，可以什么都不填。大厅工作人员的实时推送和订阅的系统立即收到，不在大屏显示。
    重复按不会重复报（200）；有人响应之后再按，是新的求助。规定时间内无人响应的，逐级升级，有人前往而未及时了结的也是；升到
    最高仍无人响应的，再按即再次通知。

    ---
    The emergency button of a window, pressed by its clerk or device; nothing has to be said. The
    hall's staff hear it by their live stream, other systems by event, and no screen shows it.
    Pressed again it is the same alarm (200), until somebody has acknowledged it. Where nobody does
    in time, or ends it in time, it goes a level higher; and once it is as high as it goes, pressing
    again tells everybody again.
    """
    pressed = await service.press(swap, window_id, given.kind if given else None, caller, now)
    response.status_code = status.HTTP_201_CREATED if pressed.is_new else status.HTTP_200_OK
    return views.alarm_view(pressed.alarm)


@router.get("", operation_id="list_alarms", summary="紧急求助列表 | Alarms")
async def list_alarms(
    session: Session,
    caller: Reader,
    paging: Paging,
    hall: Annotated[
        str | None, Query(max_length=32, description="大厅代码 | Hall code", examples=["H001"])
    ] = None,
    state: Annotated[AlarmState | None, Query(description="状态 | Only in this state")] = None,
    is_open: Annotated[
        bool | None,
        Query(description="只看未处置完的，或只看已处置的 | Only open ones, or only others"),
    ] = None,
) -> Page[AlarmView]:
    """本大厅的求助，新的在前；未处置完的用 `is_open=true`。

    ---
    Those of one's hall, newest first; `is_open=true` for what is not over yet.
    """
    return await views.listed(session, caller, AlarmFilter(hall, state, is_open), paging)


@router.get(
    "/{alarm_id}",
    operation_id="get_alarm",
    summary="一次紧急求助 | One alarm",
    responses=problem_responses(NotFound),
)
async def get_alarm(
    alarm_id: UUID,
    session: AuditedReading,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("hall_manager", "auditor")],
) -> AlarmDetail:
    """经过和结果；查看经过会记入日志。

    ---
    What happened and what came of it; that the text was read is logged.
    """
    return await views.read_alarm(session, alarm_id, caller, keyring, now)


@steps_router.post(
    "/acknowledge",
    operation_id="acknowledge_alarm",
    summary="响应求助 | Acknowledge an alarm",
    openapi_extra=EMERGENCY,
)
async def acknowledge_alarm(
    step: Step,
    caller: Annotated[Caller, allow(*sorted(WORKFLOW.roles_of(AlarmAction.ACKNOWLEDGE)))],
) -> AlarmView:
    """由另一位工作人员响应，表示已前往；之后须在规定时间内了结，否则再升级。求助人和该窗口当班的人不能响应。

    ---
    By another of the hall's staff, who is on their way; it is to be ended in time then, else it
    goes higher again. Not by whoever raised it, nor by who works at that window.
    """
    done = await service.acknowledge(step.session, step.alarm_id, step.by(caller))
    return views.alarm_view(done)


@steps_router.post(
    "/resolve",
    operation_id="resolve_alarm",
    summary="登记处置结果 | Resolve an alarm",
    openapi_extra=EMERGENCY,
)
async def resolve_alarm(
    given: AlarmResolution,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(WORKFLOW.roles_of(AlarmAction.RESOLVE)))],
) -> AlarmView:
    """写明结果；经过加密保存，只有大厅负责人和监察人员可看。

    ---
    With what came of it; the text is kept encrypted, for the hall's manager and auditors alone.
    """
    done = await service.resolve(step.session, step.alarm_id, given, step.by(caller))
    return views.alarm_view(done)
