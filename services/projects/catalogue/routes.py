from typing import Annotated

from fastapi import Query

from services.projects.catalogue import views
from services.projects.catalogue.schemas import CatalogueItemView
from shared.security.identity import Caller
from shared.web.dependencies import Paging, Session, public
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(tags=["citizen"])


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
