from typing import Annotated

from fastapi import Path, Query, Response

from services.appointments.areas.asking import Asked, From, Reader, To
from services.appointments.statistics import answering, service
from services.appointments.statistics.schemas import (
    AccuracyView,
    Format,
    Grouping,
    StatisticsView,
    WideGrouping,
    WideStatisticsView,
)
from shared import clock
from shared.web.dependencies import Language, Now, Session
from shared.web.gate import Priority
from shared.web.routing import Router

router = Router(tags=["hall"], priority=Priority.EXPORT)


@router.get(
    "/halls/{hall}/statistics",
    operation_id="get_statistics",
    summary="大厅统计 | Statistics of a hall",
    response_model=StatisticsView,
    responses=answering.FILES,
)
async def get_statistics(
    hall: Annotated[str, Path(max_length=32, examples=["H001"])],
    session: Session,
    now: Now,
    language: Language,
    caller: Reader,
    first: From = None,
    last: To = None,
    by: Grouping = Grouping.HALL,
    format_: Annotated[Format, Query(alias="format")] = "json",
) -> Response:
    """取号、办结、过号、等候和办理时间、一次办结率：全部由事件记录算出，可按窗口、事项、部门、人员、小时、日期或月份汇总。

    ---
    Tickets, waits, service times and one-visit completion, all computed from the event log; by
    window, item, agency, clerk, hour, day or month.
    """
    today = clock.today(now)
    figures = await service.of_hall(session, caller, hall, first or today, last or today, by)
    return await answering.of_statistics(figures, hall, format_, language, now)


@router.get(
    "/statistics",
    operation_id="get_statistics_of_halls",
    summary="各大厅统计 | Statistics of several halls",
    response_model=WideStatisticsView,
    responses=answering.FILES,
)
async def get_statistics_of_halls(
    session: Session,
    now: Now,
    language: Language,
    caller: Reader,
    wanted: Asked,
    by: WideGrouping = WideGrouping.HALL,
    format_: Annotated[Format, Query(alias="format")] = "json",
) -> Response:
    """本人所管各大厅的取号、办结、等候、办理时间和一次办结率，可按大厅、区划、事项、部门、小时、日期或
    月份汇总；各大厅按当地时间计日，最多 366 天。大厅改归属的，之前的天计入原区划，之后计入新区划。

    ---
    Tickets, waits, service times and one-visit completion of all halls that you act for, by hall,
    area, item, agency, hour, day or month; the days of each hall are those of its own time. At most
    366 days at a time. Of a hall that was moved, the days before count for the old area, those
    after for the new one.
    """
    found = await service.of_halls(session, caller, wanted, by)
    figures = WideStatisticsView(
        from_on=wanted.first,
        to_on=wanted.last,
        by=by,
        items=found.lines,
        total=found.total,
        estimates=found.estimates,
    )
    return await answering.of_statistics(figures, wanted.place(), format_, language, now)


@router.get(
    "/estimate-accuracy",
    operation_id="get_estimate_accuracy",
    summary="等候预估准确度 | How good waiting estimates were",
)
async def get_estimate_accuracy(
    session: Session, caller: Reader, wanted: Asked, by: WideGrouping = WideGrouping.HALL
) -> AccuracyView:
    """取号时的预估与实际等候相比：平均误差、未超过上限的比例，可按大厅、取号小时、事项等查看。

    ---
    What people were told with their tickets, against what they waited: mean error and how often
    the upper bound held; by hall, hour of the ticket, item, agency, day or month.
    """
    found = await service.of_halls(session, caller, wanted, by)
    return AccuracyView(
        from_on=wanted.first,
        to_on=wanted.last,
        by=by,
        items=found.accuracy,
        total=found.estimates,
    )
