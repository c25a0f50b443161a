from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.projects.register.models import UNIT_CODE
from services.projects.scoring import service, views
from services.projects.scoring.schemas import (
    DeductionOrder,
    DeductionView,
    MeritOrder,
    MeritView,
    SchemesView,
    ScoreView,
    WhatIf,
    WhatIfView,
)
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow, public
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(tags=["auditor"])
everyone = Router(tags=["citizen"])

Auditor = Annotated[Caller, allow("auditor")]


@router.get("/schemes", operation_id="list_schemes", summary="评分办法 | The schemes of scoring")
async def list_schemes(
    session: Session, now: Now, _: Annotated[Caller, allow("auditor", "admin")]
) -> SchemesView:
    """扣分制和得分制的全部版本，以及现行的是哪一版。报表记下所用的版本，改办法不动旧报表。

    ---
    All versions of both schemes, and which are in force. A report keeps the ones that it used.
    """
    return views.schemes_view(await service.schemes(session, now))


@router.put(
    "/schemes/deduction",
    operation_id="put_deduction_scheme",
    summary="修改扣分制 | Put the deduction scheme",
    responses=problem_responses(StateConflict),
)
async def put_deduction_scheme(
    order: DeductionOrder, session: Deciding, now: Now, caller: Auditor
) -> DeductionView:
    """扣分、排名和灯的口径，及排名分组。带上读到的最新版本号；不能追溯。

    ---
    What faults cost, what places and lights go by, and groups of peers. Comes with the newest
    version that was read, and is not laid down for days past.
    """
    scheme = await service.put_deduction(session, order, now, actor=caller.sub)
    return DeductionView.model_validate(scheme)


@router.put(
    "/schemes/merit",
    operation_id="put_merit_scheme",
    summary="修改得分制 | Put the merit scheme",
    responses=problem_responses(StateConflict),
)
async def put_merit_scheme(
    order: MeritOrder, session: Deciding, now: Now, caller: Auditor
) -> MeritView:
    """及时、完整、可信各得几成，和各事项的权重。带上读到的最新版本号；不能追溯。

    ---
    What being in time, complete and certain earns, and the weights of items. Comes with the newest
    version that was read, and is not laid down for days past.
    """
    scheme = await service.put_merit(session, order, now, actor=caller.sub)
    return MeritView.model_validate(scheme)


@router.post(
    "/scores/what-if",
    operation_id="try_schemes",
    summary="试算评分 | Try other schemes",
    responses=problem_responses(NotFound),
)
async def try_schemes(wanted: WhatIf, session: Session, _: Auditor) -> WhatIfView:
    """用另外的分值，按一份月报、季报或年报所计的同样事实试算各单位的得分和名次；什么也不保存。

    ---
    What the units of a report of a period would score, and which places they would have, by other
    weights on the same facts. Nothing is kept.
    """
    return await service.what_if(session, wanted)


@everyone.get("/scores", operation_id="list_scores", summary="公布的得分 | Published scores")
async def list_scores(
    session: Session,
    paging: Paging,
    _: Annotated[Caller | None, public()],
    report: Annotated[UUID | None, Query()] = None,
    unit: Annotated[str | None, Query(pattern=UNIT_CODE)] = None,
) -> Page[ScoreView]:
    """已签发报表里各公开主体的得分和名次，最近签发的在前；不指定报表和单位的，列最近签发的一份。撤回的不列。

    ---
    Points and places of units in reports that were signed, the last signed first; without a report
    or a unit those of the report signed last. Reports that were withdrawn are left out.
    """
    rows = await service.scores(session, paging, report=report, unit=unit)
    return page(rows, paging, lambda row: (row.year, row.serial, row.unit_code), views.score_view)
