from typing import Annotated

from fastapi import Path, status

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
    responses=problem_responses(NotFound, StateConflict, service.CasesOpen),
)
async def merge_unit(
    code: Annotated[str, Path(pattern=UNIT_CODE, description="单位代码 | Unit code")],
    order: MergerInput,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> MergerView:
    """尚未公开的事项由并入的单位接续公开，期限不变；已公开的和此前的结论留在原单位。

    ---
    What is not published yet is taken over with its limit by the other unit; what is published,
    and the verdicts up to now, stay with the unit that they were found of.
    """
    merger = await service.merge(session, code, order, now, actor=caller.sub)
    return MergerView.model_validate(merger)
