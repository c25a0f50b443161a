from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Request, Response

from services.projects.portals.models import PortalHealth
from services.projects.reading.faults import Fault
from services.projects.register.models import UNIT_CODE
from services.projects.source_health import printing, service, views
from services.projects.source_health.queries import Wanted
from services.projects.source_health.rules import UNPROVEN_AFTER
from services.projects.source_health.schemas import SourceBoard
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import Now, Paging, Session, allow
from shared.web.pagination import page
from shared.web.routing import Router

router = Router(prefix="/portals", tags=["auditor"])


Health = Annotated[
    PortalHealth | None,
    Query(
        description="只列这种状态的；不写则列需要处理的：无法抓取的，和长期不能证明“未公开”的"
        " | Only those in this state; without it those that need somebody: what cannot be read, and"
        " what proves no absence"
    ),
]


@router.get(
    "/health",
    operation_id="read_source_health",
    summary="来源健康 | The board of sources",
    response_model=SourceBoard,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def read_source_health(
    request: Request,
    response: Response,
    session: Session,
    now: Now,
    paging: Paging,
    caller: Annotated[Caller, allow("auditor", "admin")],
    health: Health = None,
    fault: Annotated[
        Fault | None, Query(description="只列这类故障的 | Only those with this class of error")
    ] = None,
    unit: Annotated[str | None, Query(pattern=UNIT_CODE)] = None,
    format: Annotated[
        Literal["json", "html"] | None, Query(description="答复的格式 | The format of the answer")
    ] = None,
) -> SourceBoard | Response:
    """各公开栏目能否抓取：各种状态各有多少，故障属于哪一类、自何时起、最近一次读到的时间、怎么办，哪些义务因此
    不能判定（不计入单位），哪些栏目能抓取却长期不能证明“未公开”，哪些主机轮不过来。
    `?format=html` 或 `Accept: text/html` 返回网页。
    ---
    Whether portals can be read: how many are in each state, by which class of error and since when,
    when each was last read and what to do, which duties cannot be judged because of it, which is
    held against nobody, which portals can be read and yet prove no absence, and which hosts fall
    behind. `?format=html` or `Accept: text/html` gives a page.
    """
    after, limit = paging.key(datetime, str), paging.limit + 1
    wanted = Wanted(health, fault, unit, now - UNPROVEN_AFTER, after, limit)
    board = await service.board(session, now)
    rows = await service.sources(session, wanted)
    sources = page(rows, paging, lambda row: (row.since, row.id), views.source_view)
    view = views.source_board(board, now, sources)
    is_page = answers.page_wanted(request.headers.get("accept", ""))
    if format == "html" or (format is None and is_page):
        given = {"health": health, "fault": fault, "unit": unit, "format": format}
        return _page(view, given)
    answers.vary(response, "Accept")
    return view


def _page(view: SourceBoard, given: dict[str, str | None]) -> Response:
    query = {name: str(value) for name, value in given.items() if value is not None}
    html = printing.board_page(view, query)
    return Response(html, headers={"Vary": "Accept"}, media_type="text/html; charset=utf-8")
