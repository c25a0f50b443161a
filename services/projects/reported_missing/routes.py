from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.projects.register.schemas import ProjectCode, UnitCode
from services.projects.reported_missing import service
from services.projects.reported_missing.models import CheckState
from services.projects.reported_missing.schemas import CheckAnswerInput, DisclosureCheckView
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(prefix="/disclosure-checks", tags=["auditor"])

Reader = Annotated[Caller, allow("auditor", "officer", "supervisor", "admin")]


@router.get(
    "",
    operation_id="list_disclosure_checks",
    summary="反映未公开的核查 | List checks of what is reported missing",
)
async def list_disclosure_checks(
    session: Session,
    paging: Paging,
    caller: Reader,
    state: Annotated[CheckState | None, Query(description="状态 | State")] = None,
    unit: Annotated[UnitCode | None, Query(description="公开主体 | Unit")] = None,
    project: Annotated[ProjectCode | None, Query(description="项目代码 | Project")] = None,
) -> Page[DisclosureCheckView]:
    """群众来信反映没有公开的事项：同一事项只列一次并计数，先反映的在前；经办人只见本部门。

    ---
    What letters report as missing online, each thing once with how many report it, those reported
    first in front. Officers see their own unit.
    """
    after = paging.key(datetime, UUID)
    rows = await service.listed(
        session,
        caller,
        unit=unit,
        state=state,
        project=project,
        after=None if after is None else (after[0], after[1]),
        limit=paging.limit + 1,
    )
    return page(
        rows,
        paging,
        lambda row: (row.first_reported_at, row.id),
        DisclosureCheckView.model_validate,
    )


@router.get(
    "/{check_id}",
    operation_id="read_disclosure_check",
    summary="查阅一项核查 | Read a check",
    responses=problem_responses(NotFound),
)
async def read_disclosure_check(
    check_id: UUID, session: Session, caller: Reader
) -> DisclosureCheckView:
    """反映的是什么、有多少封来信、怎样答复的。

    ---
    What is reported missing, by how many letters, and what was answered.
    """
    return DisclosureCheckView.model_validate(await service.find(session, check_id, caller))


@router.post(
    "/{check_id}/answer",
    operation_id="answer_disclosure_check",
    summary="答复一项核查 | Answer a check",
    responses=problem_responses(NotFound, StateConflict),
)
async def answer_disclosure_check(
    check_id: UUID,
    order: CheckAnswerInput,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("auditor")],
) -> DisclosureCheckView:
    """义务自己得不出结果的，由监察人员答复；答复随即提供给所有反映此事的来信的承办人，此后一旦找到公开的
    网页，以网页为准。

    ---
    Where no duty answers by itself an auditor does. Whoever handles a letter that reports it is
    shown the answer at once; a publication that is found later takes its place.
    """
    check = await service.answer(session, check_id, order, now, caller)
    return DisclosureCheckView.model_validate(check)
