"""Service items and their guides over HTTP; an item is changed in the room of the schedules."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response

from services.appointments.guides import printing, service, views
from services.appointments.guides.schemas import (
    GuideIn,
    GuideVersion,
    GuideView,
    ItemCode,
    ItemFindings,
    ItemView,
)
from shared import clock
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import Direct, Now, Paging, Session, allow, public
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/items")
findings_router = Router(prefix="/guide-findings")

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
    hall: Annotated[
        str | None, Query(max_length=32, description="只写这个大厅 | Only with this hall")
    ] = None,
    format: Literal["json", "html"] | None = None,
) -> Response:
    """条件、材料、收费、流程、时限，以及在哪个大厅办、几点办、打什么电话。`?format=html` 或
    `Accept: text/html` 返回可打印的网页（A4），`?hall=` 只印这一个大厅。

    ---

    Conditions, materials, fees, steps, limits, and the halls with their hours and numbers.
    `?format=html` or `Accept: text/html` gives a page to print (A4), `?hall=` with that hall alone.
    """
    guide = await views.get_guide(session, item, version, hall)
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
    """指南只增不改；每个预约记下当时的版本。写了 `valid_from` 的，到那一天才生效。

    ---

    A guide is never changed, only followed by the next version; each appointment keeps the version
    that it was made under. With `valid_from` it comes into force on that day.
    """
    return await views.guide_view(
        session, *await service.publish_guide(session, item, wanted, caller, now)
    )


@router.get(
    "/{item}/guides",
    operation_id="list_guides",
    tags=["citizen"],
    summary="办事指南的各个版本 | The versions of a guide",
)
async def list_guides(
    item: ItemCode, session: Session, paging: Paging, _: Anybody
) -> Page[GuideVersion]:
    """从新到旧：何时生效、改了什么；等待生效的也列出。预约记下的 `guide_version` 就是这里的版本。

    ---

    The newest first: from when, and what changed; those that wait for their day, too. An
    appointment's `guide_version` is one of these.
    """
    return await views.list_guides(session, item, paging)


@findings_router.get(
    "",
    operation_id="list_guide_findings",
    tags=["department"],
    summary="办事指南自查 | What items and guides lack",
)
async def list_guide_findings(
    session: Session,
    now: Now,
    paging: Paging,
    _: Annotated[Caller, allow("officer", "hall_manager", "auditor", "supervisor", "admin")],
    item: Annotated[str | None, Query(max_length=64)] = None,
    department: Annotated[str | None, Query(max_length=32)] = None,
) -> Page[ItemFindings]:
    """每个现行事项及其指南：哪里自相矛盾（承诺时限长于法定、现场次数与网办深度不符等），
    哪里还没填（材料没有来源、收费没有依据等），逐条写明。

    ---

    Of each item in force and its guide: what contradicts itself (a promise beyond the limit by law,
    visits that do not fit how far it goes online ...), and what is not filled in yet (a material
    without its source, a fee without its basis ...), each in words.
    """
    on = clock.today(now)
    return await views.list_findings(session, paging, item=item, department=department, on=on)
