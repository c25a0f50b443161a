from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, status

from services.projects.auditing.models import Verdict
from services.projects.duties import service, views
from services.projects.duties.few_at_a_time import Recorder
from services.projects.duties.rules import AlreadyRecorded, UnknownReference
from services.projects.duties.schemas import (
    DutiesMade,
    DutyClock,
    DutyDetail,
    DutyView,
    ProjectLife,
    TriggerOrder,
)
from services.projects.register.schemas import ProjectCode, UnitCode
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow, public
from shared.web.old_queries import Formerly
from shared.web.pagination import Page, PageRequest, decode, page
from shared.web.routing import Router

everyone = Router(tags=["citizen"])
router = Router(tags=["department"])
auditor = Router(tags=["auditor"])

Reader = Annotated[Caller, allow("auditor", "officer", "supervisor", "admin")]


@everyone.get(
    "/projects/{code}",
    operation_id="read_project",
    summary="查阅项目全过程 | Read a project's life line",
    responses=problem_responses(NotFound),
)
async def read_project(
    code: Annotated[ProjectCode, Path(description="项目代码 | Project code")],
    session: Session,
    now: Now,
    _: Annotated[Caller | None, public()],
    limit: Annotated[int, Query(ge=1, le=1000, description="每页条数 | Items a page")] = 1000,
    cursor: Annotated[
        str | None, Query(max_length=500, description="上一页的 next_cursor | Of the page before")
    ] = None,
) -> ProjectLife:
    """一个项目从批准到竣工应公开的全部事项：哪些已公开、哪些到期、哪些未到期。合计数总是全部事项的。

    ---
    All that must be published in a project's life: what is online, what is due, what lies ahead.
    The counts are always those of all of it.
    """
    paging = PageRequest(limit, decode(cursor) if cursor else None)
    return await views.life_of(session, code, paging, now)


@router.post(
    "/events",
    status_code=status.HTTP_201_CREATED,
    operation_id="record_trigger_event",
    summary="登记形成、变更或决定 | Record what must be published",
    responses=problem_responses(NotFound, AlreadyRecorded, UnknownReference),
)
async def record_trigger_event(
    caller: Recorder,
    order: TriggerOrder,
    session: Deciding,
    now: Now,
) -> DutiesMade:
    """信息形成、变更或作出决定之日起算期限，由此产生公开义务；日期不明的如实留空，不得估计。

    ---
    From the day information is formed, changed or decided its clock runs; this makes the duty to
    publish it. A day that is not known stays empty and is never estimated.
    """
    return views.made_view(await service.record_trigger_event(session, order, now, caller))


@auditor.get("/duties", operation_id="list_duties", summary="查询公开义务 | List duties")
async def list_duties(
    session: Session,
    now: Now,
    paging: Paging,
    caller: Reader,
    unit: Annotated[UnitCode | None, Query(description="公开主体 | Unit")] = None,
    verdict: Annotated[Verdict | None, Query(description="监察结论 | Verdict")] = None,
    project: Annotated[ProjectCode | None, Query(description="项目代码 | Project")] = None,
    item: Annotated[
        str | None, Query(max_length=16, description="事项 | Item"), Formerly("item_code")
    ] = None,
) -> Page[DutyView]:
    """每项义务的期限、证据、结论与理由；经办人只见本部门。

    ---
    Each duty with its limit, evidence, verdict and reasons. Officers see their own unit.
    """
    after = paging.key(UUID)
    rows = await service.list_views(
        session,
        caller,
        now,
        unit=unit,
        verdict=verdict,
        project=project,
        item=item,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda row: (row.id,), views.duty_view)


@auditor.get(
    "/duties/{duty_id}",
    operation_id="read_duty",
    summary="查阅一项公开义务 | Read a duty",
    responses=problem_responses(NotFound),
)
async def read_duty(duty_id: UUID, session: Session, now: Now, caller: Reader) -> DutyDetail:
    """一项义务的全部事实、裁定与结论的历次变化；许可类别未定的，另列按7个工作日的结论。

    ---
    All facts, rulings and moves of the verdict. Where the legal class of an approval is open, the
    verdict under the 7 working days of licences stands beside.
    """
    return await views.detail(session, duty_id, caller, now)


@auditor.get(
    "/duties/{duty_id}/clock",
    operation_id="read_duty_clock",
    summary="逐日查看期限 | Read a duty's clock",
    responses=problem_responses(NotFound),
)
async def read_duty_clock(duty_id: UUID, session: Session, now: Now, caller: Reader) -> DutyClock:
    """从形成日到届满日逐日列出：是什么日子、是否计入、依据哪份通知。

    ---
    Day by day from the formation to the due day: what it is, whether it counts, which notice.
    """
    return await views.clock(session, duty_id, caller, now)
