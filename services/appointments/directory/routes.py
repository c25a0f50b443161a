"""Halls, windows and devices over HTTP."""

from typing import Annotated

from fastapi import Query

from services.appointments.directory import changing, service, views
from services.appointments.directory.schemas import (
    DevicesIn,
    DeviceView,
    HallCode,
    HallDetail,
    HallIn,
    HallView,
    WindowView,
)
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow, public
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/halls")

Anybody = Annotated[Caller | None, public()]
Manager = Annotated[Caller, allow("hall_manager", "admin")]


@router.get("", operation_id="list_halls", tags=["citizen"], summary="查找大厅 | Find a hall")
async def list_halls(
    session: Session,
    paging: Paging,
    _: Anybody,
    q: Annotated[str | None, Query(max_length=50, description="名称或地址 | Name, address")] = None,
    item: Annotated[str | None, Query(max_length=64, description="能办的事项 | An item")] = None,
    near: Annotated[
        str | None, Query(max_length=40, description="纬度,经度：由近及远 | Nearest first")
    ] = None,
) -> Page[HallView]:
    """按名称、地址、事项查找，给出位置时由近及远。`load` 是目前的等候情况，未测得为空。

    ---

    By name, address and item; with a place, nearest first. `load` is the present wait, null where
    it is not measured.
    """
    return await views.list_halls(session, paging, words=q, item=item, near=near)


@router.get("/{hall}", operation_id="get_hall", tags=["citizen"], summary="一个大厅 | One hall")
async def get_hall(hall: HallCode, session: Session, now: Now, _: Anybody) -> HallDetail:
    """开放时间、电话、窗口及其办理的事项，以及正在或将要停办的时间。

    ---

    Opening hours, telephone numbers, windows and the items they serve, and when it is or will be
    closed.
    """
    return await views.hall_detail(session, hall, now)


@router.put(
    "/{hall}",
    operation_id="put_hall",
    tags=["hall"],
    summary="新增或修改大厅 | Add or change a hall",
    responses=problem_responses(StateConflict),
)
async def put_hall(
    hall: HallCode, wanted: HallIn, session: Session, now: Now, caller: Manager
) -> HallView:
    """新大厅由系统管理员建立；大厅管理员修改本大厅，须写明所修改的版本。

    ---

    Administrators add halls; managers change their own, naming the version that they change.
    """
    changed = await changing.put_hall(session, hall, wanted, caller, now)
    return await views.of_hall(session, changed)


@router.get(
    "/{hall}/windows",
    operation_id="list_windows",
    tags=["hall"],
    summary="大厅的窗口 | The windows of a hall",
)
async def list_windows(hall: HallCode, session: Session, _: Anybody) -> Page[WindowView]:
    """窗口编号、类别和办理的事项（首选在前）。

    ---

    Number, kind and items of each window, first choices first.
    """
    await service.get_hall(session, hall)
    return Page(items=await views.windows_of(session, hall))


@router.get(
    "/{hall}/devices",
    operation_id="list_devices",
    tags=["hall"],
    summary="大厅的设备 | The devices of a hall",
)
async def list_devices(hall: HallCode, session: Session, caller: Manager) -> Page[DeviceView]:
    """自助机、显示屏、呼叫器、评价器。

    ---

    Kiosks, displays, callers and evaluators in use.
    """
    await service.managed_hall(session, hall, caller)
    return Page(items=await views.devices_of(session, hall))


@router.put(
    "/{hall}/devices",
    operation_id="put_devices",
    tags=["hall"],
    summary="设置全部设备 | Set all devices of a hall",
    responses=problem_responses(StateConflict),
)
async def put_devices(
    hall: HallCode, wanted: DevicesIn, session: Session, now: Now, caller: Manager
) -> Page[DeviceView]:
    """提交全部设备；未列出的停用并解除登录账号。

    ---

    All devices at once; what is left out is retired and loses its account.
    """
    await changing.put_devices(session, hall, wanted, caller, now)
    return Page(items=await views.devices_of(session, hall))
