"""Exceptions of single days over HTTP, as closures."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from services.appointments.schedules import excepting, views
from services.appointments.schedules.exception_schemas import (
    ScheduleExceptionDone,
    ScheduleExceptionIn,
    ScheduleExceptionUpdate,
    ScheduleExceptionView,
)
from services.appointments.schedules.routes import LARGE, Manager
from services.appointments.slots.rules import ensure_days_in_order
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import ExpectedVersion, Now, Paging, Session, public
from shared.web.models import Day
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/schedule-exceptions", tags=["hall"])


@router.get(
    "",
    operation_id="list_schedule_exceptions",
    summary="排班的单日调整 | Days on which a schedule differs",
)
async def list_schedule_exceptions(
    session: Session,
    now: Now,
    paging: Paging,
    _: Annotated[Caller | None, public()],
    hall: Annotated[str, Query(max_length=32, examples=["H001"])],
    first: Annotated[Day | None, Query(alias="from", description="从哪天 | First day")] = None,
    last: Annotated[Day | None, Query(alias="to", description="到哪天 | Last day")] = None,
) -> Page[ScheduleExceptionView]:
    """哪些日子时间或名额与平时不同，默认从今天起；全天或一段时间停办的见停办安排。

    ---

    On which days hours or places are not the usual ones, from today unless a day is given. What is
    closed is among the closures.
    """
    ensure_days_in_order(first, last)
    return await views.list_exceptions(session, hall, paging, first=first, last=last, now=now)


@router.post(
    "",
    operation_id="make_schedule_exception",
    summary="单日调整时间或名额 | Let a day differ",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(excepting.ExceptionExists),
    openapi_extra=LARGE,
)
async def make_schedule_exception(
    wanted: ScheduleExceptionIn, session: Session, now: Now, caller: Manager
) -> ScheduleExceptionDone:
    """一条规则、一个事项或一个窗口在这些日子改时间或改名额。失去时间的预约转交工作人员改约，
    新增的时间先给失去时间的预约。`dry_run` 只列出影响。

    ---

    Other hours or places of a rule, an item or a window on these days. Appointments that lose their
    time go to staff; times that come go first to those who had lost one. `dry_run` only names what
    would happen.
    """
    return await excepting.make(session, wanted, caller, now)


@router.put(
    "/{exception}",
    operation_id="change_schedule_exception",
    summary="修改单日调整 | Change a day's exception",
    responses=problem_responses(StateConflict, excepting.ExceptionExists),
    openapi_extra=LARGE,
)
async def change_schedule_exception(
    exception: UUID,
    wanted: ScheduleExceptionUpdate,
    session: Session,
    now: Now,
    caller: Manager,
) -> ScheduleExceptionDone:
    """换日子、换时间或换名额；没写的不变。`dry_run` 只列出影响。

    ---

    Other days, hours or places; what is left out stays. `dry_run` only names what would happen.
    """
    return await excepting.change(session, exception, wanted, caller, now)


@router.delete(
    "/{exception}",
    operation_id="lift_schedule_exception",
    summary="取消单日调整 | Lift a day's exception",
    responses=problem_responses(StateConflict),
    openapi_extra=LARGE,
)
async def lift_schedule_exception(
    exception: UUID,
    session: Session,
    now: Now,
    caller: Manager,
    expected: ExpectedVersion,
    dry_run: Annotated[bool, Query(description="只列出影响 | Only say what would happen")] = False,
) -> ScheduleExceptionDone:
    """这些日子恢复平时的时间和名额，先给失去时间的预约。

    ---

    The days are as usual again: first for the appointments that had lost their time.
    """
    return await excepting.lift(session, exception, expected, caller, now, dry_run=dry_run)
