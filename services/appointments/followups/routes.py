"""Follow-ups and their questionnaires over HTTP."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, status

from services.appointments.followups import rules, service, views, workflow
from services.appointments.followups.models import FollowupState
from services.appointments.followups.schemas import (
    CaseToFollow,
    FollowupAnswers,
    FollowupCall,
    FollowupDetail,
    FollowupInvitation,
    FollowupKey,
    FollowupReceipt,
    FollowupResults,
    FollowupView,
    QuestionnaireCode,
    QuestionnaireIn,
    QuestionnaireView,
    ResultGrouping,
)
from services.appointments.followups.views import FollowupFilter
from shared.clock import today
from shared.errors import Conflict, FourEyes, NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import (
    AuditedReading,
    Deciding,
    Now,
    Paging,
    RequestKeyring,
    Session,
    StepContext,
    allow,
    public,
)
from shared.web.models import Day
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/followups", tags=["hall"], dependencies=[answers.PRIVATE])
questionnaires_router = Router(prefix="/questionnaires", tags=["hall"])

Anyone = Annotated[Caller | None, public()]
Reader = Annotated[Caller, allow(*rules.READERS)]
HallAsked = Annotated[
    str, Query(max_length=32, description="大厅代码 | Hall code", examples=["H001"])
]


@dataclass(frozen=True)
class _CallContext(StepContext):
    """What a return call is noted with."""

    followup_id: UUID


@router.post(
    "/invitations",
    operation_id="ask_for_followup",
    tags=["citizen"],
    summary="看有没有抽中回诊 | See whether one's case is followed up",
    responses=problem_responses(NotFound),
)
async def ask_for_followup(
    given: FollowupKey, session: Deciding, keyring: RequestKeyring, _: Anyone
) -> FollowupInvitation:
    """凭取号所得的 id 和评价键取得问卷。没有抽中、键不对，回答相同。

    ---
    The questions, for the id and the key that came with the ticket. A case that was not drawn and a
    wrong key are answered alike.
    """
    return await views.invitation(session, given, keyring)


@router.post(
    "/{followup_id}/answers",
    operation_id="answer_followup",
    tags=["citizen"],
    summary="回答问卷 | Answer the questions",
    responses=problem_responses(NotFound, StateConflict),
)
async def answer_followup(
    followup_id: UUID,
    given: FollowupAnswers,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Anyone,
) -> FollowupReceipt:
    """办事群众本人回答一次，不用登录；再次回答会被拒绝。差的回答由部门限期整改，并由另一人回访。

    ---
    Whoever was served answers once, without signing in; a second answer is refused. What went ill
    is put right by the department, and somebody else asks again.
    """
    rules.ensure_not_staff(caller)
    return views.receipt(await service.answer(session, followup_id, given, keyring, now))


@router.post(
    "/{followup_id}/calls",
    operation_id="note_followup_call",
    summary="登记回访电话 | Note a return call",
    responses=problem_responses(NotFound, StateConflict, FourEyes, rules.CalledToday),
)
async def note_followup_call(
    call: FollowupCall,
    context: Annotated[_CallContext, Depends()],
    caller: Annotated[Caller, allow(*workflow.CALLERS)],
) -> FollowupDetail:
    """由没有经办的另一人打电话：接通的填各题回答；未接通的改天再打，最多三次；不愿回答的即了结。

    ---
    By somebody who did not serve the person: the answers, where there are some; a call that reached
    nobody is tried on another day, three times at most; who declines is not asked again.
    """
    calling = context.by(caller)
    done = await service.note_call(context.session, context.followup_id, call, calling)
    return views.detail(done, context.keyring)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="invite_followup",
    summary="指定回诊 | Follow a certain case up",
    responses=problem_responses(NotFound, Conflict, rules.AlreadyFollowed),
)
async def invite_followup(
    wanted: CaseToFollow,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("hall_manager")],
) -> FollowupDetail:
    """抽样之外，大厅负责人可指定一件已办结的事回诊。

    ---
    Besides the sample, the hall's manager may have a certain finished case followed up.
    """
    return views.detail(await service.invite(session, wanted.case_id, caller, now), keyring)


@router.get("", operation_id="list_followups", summary="回诊列表 | Follow-ups")
async def list_followups(
    session: Session,
    caller: Reader,
    paging: Paging,
    hall: Annotated[str | None, Query(max_length=32, description="大厅代码 | Hall code")] = None,
    department: Annotated[
        str | None, Query(max_length=32, description="主管部门 | Department in charge")
    ] = None,
    state: FollowupState | None = None,
    is_bad: Annotated[bool | None, Query(description="只看差的 | Only bad ones")] = None,
) -> Page[FollowupView]:
    """本大厅和本部门的回诊，新的在前。

    ---
    Those of one's hall and departments, newest first.
    """
    wanted = FollowupFilter(hall, department, state, is_bad)
    return await views.listed(session, caller=caller, wanted=wanted, paging=paging)


@router.get(
    "/results", operation_id="get_followup_results", summary="回诊结果 | Results of follow-ups"
)
async def get_followup_results(
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("hall_manager", "auditor", "supervisor", "admin")],
    hall: HallAsked,
    first: Annotated[
        Day | None, Query(alias="from", description="默认三十天前 | Thirty days ago unless given")
    ] = None,
    last: Annotated[
        Day | None, Query(alias="to", description="默认今天 | Today unless given")
    ] = None,
    by: ResultGrouping = ResultGrouping.HALL,
) -> FollowupResults:
    """按办结日期统计：回答率、差的比例、平均分，可按事项、部门、人员或月份。不足五份回答的人员不显示结果；未回答的
    既不算好也不算差。

    ---
    Over the cases finished in a period: answered, bad, mean score; by item, department, clerk or
    month. Of fewer than five answers about a clerk nothing is shown. Silence is neither good nor
    bad.
    """
    until = last or today(now)
    since = first or until - views.USUAL_PERIOD
    return await views.results(session, caller, hall, since, until, by)


@router.get(
    "/{followup_id}",
    operation_id="get_followup",
    summary="一件回诊 | One follow-up",
    responses=problem_responses(NotFound),
)
async def get_followup(
    followup_id: UUID, session: AuditedReading, keyring: RequestKeyring, caller: Reader, now: Now
) -> FollowupDetail:
    """问卷、回答和当事人的话；查看会记入日志。

    ---
    The questions, the answers, and what the person wrote; reading it is logged.
    """
    return await views.read(session, followup_id, caller, keyring, now)


@questionnaires_router.get(
    "/{code}", operation_id="get_questionnaire", tags=["citizen"], summary="问卷 | A questionnaire"
)
async def get_questionnaire(
    code: QuestionnaireCode, session: Session, _: Anyone
) -> QuestionnaireView:
    """现行版本的问卷。

    ---
    The questionnaire as it is asked now.
    """
    return await views.questionnaire(session, code)


@questionnaires_router.put(
    "/{code}",
    operation_id="put_questionnaire",
    summary="发布问卷的下一版 | Publish the next version of a questionnaire",
    responses=problem_responses(StateConflict),
)
async def put_questionnaire(
    code: QuestionnaireCode,
    wanted: QuestionnaireIn,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> QuestionnaireView:
    """问卷只增不改：已抽中的仍按当时的版本提问。由哪个大厅使用，写在该大厅的预约规则中。

    ---
    A questionnaire is never changed: who was asked by an earlier version still is. Which hall asks
    it stands in that hall's policy.
    """
    done = await service.put_questionnaire(session, code, wanted, caller, now)
    return views.questionnaire_view(done)
