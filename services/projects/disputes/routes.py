from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.projects import notice_page
from services.projects.disputes import printing, service, views
from services.projects.disputes.models import DisputeState
from services.projects.disputes.schemas import DisputeDecision, DisputeView
from services.projects.duties import views as duty_views
from services.projects.duties.schemas import DutyDetail, Ruling
from services.projects.register.schemas import UnitCode
from shared.clock import today
from shared.errors import FourEyes, NotFound, StateConflict, Text, problem_responses
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
    mine: Annotated[bool, Query(description="只列等我决定的 | Only what waits for me")] = False,
    overdue: Annotated[bool, Query(description="只列已过期限的 | Only what is overdue")] = False,
    due_before: Annotated[
        date | None, Query(description="只列此日之前到期的 | Only what is due before that day")
    ] = None,
) -> Page[DisputeView]:
    """异议及其决定期限，先提出的在前；经办人只见本部门。`mine=true` 只列他人提出、待决定的。

    ---
    Disputes with the day by which each is to be decided, those opened first in front. Officers see
    their own unit. `mine=true` has what others have opened and is not decided.
    """
    after = paging.key(UUID)
    rows = await service.listed(
        session,
        caller,
        now,
        unit=unit,
        state=state,
        duty=duty,
        mine=mine,
        overdue=overdue,
        due_before=due_before,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    day = today(now)
    return page(rows, paging, lambda row: (row.id,), lambda row: views.dispute_view(row, day))


@auditor.get(
    "/disputes/{dispute_id}.html",
    operation_id="read_dispute_notice",
    summary="异议通知书（可打印网页） | A dispute as a notice to print",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **problem_responses(NotFound)},
)
async def read_dispute_notice(
    dispute_id: UUID, request: Request, session: Session, now: Now, caller: Reader
) -> Response:
    """送达公开主体的异议受理通知书；已决定的为决定书。

    ---
    The notice that is handed over to the unit; once it is decided, the ruling.
    """
    row = await service.find(session, dispute_id, caller)
    duty = await duty_views.detail(session, row.duty_id, caller, now)
    settings = request.state.settings
    return notice_page.answer(printing.page(row, duty, Text(settings.city, settings.city_en)))


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
