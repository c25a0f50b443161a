from typing import Annotated

from fastapi import Path, Query, Response

from services.appointments.statistics import service
from services.appointments.statistics.schemas import Format, Grouping, StatisticsView
from shared import clock
from shared.security.identity import Caller
from shared.web.dependencies import Now, Session, allow
from shared.web.gate import Priority
from shared.web.models import Day
from shared.web.routing import Router

router = Router(tags=["hall"], priority=Priority.EXPORT)
_TODAY = "默认今天 | Today unless given"


@router.get(
    "/halls/{hall}/statistics",
    operation_id="get_statistics",
    summary="大厅统计 | Statistics of a hall",
    response_model=StatisticsView,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def get_statistics(
    hall: Annotated[str, Path(max_length=32, examples=["H001"])],
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("hall_manager", "auditor", "supervisor", "admin")],
    first: Annotated[Day | None, Query(alias="from", description=_TODAY)] = None,
    last: Annotated[Day | None, Query(alias="to", description=_TODAY)] = None,
    by: Grouping = Grouping.HALL,
    format_: Annotated[Format, Query(alias="format")] = "json",
) -> Response:
    """取号、办结、过号、等候和办理时间、一次办结率：全部由事件记录算出，可按窗口、事项、人员、小时或日期汇总。

    ---
    Tickets, waits, service times and one-visit completion, all computed from the event log; by
    window, item, clerk, hour or day.
    """
    today = clock.today(now)
    figures = await service.of_hall(session, caller, hall, first or today, last or today, by)
    if format_ == "csv":
        name = f"attachment; filename=statistics-{by.value}.csv"
        headers = {"Content-Disposition": name}
        return Response(service.spreadsheet(figures), 200, headers, "text/csv; charset=utf-8")
    return Response(figures.model_dump_json(by_alias=True), 200, None, "application/json")
