from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.projects import notice_page
from services.projects.duties import views as duty_views
from services.projects.duties.models import RulingKind
from services.projects.duties.ruling import Ruled
from services.projects.duties.schemas import DutyDetail, Exemption, Extension, Ruling
from services.projects.exemptions import printing, service, views
from services.projects.exemptions.models import ExemptionState
from services.projects.exemptions.schemas import (
    ExemptionDecision,
    ExemptionView,
    ExemptionWithdrawal,
)
from services.projects.register.schemas import UnitCode
from shared.clock import today
from shared.errors import FourEyes, NotFound, StateConflict, Text, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(tags=["auditor"])

Reader = Annotated[Caller, allow("auditor", "officer", "supervisor", "admin")]
Auditor = Annotated[Caller, allow("auditor")]

_RULED = problem_responses(NotFound, StateConflict)
_DECIDED = problem_responses(NotFound, StateConflict, FourEyes)


async def _rule(
    kind: RulingKind, duty_id: UUID, order: Ruling, session: Deciding, now: Now, caller: Caller
) -> DutyDetail:
    done = await service.rule(session, duty_id, kind, order, now, caller)
    if isinstance(done, Ruled):
        return await duty_views.ruled(session, done, caller, now)
    found, asked = done
    return await duty_views.ruling_asked(session, found, asked.model_dump(), caller, now)


@router.post(
    "/duties/{duty_id}/exempt",
    operation_id="exempt_duty",
    summary="提出豁免 | Ask for an exemption",
    responses=_RULED,
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
    return await _rule(RulingKind.EXEMPT, duty_id, order, session, now, caller)


@router.post(
    "/duties/{duty_id}/extend",
    operation_id="extend_duty",
    summary="延长期限 | Extend a duty's clock",
    responses=_RULED,
)
async def extend_duty(
    duty_id: UUID, order: Extension, session: Deciding, now: Now, caller: Auditor
) -> DutyDetail:
    """凭文件把期限延长若干日。期限已经届满的，由另一位监察人员决定（`asked_ruling`），此前结论不变。

    ---
    Extend the limit by some days, by a document. Where it has run out another auditor decides
    (`asked_ruling`), and until then the verdict stays.
    """
    return await _rule(RulingKind.EXTEND, duty_id, order, session, now, caller)


@router.post(
    "/duties/{duty_id}/suspend",
    operation_id="suspend_duty",
    summary="中止期限 | Suspend a duty's clock",
    responses=_RULED,
)
async def suspend_duty(
    duty_id: UUID, order: Ruling, session: Deciding, now: Now, caller: Auditor
) -> DutyDetail:
    """凭文件中止期限，恢复后顺延。期限已经届满的，由另一位监察人员决定（`asked_ruling`），恢复后也不顺延。

    ---
    Stop the clock by a document; what it stood still is added when it is restored. Where it has run
    out another auditor decides (`asked_ruling`), and nothing is added afterwards.
    """
    return await _rule(RulingKind.SUSPEND, duty_id, order, session, now, caller)


@router.post(
    "/duties/{duty_id}/restore",
    operation_id="restore_duty",
    summary="恢复监察 | Restore a duty",
    responses=_RULED,
)
async def restore_duty(
    duty_id: UUID, order: Ruling, session: Deciding, now: Now, caller: Auditor
) -> DutyDetail:
    """撤销豁免、中止或成立的异议，按证据重新判定。经两人作出的，由另一位监察人员决定（`asked_ruling`）。

    ---
    Lift an exemption, a suspension or an upheld dispute; the evidence decides again. What two
    persons have decided is lifted by another auditor (`asked_ruling`).
    """
    return await _rule(RulingKind.RESTORE, duty_id, order, session, now, caller)


@router.get("/exemptions", operation_id="list_exemptions", summary="豁免清单 | List exemptions")
async def list_exemptions(
    session: Session,
    now: Now,
    paging: Paging,
    caller: Reader,
    state: Annotated[ExemptionState | None, Query(description="状态 | State")] = None,
    kind: Annotated[RulingKind | None, Query(description="哪种裁定 | Which ruling")] = None,
    unit: Annotated[UnitCode | None, Query(description="公开主体 | Unit")] = None,
    duty: Annotated[UUID | None, Query(description="公开义务 | Duty")] = None,
    mine: Annotated[bool, Query(description="只列等我决定的 | Only what waits for me")] = False,
    overdue: Annotated[bool, Query(description="只列已过期限的 | Only what is overdue")] = False,
    due_before: Annotated[
        date | None, Query(description="只列此日之前到期的 | Only what is due before that day")
    ] = None,
) -> Page[ExemptionView]:
    """已提出、已同意和未获同意的豁免及其他须两人作出的裁定，先提出的在前；经办人只见本部门。

    ---
    Exemptions and other rulings of two persons, asked for, granted and not, those asked first in
    front. Officers see their own unit.
    """
    after = paging.key(UUID)
    day = today(now)
    rows = await service.listed(
        session,
        caller,
        day,
        unit=unit,
        state=state,
        kind=kind,
        duty=duty,
        mine=mine,
        overdue=overdue,
        due_before=due_before,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda row: (row.id,), lambda row: views.exemption_view(row, day))


@router.get(
    "/exemptions/{exemption_id}.html",
    operation_id="read_exemption_notice",
    summary="豁免决定书（可打印网页） | An exemption as a notice to print",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **problem_responses(NotFound)},
)
async def read_exemption_notice(
    exemption_id: UUID, request: Request, session: Session, now: Now, caller: Reader
) -> Response:
    """送达公开主体的决定书；尚未决定的为受理通知书。

    ---
    The decision that is handed over to the unit; until there is one, the notice that it is asked
    for.
    """
    row = await service.find(session, exemption_id, caller)
    duty = await duty_views.detail(session, row.duty_id, caller, now)
    settings = request.state.settings
    return notice_page.answer(printing.page(row, duty, Text(settings.city, settings.city_en)))


@router.get(
    "/exemptions/{exemption_id}",
    operation_id="read_exemption",
    summary="查阅一项豁免 | Read an exemption",
    responses=problem_responses(NotFound),
)
async def read_exemption(
    exemption_id: UUID, session: Session, now: Now, caller: Reader
) -> ExemptionView:
    """豁免的文件、条款、理由、期限和决定。

    ---
    By which document and article it is asked for, why, until when it is to be decided, and the
    decision.
    """
    return views.exemption_view(await service.find(session, exemption_id, caller), today(now))


@router.post(
    "/exemptions/{exemption_id}/decide",
    operation_id="decide_exemption",
    summary="决定豁免 | Decide on an exemption",
    responses=_DECIDED,
)
async def decide_exemption(
    exemption_id: UUID,
    order: ExemptionDecision,
    session: Deciding,
    now: Now,
    caller: Auditor,
) -> ExemptionView:
    """由提出人以外的监察人员决定；同意豁免的不计入考核，不予同意的照常监察。

    ---
    By an auditor who did not ask for it. An exemption that is granted takes the duty out of scores;
    refused, it stays in the ordinary course.
    """
    row = await service.decide(session, exemption_id, order, now, caller)
    return views.exemption_view(row, today(now))


@router.post(
    "/exemptions/{exemption_id}/withdraw",
    operation_id="withdraw_exemption",
    summary="撤回豁免 | Take an exemption back",
    responses=_DECIDED,
)
async def withdraw_exemption(
    exemption_id: UUID,
    order: ExemptionWithdrawal,
    session: Deciding,
    now: Now,
    caller: Auditor,
) -> ExemptionView:
    """提出人在决定之前撤回，义务照常监察。

    ---
    Who asked for it takes it back before it is decided; the duty stays in the ordinary course.
    """
    row = await service.withdraw(session, exemption_id, order.reason, order.version, now, caller)
    return views.exemption_view(row, today(now))
