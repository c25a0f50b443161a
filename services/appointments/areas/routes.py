"""Areas, agencies, and who stands under which area, over HTTP."""

from typing import Annotated

from fastapi import Query

from services.appointments.areas import service, views
from services.appointments.areas.models import PlacedKind
from services.appointments.areas.schemas import (
    AgencyCode,
    AgencyIn,
    AgencyView,
    AreaCode,
    AreaDetail,
    AreaIn,
    AreaView,
    Move,
    MoveView,
    PutAgencyView,
    PutAreaView,
)
from services.appointments.directory.schemas import HallCode
from shared import clock
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow, public
from shared.web.models import Day
from shared.web.pagination import Page
from shared.web.routing import Router

areas = Router(prefix="/areas", tags=["hall"])
agencies = Router(prefix="/agencies", tags=["hall"])
halls = Router(prefix="/halls", tags=["hall"])

Anybody = Annotated[Caller | None, public()]
Admin = Annotated[Caller, allow("admin")]
Manager = Annotated[Caller, allow("hall_manager", "admin")]
On = Annotated[Day | None, Query(description="看哪一天的归属，默认今天 | As of which day; today")]
_MOVES = problem_responses(NotFound, StateConflict)


@areas.get("", operation_id="list_areas", tags=["citizen"], summary="行政区划 | Areas")
async def list_areas(
    session: Session, paging: Paging, now: Now, _: Anybody, on: On = None
) -> Page[AreaView]:
    """省、市、县、乡镇，各在当天的上级之下。

    ---
    Provinces, cities, counties and towns, each with the area above it on the day.
    """
    return await views.list_areas(session, paging, on or clock.today(now))


@areas.get(
    "/{area}",
    operation_id="get_area",
    tags=["citizen"],
    summary="一个区划 | An area",
    responses=problem_responses(NotFound),
)
async def get_area(
    area: AreaCode, session: Session, now: Now, _: Anybody, on: On = None
) -> AreaDetail:
    """历次归属，以及当天直接所属的区划、部门和大厅。

    ---
    Where it stood and stands, and what stands right under it on the day.
    """
    return await views.area_detail(session, area, on or clock.today(now))


@areas.put(
    "/{area}",
    operation_id="put_area",
    summary="新增或修改区划 | Add or change an area",
    responses=problem_responses(StateConflict),
)
async def put_area(
    area: AreaCode, wanted: AreaIn, session: Deciding, now: Now, caller: Admin
) -> PutAreaView:
    """名称和级别；有上下级之后级别不能再改。`dry_run` 只列出变化。

    ---
    Its name and level; the level stays once areas above or below go by it. `dry_run` only names
    what would change.
    """
    put, changed = await service.put_area(session, area, wanted, caller, now)
    view = await views.area_view(session, put, clock.today(now))
    return PutAreaView(**view.model_dump(), changed=changed, dry_run=wanted.dry_run)


@areas.post(
    "/{area}/move", operation_id="move_area", summary="区划改归属 | Move an area", responses=_MOVES
)
async def move_area(
    area: AreaCode, wanted: Move, session: Deciding, now: Now, caller: Admin
) -> MoveView:
    """从某天起归属另一上级：之前的天仍计入原上级，之后的计入新上级。`dry_run` 只列出会改变什么。

    ---
    From a day on it stands under another area: the days before count for the old one, those after
    for the new one. `dry_run` only says what would change.
    """
    return await views.move(session, PlacedKind.AREA, area, wanted, caller, now)


@agencies.get("", operation_id="list_agencies", tags=["citizen"], summary="部门 | Agencies")
async def list_agencies(
    session: Session, paging: Paging, now: Now, _: Anybody, on: On = None
) -> Page[AgencyView]:
    """部门名称及当天所属的区划。

    ---
    What agencies are called, and the area of each on the day.
    """
    return await views.list_agencies(session, paging, on or clock.today(now))


@agencies.put(
    "/{agency}",
    operation_id="put_agency",
    summary="新增或修改部门 | Add or change an agency",
    responses=problem_responses(StateConflict),
)
async def put_agency(
    agency: AgencyCode, wanted: AgencyIn, session: Deciding, now: Now, caller: Admin
) -> PutAgencyView:
    """事项和窗口所用部门代码的名称，统计和报告用它显示。`dry_run` 只列出变化。

    ---
    The name of a department code of items and windows, which figures and reports show. `dry_run`
    only names what would change.
    """
    put, changed = await service.put_agency(session, agency, wanted, caller, now)
    view = await views.agency_view(session, put, clock.today(now))
    return PutAgencyView(**view.model_dump(), changed=changed, dry_run=wanted.dry_run)


@agencies.post(
    "/{agency}/move",
    operation_id="move_agency",
    summary="部门改归属 | Move an agency",
    responses=_MOVES,
)
async def move_agency(
    agency: AgencyCode, wanted: Move, session: Deciding, now: Now, caller: Admin
) -> MoveView:
    """从某天起归属另一区划。`dry_run` 只列出会改变什么。

    ---
    From a day on it belongs to another area. `dry_run` only says what would change.
    """
    return await views.move(session, PlacedKind.AGENCY, agency, wanted, caller, now)


@halls.post(
    "/{hall}/move", operation_id="move_hall", summary="大厅改归属 | Move a hall", responses=_MOVES
)
async def move_hall(
    hall: HallCode, wanted: Move, session: Deciding, now: Now, caller: Manager
) -> MoveView:
    """从某天起归属另一区划，月中也可以：之前的天计入原区划，之后的计入新区划，合计不变。`dry_run`
    只列出会改变什么。

    ---
    From a day on it stands under another area, in the middle of a month too: the days before count
    for the old one, those after for the new one, and all together are as many. `dry_run` only says
    what would change.
    """
    return await views.move(session, PlacedKind.HALL, hall, wanted, caller, now)
