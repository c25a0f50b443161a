"""Service items and their guides over HTTP; an item is changed in the room of the schedules."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response

from services.appointments.guides import printing, service, views
from services.appointments.guides.schemas import GuideIn, GuideView, ItemCode, ItemView
from shared import clock
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import Direct, Now, Paging, Session, allow, public
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/items")

Anybody = Annotated[Caller | None, public()]
Editor = Annotated[Caller, allow("officer", "admin")]


@router.get(
    "", operation_id="list_items", tags=["citizen"], summary="事项列表 | List service items"
)
async def list_items(
    session: Session,
    now: Now,
    paging: Paging,
    _: Anybody,
    hall: Annotated[
        str | None, Query(max_length=32, description="在此大厅办理 | At a hall")
    ] = None,
    q: Annotated[str | None, Query(max_length=50, description="名称中的字 | In the name")] = None,
    department: Annotated[str | None, Query(max_length=32)] = None,
    all_times: Annotated[bool, Query(description="含已取消的 | Ended ones too")] = False,
) -> Page[ItemView]:
    """现行有效的事项，可按大厅、名称、部门查找。

    ---

    The items that are valid today, by hall, words of the name, or department.
    """
    on = None if all_times else clock.today(now)
    return await views.list_items(session, paging, hall=hall, words=q, department=department, on=on)


@router.get(
    "/{item}", operation_id="get_item", tags=["citizen"], summary="一个事项 | One service item"
)
async def get_item(item: ItemCode, direct: Direct, _: Anybody) -> ItemView:
    """事项要素：时限、到现场次数、办理方式等。

    ---

    The elements of an item: limits, visits, ways of handling.
    """
    return views.item_view(await service.get_item(direct, item))


@router.get(
    "/{item}/guide",
    operation_id="get_guide",
    tags=["citizen"],
    summary="办事指南 | The guide to an item",
    response_model=GuideView,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def get_guide(
    item: ItemCode,
    request: Request,
    session: Session,
    _: Anybody,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    format: Literal["json", "html"] | None = None,
) -> Response:
    """条件、材料、收费、流程、时限。`?format=html` 或 `Accept: text/html` 返回可打印的网页。

    ---

    Conditions, materials, fees, steps, limits. `?format=html` or `Accept: text/html` gives a page
    to print.
    """
    guide = await views.get_guide(session, item, version)
    wanted = answers.page_wanted(request.headers.get("accept", ""))
    by = {"Vary": "Accept"}
    if format == "html" or (format is None and wanted):
        return Response(printing.html(guide), headers=by, media_type="text/html; charset=utf-8")
    return Response(guide.model_dump_json(), headers=by, media_type="application/json")


@router.put(
    "/{item}/guide",
    operation_id="put_guide",
    tags=["department"],
    summary="发布新版办事指南 | Publish the next version of a guide",
    responses=problem_responses(StateConflict),
)
async def put_guide(
    item: ItemCode, wanted: GuideIn, session: Session, now: Now, caller: Editor
) -> GuideView:
    """指南只增不改；每个预约记下当时的版本。

    ---

    A guide is never changed, only followed by the next version; each appointment keeps the version
    that it was made under.
    """
    guide = await service.publish_guide(session, item, wanted, caller, now)
    return await views.guide_view(session, guide)
