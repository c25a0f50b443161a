from typing import Annotated

from fastapi import Path, Query, Response

from services.appointments.areas.asking import From, Reader, To
from services.appointments.statistics import answering
from services.appointments.statistics.schemas import Format, Grouping
from services.appointments.statistics.use import service
from services.appointments.statistics.use.schemas import UseView
from shared import clock
from shared.web.dependencies import Language, Now, Session
from shared.web.gate import Priority
from shared.web.routing import Router

router = Router(prefix="/halls/{hall}", tags=["hall"], priority=Priority.EXPORT)
HallAsked = Annotated[str, Path(max_length=32, examples=["H001"])]


@router.get(
    "/utilisation",
    operation_id="get_utilisation",
    summary="预约、号源与窗口的利用 | How places and windows were used",
    response_model=UseView,
    responses=answering.FILES,
)
async def get_utilisation(
    hall: HallAsked,
    session: Session,
    now: Now,
    language: Language,
    caller: Reader,
    first: From = None,
    last: To = None,
    by: Grouping = Grouping.HALL,
    format_: Annotated[Format, Query(alias="format")] = "json",
) -> Response:
    """预约的去向（本人、工作人员、大厅取消分列），号源的提供、被约、实到，窗口的开放和办理分钟数，从叫号到开始办理的
    时间；可按窗口、事项、部门、人员、小时、日期或月份汇总，每行给出查看明细的地址。不能查看明细的人，看不到不足五人的
    时间和比率。

    ---
    What became of appointments (cancelled by the person, the staff or the hall), places offered,
    booked and used, minutes that windows were open and serving, and the way from the call; by
    window, item, agency, clerk, hour, day or month. Each line says where its rows are. Who may not
    open them sees no times and rates over fewer than five people.
    """
    today = clock.today(now)
    view = await service.of_hall(session, caller, hall, first or today, last or today, by, now)
    return await answering.of_use(view, format_, language, now)
