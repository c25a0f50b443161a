from typing import Annotated

from fastapi import Path, Query, status

from services.projects.packs import editing, views
from services.projects.packs.editing import PackStepTaker
from services.projects.packs.schemas import (
    PackAdoption,
    PackDraftInput,
    PackItemInput,
    PackVersionDetail,
    PackVersionSeen,
    PackVersionView,
)
from shared.errors import FourEyes, NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(tags=["admin"])

Code = Annotated[str, Path(pattern=r"^[a-z][a-z_]{1,31}$", description="公开包代码 | Pack code")]
Number = Annotated[int, Path(ge=1, le=100_000, description="第几版 | Which version of the pack")]
ItemCode = Annotated[
    str, Path(pattern=r"^[A-Z]{2,3}-\d{2}(-\d{2})?$", description="事项代码 | The item's code")
]
Admin = Annotated[Caller, allow("admin")]
Reader = Annotated[Caller, allow("auditor", "supervisor", "admin")]
_GONE = problem_responses(NotFound)
_MOVED = problem_responses(NotFound, StateConflict)


@router.get(
    "/packs/{code}/versions",
    operation_id="list_pack_versions",
    summary="公开包的各版本 | Versions of a pack",
)
async def list_pack_versions(
    code: Code, session: Session, paging: Paging, _: Reader
) -> Page[PackVersionView]:
    """在本系统起草过的各版本，新的在前；系统自带的是第1版，不在其中。

    ---
    The versions that were drafted here, the newest in front. That of the release is the first, and
    not among them.
    """
    return await views.versions(session, code, paging)


@router.post(
    "/packs/{code}/versions",
    operation_id="draft_pack_version",
    summary="起草公开包的新版本 | Draft a version of a pack",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(StateConflict),
)
async def draft_pack_version(
    code: Code, order: PackDraftInput, session: Session, now: Now, caller: Admin
) -> PackVersionDetail:
    """以现行版本为底稿；代码是新的，则是一个新的公开包，事项随后逐一加入。一个公开包同时只有一份草稿。

    ---
    It begins as the version in force. Under a code that is new it is a new pack, to which items are
    added one by one. A pack has one draft at a time.
    """
    row = await editing.draft(PackStepTaker(session, caller, now), code, order)
    return await views.version_detail(session, row)


@router.get(
    "/packs/{code}/versions/{number}",
    operation_id="read_pack_version",
    summary="查阅公开包的一个版本 | Read a version of a pack",
    responses=_GONE,
)
async def read_pack_version(
    code: Code, number: Number, session: Session, _: Reader
) -> PackVersionDetail:
    """这一版的全部事项，以及与现行版本的差别。

    ---
    All items of that version, and how it differs from the one in force.
    """
    return await views.version_detail(session, await editing.find(session, code, number))


@router.put(
    "/packs/{code}/versions/{number}/items/{item_code}",
    operation_id="put_pack_item",
    summary="增改公开包草稿中的事项 | Add or change an item of a pack's draft",
    responses=_MOVED,
)
async def put_pack_item(
    code: Code,
    number: Number,
    item_code: ItemCode,
    order: PackItemInput,
    session: Session,
    now: Now,
    caller: Admin,
) -> PackVersionDetail:
    """期限、要素、渠道、依据等一并写明；期限写法与期限计算器相同。

    ---
    With its clock, elements, channels and law; a clock is written as the calculator takes it.
    """
    by = PackStepTaker(session, caller, now, order.version)
    row = await editing.put_item(by, code, number, item_code, order)
    return await views.version_detail(session, row)


@router.post(
    "/packs/{code}/versions/{number}/items/{item_code}/remove",
    operation_id="remove_pack_item",
    summary="从公开包草稿中去掉事项 | Remove an item from a pack's draft",
    responses=_MOVED,
)
async def remove_pack_item(
    code: Code,
    number: Number,
    item_code: ItemCode,
    order: PackVersionSeen,
    session: Session,
    now: Now,
    caller: Admin,
) -> PackVersionDetail:
    """采用之后，目录不再列入这个事项；已经产生的公开义务不变。

    ---
    Once the version is adopted the catalogue leaves the item out; duties that are made stay.
    """
    by = PackStepTaker(session, caller, now, order.version)
    row = await editing.remove_item(by, code, number, item_code)
    return await views.version_detail(session, row)


@router.post(
    "/packs/{code}/versions/{number}/adopt",
    operation_id="adopt_pack_version",
    summary="采用公开包的新版本 | Adopt a version of a pack",
    responses=problem_responses(NotFound, StateConflict, FourEyes),
)
async def adopt_pack_version(
    code: Code,
    number: Number,
    order: PackVersionSeen,
    session: Session,
    now: Now,
    caller: Admin,
    dry_run: Annotated[bool, Query(description="只检查不采用 | Check only")] = False,
) -> PackAdoption:
    """由起草人以外的管理员采用，事项随即写入目录的新版本。试运行列出哪些单位因已终了的周期新增公开义务、
    哪些事项不再按周期产生；其余事项的公开义务随以后登记的事件产生。

    ---
    By an administrator who did not write it; the catalogue words its items so from then on. A dry
    run says which units owe what of periods already over, and which items no longer come for each
    period. Duties of other items come with the events that are recorded from then on.
    """
    by = PackStepTaker(session, caller, now, order.version)
    return await (editing.try_adopt if dry_run else editing.adopt)(by, code, number)


@router.post(
    "/packs/{code}/versions/{number}/drop",
    operation_id="drop_pack_version",
    summary="放弃公开包的草稿 | Drop a pack's draft",
    responses=_MOVED,
)
async def drop_pack_version(
    code: Code, number: Number, order: PackVersionSeen, session: Session, now: Now, caller: Admin
) -> PackVersionDetail:
    """草稿留存备查，不再修改和采用。

    ---
    The draft is kept to be looked at, and neither changed nor adopted any more.
    """
    row = await editing.drop(PackStepTaker(session, caller, now, order.version), code, number)
    return await views.version_detail(session, row)
