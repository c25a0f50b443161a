from typing import Annotated

from fastapi import Path, Query, Response, status

from services.projects.mergers import service
from services.projects.mergers.schemas import MergerInput, MergerView
from services.projects.register.models import UNIT_CODE
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Session, allow
from shared.web.routing import Router

router = Router(tags=["department"])


@router.post(
    "/units/{code}/merge",
    operation_id="merge_unit",
    summary="公开主体并入其他单位 | Merge a unit into another",
    status_code=status.HTTP_201_CREATED,
    responses={
        200: {"model": MergerView},
        **problem_responses(NotFound, StateConflict, service.CasesOpen),
    },
)
async def merge_unit(
    code: Annotated[str, Path(pattern=UNIT_CODE, description="单位代码 | Unit code")],
    order: MergerInput,
    response: Response,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
    dry_run: Annotated[bool, Query(description="只检查不并入 | Check only")] = False,
) -> MergerView:
    """尚未公开的事项由并入的单位接续公开，期限不变，采集栏目、载体、公开包、牵头项目和未批准的发布登记一并移交；
    已公开的和此前的结论留在原单位。未办结的整改、异议、豁免和已批准未发布的登记须先办结，试运行会逐类列出。

    ---
    What is not published yet is taken over with its limit by the other unit, with portals,
    carriers, packs, projects and releases not yet approved; what is published, and the verdicts up
    to now, stay with the unit that they were found of. Open orders, disputes, exemptions and
    releases that are approved have to be ended first: a dry run says how many there are.
    """
    if dry_run:
        response.status_code = status.HTTP_200_OK
        return await service.try_merge(session, code, order, now, actor=caller.sub)
    return await service.merge(session, code, order, now, actor=caller.sub)
