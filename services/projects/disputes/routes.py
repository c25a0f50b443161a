from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.projects.disputes import service, views
from services.projects.disputes.models import DisputeState
from services.projects.disputes.schemas import DisputeDecision, DisputeView
from services.projects.duties import views as duty_views
from services.projects.duties.schemas import DutyDetail, Ruling, UnitCode
from shared.clock import today
from shared.errors import FourEyes, NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

department = Router(tags=["department"])
auditor = Router(tags=["auditor"])

Reader = Annotated[Caller, allow("auditor", "officer", "supervisor", "admin")]


@department.post(
    "/duties/{duty_id}/dispute",
    operation_id="dispute_duty",
    summary="提出异议 | Dispute a verdict",
    responses=problem_responses(NotFound, StateConflict),
)
async def dispute_duty(
    duty_id: UUID,
    order: Ruling,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("auditor", "officer")],
) -> DutyDetail:
    """公开主体对结论有异议，附证明文件；由提出人以外的监察人员在10个工作日内决定，此前结论、灯和得分不变。

    ---
    The unit disputes the finding with a document. An auditor who did not open the dispute decides
    within 10 working days; until then verdict, light and score stay as they are.
    """
    found, dispute = await service.open_dispute(session, duty_id, order, now, caller)
    view = duty_views.open_dispute(dispute.id, dispute.opened_at, dispute.due_on)
    return await duty_views.disputed(session, found, view, caller, now)


@auditor.get("/disputes", operation_id="list_disputes", summary="异议清单 | List disputes")
async def list_disputes(
    session: Session,
    now: Now,
    paging: Paging,
    caller: Reader,
    state: Annotated[DisputeState | None, Query(description="状态 | State")] = None,
    unit: Annotated[UnitCode | None, Query(description="公开主体 | Unit")] = None,
    duty: Annotated[UUID | None, Query(description="公开义务 | Duty")] = None,
) -> Page[DisputeView]:
    """异议及其决定期限，先提出的在前；经办人只见本部门。

    ---
    Disputes with the day by which each is to be decided, those opened first in front. Officers see
    their own unit.
    """
    after = paging.key(UUID)
    rows = await service.listed(
        session,
        caller,
        unit=unit,
        state=state,
        duty=duty,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    day = today(now)
    return page(rows, paging, lambda row: (row.id,), lambda row: views.dispute_view(row, day))


@auditor.get(
    "/disputes/{dispute_id}",
    operation_id="read_dispute",
    summary="查阅一项异议 | Read a dispute",
    responses=problem_responses(NotFound),
)
async def read_dispute(dispute_id: UUID, session: Session, now: Now, caller: Reader) -> DisputeView:
    """异议的理由、文件、期限和决定。

    ---
    What a dispute says, by which document, until when it is to be decided, and the decision.
    """
    return views.dispute_view(await service.find(session, dispute_id, caller), today(now))


@auditor.post(
    "/disputes/{dispute_id}/decide",
    operation_id="decide_dispute",
    summary="决定异议 | Decide a dispute",
    responses=problem_responses(NotFound, StateConflict, FourEyes),
)
async def decide_dispute(
    dispute_id: UUID,
    order: DisputeDecision,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("auditor")],
) -> DisputeView:
    """由提出人以外的监察人员决定。异议成立的，原结论不再作数，可再豁免、延期或恢复监察；不成立的，维持原结论。

    ---
    By an auditor who did not open it. Upheld, the finding no longer counts, and the duty can be
    exempted or restored; rejected, the finding stands.
    """
    row = await service.decide(session, dispute_id, order, now, caller)
    return views.dispute_view(row, today(now))
