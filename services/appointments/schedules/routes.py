"""Schedules over HTTP: look first, then apply."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, status

from services.appointments.directory.schemas import HallClosure
from services.appointments.guides import views as guide_views
from services.appointments.guides.import_schemas import ItemImport, ItemsImported
from services.appointments.guides.schemas import ItemCode, ItemIn, ItemView
from services.appointments.schedules import closing, following, service, views
from services.appointments.schedules.closure_schemas import (
    ClosureIn,
    ClosureUpdate,
    ClosureView,
)
from services.appointments.schedules.schemas import (
    Proposal,
    ScheduleApplication,
    ScheduleChange,
    ScheduleRuleView,
)
from services.appointments.slots.rules import ensure_days_in_order
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import ExpectedVersion, Now, Paging, Session, allow, public
from shared.web.models import Day
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(tags=["hall"])
item_router = Router(prefix="/items")

Manager = Annotated[Caller, allow("hall_manager", "admin")]
LARGE: dict[str, Any] = {"x-deadline-seconds": 30}
"""May move thousands of slots and appointments: the gateway waits longer than for others."""


@router.get(
    "/schedules",
    operation_id="list_schedules",
    summary="大厅的排班规则 | The schedule rules of a hall",
)
async def list_schedules(
    hall: Annotated[str, Query(max_length=32)],
    session: Session,
    now: Now,
    paging: Paging,
    _: Annotated[Caller | None, public()],
) -> Page[ScheduleRuleView]:
    """现行规则、已排到哪一天，以及因未公布放假安排而无法排班的年份。

    ---

    The rules in force, until when they have slots, and the years in which they can make none
    because the holiday notice is not published.
    """
    return await views.list_rules(session, hall, paging, now)


@router.post(
    "/schedules:propose",
    operation_id="propose_schedule",
    summary="试算规则变更 | What a change of rules would do",
    openapi_extra=LARGE,
)
async def propose_schedule(
    wanted: ScheduleChange, request: Request, session: Session, now: Now, caller: Manager
) -> Proposal:
    """不写入任何数据：列出将新增和撤销的时段、会失去时间的预约。不带变更即可核对现状。

    ---

    Writes nothing: names the slots to be added and withdrawn and the appointments that would lose
    their time. Without changes it compares the slots on sale with the rules.
    """
    service.ensure_in_use(wanted, channel_pools=request.state.settings.channel_pools)
    return await service.propose(session, wanted, caller, now)


@router.post(
    "/schedules:apply",
    operation_id="apply_schedule",
    summary="执行规则变更 | Carry out a change of rules",
    responses=problem_responses(service.ProposalChanged),
    openapi_extra=LARGE,
)
async def apply_schedule(
    wanted: ScheduleApplication, request: Request, session: Session, now: Now, caller: Manager
) -> Proposal:
    """带上试算结果的 `fingerprint`；情况已变时返回 409 和新的试算结果，不作任何改动。

    ---

    With the `fingerprint` of the proposal; if it would now do something else, 409 with the new
    proposal, and nothing is changed.
    """
    service.ensure_in_use(wanted, channel_pools=request.state.settings.channel_pools)
    return await service.apply(session, wanted, caller, now)


@router.get(
    "/closures",
    operation_id="list_closures",
    summary="大厅的停办安排 | The closures of a hall",
)
async def list_closures(
    session: Session,
    now: Now,
    paging: Paging,
    _: Annotated[Caller | None, public()],
    hall: Annotated[str, Query(max_length=32, examples=["H001"])],
    first: Annotated[Day | None, Query(alias="from", description="从哪天 | First day")] = None,
    last: Annotated[Day | None, Query(alias="to", description="到哪天 | Last day")] = None,
) -> Page[HallClosure]:
    """按开始时间列出，默认从现在起，包括正在停办的。`window`、`item`、`rule` 为空表示不限。

    ---

    By their start; from now on unless a day is given, those in force now included. A null
    `window`, `item` or `rule` limits nothing.
    """
    ensure_days_in_order(first, last)
    return await views.list_closures(session, hall, paging, first=first, last=last, now=now)


@router.post(
    "/closures",
    operation_id="close_hall",
    summary="临时停办 | Close a hall for a time",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(closing.ClosureExists),
    openapi_extra=LARGE,
)
async def close_hall(wanted: ClosureIn, session: Session, now: Now, caller: Manager) -> ClosureView:
    """撤销这段时间的时段，已确认的预约转交工作人员改约。可以只停一个 `window`、`item` 或 `rule`。
    `dry_run` 只列出影响。

    ---

    Withdraws the slots of that time; confirmed appointments become orphaned and go to staff. With
    `window`, `item` or `rule` only that is closed. `dry_run` only names what would happen.
    """
    return await closing.close(session, wanted, caller, now)


@router.put(
    "/closures/{closure}",
    operation_id="change_closure",
    summary="修改停办安排 | Change a closure",
    responses=problem_responses(StateConflict, closing.ClosureExists),
    openapi_extra=LARGE,
)
async def change_closure(
    closure: UUID, wanted: ClosureUpdate, session: Session, now: Now, caller: Manager
) -> ClosureView:
    """缩短、延长或改变范围；没写的不变。恢复的时段先给失去时间的预约（`resupported`），
    再开放预约。`dry_run` 只列出影响。

    ---

    Shorter, longer, or another part of the hall; what is left out stays. Times that come back go
    first to the appointments that had lost them (`resupported`). `dry_run` only names what would
    happen.
    """
    return await closing.change(session, closure, wanted, caller, now)


@router.delete(
    "/closures/{closure}",
    operation_id="lift_closure",
    summary="取消停办 | Lift a closure",
    responses=problem_responses(StateConflict),
    openapi_extra=LARGE,
)
async def lift_closure(
    closure: UUID,
    session: Session,
    now: Now,
    caller: Manager,
    expected: ExpectedVersion,
    dry_run: Annotated[bool, Query(description="只列出影响 | Only say what would happen")] = False,
) -> ClosureView:
    """恢复这段时间的时段：先给失去时间的预约（`resupported`），再开放预约。

    ---

    Its slots are back: first for the appointments that had lost them (`resupported`), then for
    everybody.
    """
    return await closing.lift(session, closure, expected, caller, now, dry_run=dry_run)


@item_router.put(
    "/{item}",
    operation_id="put_item",
    tags=["department"],
    summary="新增或修改事项 | Add or change a service item",
    responses=problem_responses(StateConflict),
    openapi_extra=LARGE,
)
async def put_item(
    item: ItemCode,
    wanted: ItemIn,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("officer", "admin")],
) -> ItemView:
    """部门经办人只能维护本部门的事项。数据须自洽，例如到现场次数不为零须说明原因。
    有效期改变的，各大厅号源随之调整，失去时段的预约列入大厅待改约名单。

    ---

    Officers see to the items of their own department. The data must not contradict themselves: for
    example, visits that are needed need a reason. Where the days change on which it is in force,
    the slots of every hall follow, and who loses a time is listed among the hall's appointments
    without one.
    """
    return guide_views.item_view(await following.put_item(session, item, wanted, caller, now))


@router.post(
    "/items:import",
    operation_id="import_items",
    tags=["department"],
    summary="批量导入事项和指南 | Import items and guides",
    openapi_extra=LARGE,
)
async def import_items(
    wanted: ItemImport,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("officer", "admin")],
    dry_run: Annotated[bool, Query(description="只列出影响 | Only say what would happen")] = False,
) -> ItemsImported:
    """先用 `dry_run=true` 看：哪些新增、修改、不变，哪里有错（逐项写明），哪里应补正。
    正式导入时有一项出错则全部不写入。内容没有变化的指南不会多出一个版本。

    ---

    Look first with `dry_run=true`: what is new, changed or as it was, what is wrong (entry by
    entry), and what should be put right. In earnest, one error and nothing is written. A guide
    whose content has not changed gets no further version.
    """
    return await following.import_items(session, wanted, caller, now, dry_run=dry_run)
