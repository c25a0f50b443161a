from typing import Annotated

from fastapi import Body, Query

from services.projects.catalogue import service, views
from services.projects.catalogue.schemas import CatalogueImport, CatalogueItemView
from shared.errors import problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow, public
from shared.web.imports import ImportRefused
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(tags=["citizen"])
admin = Router(tags=["admin"])


@router.get("/catalogue", operation_id="list_catalogue", summary="查阅公开目录 | List what is due")
async def list_catalogue(
    session: Session,
    paging: Paging,
    _: Annotated[Caller | None, public()],
    domain: Annotated[str | None, Query(max_length=60, description="领域 | Domain")] = None,
    auditable: Annotated[
        bool | None, Query(description="能否从互联网核查 | Auditable from the open web")
    ] = None,
) -> Page[CatalogueItemView]:
    """现行目录中的公开事项：谁公开、公开什么、期限与依据；不能从互联网核查的事项注明原因。

    ---
    The items of the catalogue in force: who publishes what, by when, on which legal basis. Items
    that the open web cannot answer for say why.
    """
    return await views.items(session, paging, domain=domain, auditable=auditable)


@admin.post(
    "/catalogue:import",
    operation_id="import_catalogue",
    summary="导入公开目录（CSV） | Import a catalogue from CSV",
    responses=problem_responses(ImportRefused),
)
async def import_catalogue(
    content: Annotated[bytes, Body(media_type="text/csv")],
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
    title: Annotated[
        str | None, Query(min_length=2, max_length=200, description="目录名称 | Its title")
    ] = None,
    dry_run: Annotated[bool, Query(description="只检查不导入 | Check only")] = False,
) -> CatalogueImport:
    """整份目录一次导入，成为新的版本，此后产生的公开义务按新目录计算，已有的义务不变；任何一行有误则不导入。
    各列与系统自带的目录文件相同，内容与现行目录一致的不产生新版本。

    ---
    A whole catalogue becomes the next version: duties that are made from then on go by it, those
    that are there keep theirs. With any error nothing is imported. The columns are those of the
    file that comes with the system; one that words every item as now makes no version.
    """
    return await service.import_catalogue(
        session, content, title, now, actor=caller.sub, dry_run=dry_run
    )
