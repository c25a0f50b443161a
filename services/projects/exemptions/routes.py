from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.projects.duties import views as duty_views
from services.projects.duties.record_schemas import AskedExemption
from services.projects.duties.schemas import DutyDetail, Exemption, UnitCode
from services.projects.exemptions import service
from services.projects.exemptions.models import ExemptionState
from services.projects.exemptions.schemas import ExemptionDecision, ExemptionView
from shared.errors import FourEyes, NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(tags=["auditor"])

Reader = Annotated[Caller, allow("auditor", "officer", "supervisor", "admin")]
Auditor = Annotated[Caller, allow("auditor")]


@router.post(
    "/duties/{duty_id}/exempt",
    operation_id="exempt_duty",
    summary="提出豁免 | Ask for an exemption",
    responses=problem_responses(NotFound, StateConflict),
)
async def exempt_duty(
    duty_id: UUID, order: Exemption, session: Deciding, now: Now, caller: Auditor
) -> DutyDetail:
    """依法不予公开的（条例第14至16条），附文件和条款提出，由另一位监察人员决定（`exemption`）；此前结论、灯和
    得分不变。

    ---
    What the law withholds (regulation art. 14 to 16), with document and article; another auditor
    decides (`exemption`), and until then verdict, light and score stay as they are.
    """
    found, asked = await service.ask(session, duty_id, order, now, caller)
    view = AskedExemption.model_validate(asked)
    return await duty_views.exemption_asked(session, found, view, caller, now)


@router.get("/exemptions", operation_id="list_exemptions", summary="豁免清单 | List exemptions")
async def list_exemptions(
    session: Session,
    paging: Paging,
    caller: Reader,
    state: Annotated[ExemptionState | None, Query(description="状态 | State")] = None,
    unit: Annotated[UnitCode | None, Query(description="公开主体 | Unit")] = None,
    duty: Annotated[UUID | None, Query(description="公开义务 | Duty")] = None,
    mine: Annotated[
        bool, Query(description="只列别人提出、待决定的 | Only what others asked for")
    ] = False,
) -> Page[ExemptionView]:
    """已提出、已同意和不予的豁免及其条款，先提出的在前；经办人只见本部门。

    ---
    Exemptions asked for, granted and refused, with their articles, those asked first in front.
    Officers see their own unit.
    """
    after = paging.key(UUID)
    rows = await service.listed(
        session,
        caller,
        unit=unit,
        state=state,
        duty=duty,
        mine=mine,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda row: (row.id,), ExemptionView.model_validate)


@router.get(
    "/exemptions/{exemption_id}",
    operation_id="read_exemption",
    summary="查阅一项豁免 | Read an exemption",
    responses=problem_responses(NotFound),
)
async def read_exemption(exemption_id: UUID, session: Session, caller: Reader) -> ExemptionView:
    """豁免的文件、条款、理由和决定。

    ---
    By which document and article it is asked for, why, and the decision.
    """
    return ExemptionView.model_validate(await service.find(session, exemption_id, caller))


@router.post(
    "/exemptions/{exemption_id}/decide",
    operation_id="decide_exemption",
    summary="决定豁免 | Decide on an exemption",
    responses=problem_responses(NotFound, StateConflict, FourEyes),
)
async def decide_exemption(
    exemption_id: UUID,
    order: ExemptionDecision,
    session: Deciding,
    now: Now,
    caller: Auditor,
) -> ExemptionView:
    """由提出人以外的监察人员决定；同意的不计入考核，不予的照常监察。

    ---
    By an auditor who did not ask for it. Granted, the duty is outside scores; refused, it stays in
    the ordinary course.
    """
    row = await service.decide(session, exemption_id, order, now, caller)
    return ExemptionView.model_validate(row)
