"""Consultations over HTTP."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, status

from services.appointments.consultations import rules, service, views
from services.appointments.consultations.models import ConsultationState
from services.appointments.consultations.schemas import (
    AnswerGiven,
    ConsultationDetail,
    ConsultationLookup,
    ConsultationOutcome,
    ConsultationView,
    DepartmentInvitation,
    NewConsultation,
    NewConsultationView,
    OpinionGiven,
    ReasonGiven,
    SessionCall,
)
from services.appointments.consultations.service import SeenConsultation
from services.appointments.consultations.workflow import WORKFLOW, ConsultationAction
from shared.errors import Forbidden, NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import (
    Deciding,
    Now,
    Paging,
    RequestKeyring,
    Session,
    StepContext,
    allow,
    public,
)
from shared.web.pagination import Page
from shared.web.routing import Router
from shared.web.steps import StepTaker

router = Router(prefix="/consultations", tags=["hall"], dependencies=[answers.PRIVATE])
steps_router = Router(
    prefix="/consultations/{consultation_id}",
    tags=["hall"],
    dependencies=[answers.PRIVATE],
    responses=problem_responses(NotFound, StateConflict, Forbidden),
)

Reader = Annotated[Caller, allow(*rules.READERS)]


def _who_may(action: ConsultationAction) -> object:
    return allow(*sorted(WORKFLOW.roles_of(action)))


@dataclass(frozen=True)
class _ConsultationContext(StepContext):
    """What every step needs besides who takes it."""

    consultation_id: UUID

    def shown(self, found: SeenConsultation) -> ConsultationDetail:
        return views.detail(found, self.keyring, self.now)


Step = Annotated[_ConsultationContext, Depends()]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="open_consultation",
    summary="发起会诊 | Open a consultation",
)
async def open_consultation(
    wanted: NewConsultation,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("clerk", "hall_manager")],
) -> NewConsultationView:
    """请几个部门同时研究一件事，由牵头部门在规定的工作日内统一答复。题目与问题加密保存；返回的查询键请只交给
    当事人，凭它可查进展和答复。

    ---
    Several departments look at one matter, and the leading one gives the one answer within so many
    working days. The texts are stored encrypted. The key in the answer is for whom the consultation
    is for alone: it shows how things stand, and the answer.
    """
    found = await service.open_(session, wanted, StepTaker(caller, now, keyring))
    return views.opened(found, keyring, now)


@router.post(
    "/answers",
    operation_id="look_up_consultation",
    tags=["citizen"],
    summary="凭查询键看会诊答复 | Look up the answer with the key",
    responses=problem_responses(NotFound),
)
async def look_up_consultation(
    given: ConsultationLookup,
    session: Deciding,
    keyring: RequestKeyring,
    _: Annotated[Caller | None, public()],
) -> ConsultationOutcome:
    """当事人凭编号和查询键看进展与统一答复，不用登录。编号或键不对，回答相同。

    ---
    Whom it is for sees how it stands and the one answer, without signing in. A wrong id and a wrong
    key are answered alike.
    """
    return await views.outcome(session, given, keyring)


@router.get("", operation_id="list_consultations", summary="会诊列表 | Consultations")
async def list_consultations(
    session: Session,
    keyring: RequestKeyring,
    caller: Reader,
    paging: Paging,
    now: Now,
    hall: Annotated[
        str | None, Query(max_length=32, description="大厅代码 | Hall code", examples=["H001"])
    ] = None,
    department: Annotated[
        str | None, Query(max_length=32, description="牵头或参加的部门 | Leading or consulted")
    ] = None,
    state: ConsultationState | None = None,
    overdue: Annotated[bool, Query(description="只看答复已逾期的 | Only late ones")] = False,
) -> Page[ConsultationView]:
    """本大厅发起的，和本部门牵头或参加的，新的在前。

    ---
    Those of one's hall, and those that one's department leads or takes part in; newest first.
    """
    return await views.listed(
        session,
        caller=caller,
        keyring=keyring,
        wanted=views.ConsultationFilter(hall, department, state, overdue),
        paging=paging,
        now=now,
    )


@router.get(
    "/{consultation_id}",
    operation_id="get_consultation",
    summary="一件会诊 | One consultation",
    responses=problem_responses(NotFound),
)
async def get_consultation(
    consultation_id: UUID, session: Session, keyring: RequestKeyring, caller: Reader, now: Now
) -> ConsultationDetail:
    """问题、各部门的期限与意见、联席会商和统一答复。

    ---
    The question, each department's limit and opinion, the joint sessions, and the one answer.
    """
    return await views.detail_of(session, consultation_id, caller, keyring, now)


@steps_router.post(
    "/invite",
    operation_id="invite_department",
    summary="增请部门 | Invite a department",
    responses=problem_responses(StateConflict, rules.AlreadyInvited),
)
async def invite_department(
    wanted: DepartmentInvitation,
    step: Step,
    caller: Annotated[Caller, _who_may(ConsultationAction.INVITE)],
) -> ConsultationDetail:
    """大厅或牵头部门再请一个部门；它的期限从今天起算。

    ---
    The hall or the leading department asks one more; its days begin today.
    """
    done = await service.invite(step.session, step.consultation_id, wanted, step.by(caller))
    return step.shown(done)


@steps_router.post(
    "/convene", operation_id="convene_session", summary="召集联席会商 | Convene a joint session"
)
async def convene_session(
    call: SessionCall,
    step: Step,
    caller: Annotated[Caller, _who_may(ConsultationAction.CONVENE)],
) -> ConsultationDetail:
    """约定时间、地点和参加的部门；可以开几次。

    ---
    When and where which departments meet; as often as it takes.
    """
    done = await service.convene(step.session, step.consultation_id, call, step.by(caller))
    return step.shown(done)


@steps_router.post("/opinion", operation_id="give_opinion", summary="提出意见 | Give an opinion")
async def give_opinion(
    given: OpinionGiven,
    step: Step,
    caller: Annotated[Caller, _who_may(ConsultationAction.OPINE)],
) -> ConsultationDetail:
    """代表本部门提出意见；统一答复以前可以修改。各部门都提出后，即可统一答复。

    ---
    An officer gives their department's opinion, and may give another one until the answer. Once all
    have, the one answer can be given.
    """
    done = await service.opine(step.session, step.consultation_id, given, step.by(caller))
    return step.shown(done)


@steps_router.post(
    "/answer",
    operation_id="answer_consultation",
    summary="统一答复 | Give the one answer",
    responses=problem_responses(StateConflict, rules.OpinionsMissing),
)
async def answer_consultation(
    given: AnswerGiven,
    step: Step,
    caller: Annotated[Caller, _who_may(ConsultationAction.ANSWER)],
) -> ConsultationDetail:
    """意见齐后由牵头部门或大厅负责人答复。有部门逾期不提意见的，升级后由大厅负责人决定先行答复，答复记明缺谁。

    ---
    By the leading department or the hall's manager once all opinions are there. Where a department
    stays silent, the manager may answer without it after the escalation; the answer names it.
    """
    done = await service.answer(step.session, step.consultation_id, given, step.by(caller))
    return step.shown(done)


@steps_router.post(
    "/escalate", operation_id="escalate_consultation", summary="升级 | Escalate a consultation"
)
async def escalate_consultation(
    given: ReasonGiven,
    step: Step,
    caller: Annotated[Caller, _who_may(ConsultationAction.ESCALATE)],
) -> ConsultationDetail:
    """大厅负责人提前提请上一级协调；逾期的由系统自动升级，最多三级。

    ---
    The hall's manager refers it higher before its time; what is late goes up by itself, three
    levels at most.
    """
    done = await service.escalate(step.session, step.consultation_id, given, step.by(caller))
    return step.shown(done)


@steps_router.post(
    "/withdraw", operation_id="withdraw_consultation", summary="撤回会诊 | Withdraw a consultation"
)
async def withdraw_consultation(
    given: ReasonGiven,
    step: Step,
    caller: Annotated[Caller, _who_may(ConsultationAction.WITHDRAW)],
) -> ConsultationDetail:
    """不再需要会诊时撤回，写明原因。

    ---
    Where it is needed no more, with the reason.
    """
    done = await service.withdraw(step.session, step.consultation_id, given, step.by(caller))
    return step.shown(done)
