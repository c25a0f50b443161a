from typing import Annotated

from fastapi import Path, Query, Response, status

from services.projects.calendar import service, views
from services.projects.calendar.models import NATIONAL
from services.projects.calendar.rules import OtherRegion, UnknownRegion
from services.projects.calendar.schemas import (
    REGION_CODE,
    CalendarView,
    Preview,
    PreviewRequest,
    RegionInput,
    RegionView,
    VersionOrder,
    VersionView,
)
from shared.clock import today
from shared.errors import problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow, public
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(tags=["citizen"])
admin = Router(tags=["admin"])

_NO_REGION = problem_responses(UnknownRegion)


@router.get("/calendar/regions", operation_id="list_regions", summary="查阅地区 | List the regions")
async def list_regions(
    session: Session, paging: Paging, _: Annotated[Caller | None, public()]
) -> Page[RegionView]:
    """可用的地区，以及各自所用的日历：没有自己放假安排的，用全国日历。

    ---
    The regions that may be asked for, and whose calendar each keeps: without a notice of its own
    a region keeps the nation's.
    """
    return await views.regions(session, paging)


@admin.put(
    "/calendar/regions/{code}",
    operation_id="add_region",
    summary="登记地区 | Register a region",
    responses={201: {"model": RegionView}, **problem_responses(OtherRegion)},
)
async def add_region(
    code: Annotated[str, Path(pattern=REGION_CODE, description="地区代码 | Region code")],
    order: RegionInput,
    session: Session,
    now: Now,
    response: Response,
    caller: Annotated[Caller, allow("admin")],
) -> RegionView:
    """登记一个市或县，以后可为它载入自己的放假安排；此前沿用全国日历。

    ---
    Register a city or county. It keeps the nation's working days until a notice of its own is
    loaded.
    """
    region, is_new = await service.add_region(session, code, order, now, actor=caller.sub)
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
    return views.region_view(region)


@router.get(
    "/calendar",
    operation_id="read_calendar",
    summary="查阅工作日历 | Read the calendar",
    responses=_NO_REGION,
)
async def read_calendar(
    session: Session,
    now: Now,
    _: Annotated[Caller | None, public()],
    year: Annotated[int | None, Query(ge=1949, le=2999, description="年份 | Year")] = None,
    region: Annotated[str, Query(pattern=REGION_CODE, description="地区 | Region")] = NATIONAL,
) -> CalendarView:
    """某年每一天是否工作日、序数及所依据的放假通知；通知未载入的年份为 calendar_unknown，绝不推测。

    ---
    Each day of a year with its ordinals and the notice it rests on. A year whose notice is not
    loaded is calendar_unknown, never guessed.
    """
    return await views.calendar_of(session, region, year or today(now).year)


@router.post(
    "/clock/preview",
    operation_id="preview_clock",
    summary="试算公开期限 | Preview a due day",
    responses=_NO_REGION,
)
async def preview_clock(
    request: PreviewRequest, session: Session, _: Annotated[Caller | None, public()]
) -> Preview:
    """按形成日期和期限规则算出最后一日，并逐日列出是否计入及依据。形成当日不计入。地区没有自己的放假安排的，按全国日历计算并注明。

    ---
    The last day in time for information formed on a day, with the table of days: what each is,
    whether it counts, and the notice that says so. The first day is not counted. A region without
    a notice of its own is counted by the nation's, and the answer says so.
    """
    return await views.preview(session, request)


@admin.post(
    "/calendar/versions",
    status_code=status.HTTP_201_CREATED,
    operation_id="add_calendar_version",
    summary="载入放假通知 | Load a year's holiday notice",
    responses=_NO_REGION,
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
