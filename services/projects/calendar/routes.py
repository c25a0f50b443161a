from typing import Annotated

from fastapi import Query, status

from services.projects.calendar import service
from services.projects.calendar.models import NATIONAL
from services.projects.calendar.schemas import (
    CalendarView,
    Preview,
    PreviewRequest,
    VersionOrder,
    VersionView,
)
from shared.clock import Now, today
from shared.db import Session
from shared.identity import Caller, allow, public
from shared.routing import Router

router = Router(tags=["citizen"])
admin = Router(tags=["admin"])


@router.get("/calendar", operation_id="read_calendar", summary="查阅工作日历 | Read the calendar")
async def read_calendar(
    session: Session,
    now: Now,
    _: Annotated[Caller | None, public()],
    year: Annotated[int | None, Query(ge=1949, le=2999, description="年份 | Year")] = None,
    region: Annotated[
        str, Query(pattern=r"^[A-Z]{2}(-[0-9A-Z]{1,12})?$", description="地区 | Region")
    ] = NATIONAL,
) -> CalendarView:
    """某年每一天是否工作日、序数及所依据的放假通知；通知未载入的年份为 calendar_unknown，绝不推测。

    ---
    Each day of a year with its ordinals and the notice it rests on. A year whose notice is not
    loaded is calendar_unknown, never guessed.
    """
    return await service.read_year(session, region, year or today(now).year)


@router.post(
    "/clock/preview", operation_id="preview_clock", summary="试算公开期限 | Preview a due day"
)
async def preview_clock(
    request: PreviewRequest, session: Session, _: Annotated[Caller | None, public()]
) -> Preview:
    """按形成日期和期限规则算出最后一日，并逐日列出是否计入及依据。形成当日不计入。

    ---
    The last day in time for information formed on a day, with the table of days: what each is,
    whether it counts, and the notice that says so. The first day is not counted.
    """
    return await service.preview(session, request)


@admin.post(
    "/calendar/versions",
    status_code=status.HTTP_201_CREATED,
    operation_id="add_calendar_version",
    summary="载入放假通知 | Load a year's holiday notice",
)
async def add_calendar_version(
    order: VersionOrder, session: Session, now: Now, caller: Annotated[Caller, allow("admin")]
) -> VersionView:
    """载入或更正一年的放假调休安排，自该年起重算序数；已登记的义务不改写，随后重新判定。

    ---
    Load or correct a year. Ordinals are counted again from that year on; duties are not rewritten
    and are judged again by event.
    """
    version = await service.add_version(session, order, now, actor=caller.sub)
    return VersionView.model_validate(version)
