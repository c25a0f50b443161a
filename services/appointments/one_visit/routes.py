"""One-visit figures over HTTP."""

from typing import Annotated

from fastapi import Query

from services.appointments.areas.asking import Asked, Reader
from services.appointments.one_visit import service, views
from services.appointments.one_visit.schemas import VisitFiguresView, VisitGrouping, VisitItem
from shared.errors import NotFound, problem_responses
from shared.web.dependencies import Language, Paging, Session
from shared.web.gate import Priority
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(
    prefix="/statistics/one-visit",
    tags=["hall"],
    priority=Priority.EXPORT,
    responses=problem_responses(NotFound),
)


@router.get(
    "",
    operation_id="get_one_visit_figures",
    summary="一次办好指标 | Whether one visit was enough",
)
async def get_one_visit_figures(
    session: Session,
    caller: Reader,
    wanted: Asked,
    language: Language,
    by: VisitGrouping = VisitGrouping.HALL,
) -> VisitFiguresView:
    """一次办结率、最多跑一次率、可网办率、全程网办率、即办率、时限压缩率，按大厅、区划、事项、部门或月份；
    每个数字都有分子、分母和覆盖率，口径附在表后，可点开到号票和事项；不能查看号票的人，看不到
    不足五张号票的一次办结率。

    ---
    Done in one visit, at most one visit needed, online, on the spot, and how far time limits are
    compressed, by hall, area, item, agency or month; each with numerator, denominator and coverage,
    defined under the table, and opened to its tickets and items. Who may not open tickets sees no
    rate over fewer than five of them.
    """
    return await service.of_halls(session, caller, wanted, by, language)


@router.get(
    "/items",
    operation_id="list_one_visit_items",
    summary="一次办好指标背后的事项 | The items behind one-visit figures",
)
async def list_one_visit_items(
    session: Session,
    caller: Reader,
    wanted: Asked,
    language: Language,
    paging: Paging,
    department: Annotated[
        str | None, Query(max_length=32, description="只看这个部门的事项 | One agency's items")
    ] = None,
) -> Page[VisitItem]:
    """每个事项的到场次数及原因、网办深度、办件类型、法定和承诺时限，时限无法比较的写明原因。

    ---
    How many visits each item needs and why, how far it goes online, its kind, and both time limits;
    where these cannot be compared, why.
    """
    items = await service.items_of(session, caller, wanted, department)
    return views.page_of(items, paging, language)
