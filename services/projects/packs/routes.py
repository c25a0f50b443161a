from typing import Annotated

from fastapi import Path, Query, Response, status

from services.projects.catalogue.schemas import CatalogueImport
from services.projects.packs import service, views
from services.projects.packs.schemas import PackDetail, PackUseInput, PackUseView, PackView
from services.projects.register.models import UNIT_CODE
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow, public
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(tags=["citizen"])
admin = Router(tags=["admin"])

Code = Annotated[str, Path(pattern=r"^[a-z][a-z_]{1,31}$", description="公开包代码 | Pack code")]
_NONE = problem_responses(NotFound)


@router.get("/packs", operation_id="list_packs", summary="领域公开包 | List the packs")
async def list_packs(session: Session, _: Annotated[Caller | None, public()]) -> Page[PackView]:
    """领域公开包：系统自带重大建设项目、财政预决算、公共资源、社会公益、政策与解读、全媒体，可以修改和增加。

    ---
    The packs, each one domain of disclosure: those that come with the system, as they are worded
    now, and others; and whether the catalogue in force words their items so.
    """
    return Page(items=await views.packs(session), next_cursor=None)


@router.get(
    "/packs/{code}", operation_id="read_pack", summary="查阅公开包 | Read a pack", responses=_NONE
)
async def read_pack(
    code: Code, session: Session, _: Annotated[Caller | None, public()]
) -> PackDetail:
    """公开包的依据、渠道、阶段，以及每一事项的期限、要素和依据。

    ---
    The law that a pack rests on, its carriers and phases, and of each item the clock, what must be
    in it and on which basis.
    """
    return await views.detail(session, code)


@admin.post(
    "/packs/{code}:adopt",
    operation_id="adopt_pack",
    summary="采用公开包 | Take a pack over",
    responses=_NONE,
)
async def adopt_pack(
    code: Code,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
    dry_run: Annotated[bool, Query(description="只检查不采用 | Check only")] = False,
) -> CatalogueImport:
    """公开包的事项写入目录的新版本，其他事项不变；此后产生的公开义务按新版本计算。与现行目录一致的不产生新版本。

    ---
    The pack's items become part of the next version of the catalogue, the others stay; duties that
    are made from then on go by it. Where the catalogue words them so already there is none.
    """
    return await service.adopt(session, code, now, actor=caller.sub, dry_run=dry_run)


@admin.put(
    "/packs/{code}/units/{unit_code}",
    operation_id="put_pack_use",
    summary="为单位启用公开包 | Switch a pack on for a unit",
    responses={201: {"model": PackUseView}, **problem_responses(NotFound, StateConflict)},
)
async def put_pack_use(
    code: Code,
    unit_code: Annotated[str, Path(pattern=UNIT_CODE, description="单位代码 | Unit code")],
    order: PackUseInput,
    response: Response,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> PackUseView:
    """启用后，按周期公开的事项在每一周期终了时自动产生公开义务；中途停用的，未满的周期不产生。
    首次启用不带 version，修改时带上读到的 version。

    ---
    From then on a duty is made at the end of each period of the items named; a period that goes on
    after the last day makes none. A first one carries no version, a change the one that was read.
    """
    row, is_new = await service.put_use(session, code, unit_code, order, now, actor=caller.sub)
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
    return PackUseView.model_validate(row)


@admin.get(
    "/packs/{code}/units",
    operation_id="list_pack_uses",
    summary="启用公开包的单位 | Units with a pack switched on",
    responses=_NONE,
)
async def list_pack_uses(
    code: Code,
    session: Session,
    paging: Paging,
    _: Annotated[Caller, allow("auditor", "supervisor", "admin")],
) -> Page[PackUseView]:
    """为哪些单位启用了该公开包，各自按周期应公开的事项和起止日期。

    ---
    For which units the pack is switched on, with the periodic items that each owes and since when.
    """
    return await views.uses(session, code, paging)
