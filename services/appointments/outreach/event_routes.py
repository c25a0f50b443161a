"""Outreach events and registrations over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, status

from services.appointments.outreach import gatherings, rules, views
from services.appointments.outreach.schemas import (
    EventMove,
    EventPlan,
    GatheringDetail,
    GatheringResult,
    GatheringView,
    NewGathering,
    OutreachReason,
    RegistrationIn,
    RegistrationView,
)
from services.appointments.outreach.workflow import (
    GATHERINGS,
    REGISTRATIONS,
    GatheringAction,
    RegistrationAction,
)
from shared.errors import Conflict, NotFound, StateConflict, problem_responses
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

router = Router(prefix="/outreach-events", tags=["citizen"])
steps_router = Router(
    prefix="/outreach-events/{event_id}",
    tags=["hall"],
    responses=problem_responses(NotFound, StateConflict),
)
registrations_router = Router(
    prefix="/outreach-registrations/{registration_id}",
    tags=["citizen"],
    dependencies=[answers.PRIVATE],
    responses=problem_responses(NotFound, StateConflict),
)

Anybody = Annotated[Caller | None, public()]
Asking = Annotated[Caller, allow(*rules.ASKING)]


Step = Annotated[StepContext, Depends()]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="announce_outreach",
    tags=["hall"],
    summary="公布行诊 | Announce an outreach event",
)
async def announce_outreach(
    wanted: NewGathering,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("hall_manager")],
) -> GatheringDetail:
    """到村、社区、企业、学校现场办理；公布时间、地点、事项和名额，随即可以报名。

    ---
    The windows go to a village, a community, an enterprise or a school: when, where, what can be
    done, and for how many; registration begins at once.
    """
    step = StepTaker(caller, now, keyring)
    return views.gathering_detail(await gatherings.announce(session, wanted, step))


@router.get("", operation_id="list_outreach", summary="行诊预告 | Coming outreach events")
async def list_outreach(
    session: Session,
    paging: Paging,
    now: Now,
    _: Anybody,
    hall: Annotated[str | None, Query(max_length=32, description="大厅代码 | Hall code")] = None,
) -> Page[GatheringView]:
    """还没有结束的行诊，近的在前，含剩余名额。

    ---
    Outreach events that are not over, the next one first, with the places left.
    """
    return await views.coming(session, hall, paging, now)


@router.get(
    "/{event_id}",
    operation_id="get_outreach",
    summary="一次行诊 | One outreach event",
    responses=problem_responses(NotFound),
)
async def get_outreach(event_id: UUID, session: Session, _: Anybody) -> GatheringView:
    """时间、地点、事项、剩余名额，以及结果。

    ---
    When, where, what can be done, the places left, and what came of it.
    """
    return await views.one_gathering(session, event_id)


@router.post(
    "/{event_id}/registrations",
    status_code=status.HTTP_201_CREATED,
    operation_id="register_for_outreach",
    summary="报名参加行诊 | Register for an outreach event",
    dependencies=[answers.PRIVATE],
    responses=problem_responses(
        NotFound, rules.OutreachFull, rules.RegistrationClosed, rules.AlreadyRegistered
    ),
)
async def register_for_outreach(
    event_id: UUID, wanted: RegistrationIn, step: Step, caller: Asking
) -> RegistrationView:
    """一个电话、一个账号报一次名，一次一至五人；名额满了即止。没有账号的，由工作人员代报。

    ---
    Once a telephone number and an account, for one to five people, and never more than the places;
    staff register who has no account.
    """
    done = await gatherings.register(step.session, event_id, wanted, step.by(caller))
    return views.registration_view(done, step.keyring)


@router.get(
    "/{event_id}/registrations",
    operation_id="list_registrations",
    summary="行诊报名名单 | Registrations for an outreach event",
    dependencies=[answers.PRIVATE],
    responses=problem_responses(NotFound),
)
async def list_registrations(
    event_id: UUID, session: Session, keyring: RequestKeyring, caller: Asking, paging: Paging
) -> Page[RegistrationView]:
    """工作人员看全部，群众看自己的；姓名和电话已脱敏。

    ---
    All of them for the hall's staff, one's own for citizens; names and numbers are masked.
    """
    return await views.registrations(session, event_id, caller, keyring, paging)


@steps_router.post(
    "/plan", operation_id="plan_outreach", summary="安排行诊出行 | Plan how the team travels"
)
async def plan_outreach(
    event_id: UUID,
    wanted: EventPlan,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(GATHERINGS.roles_of(GatheringAction.PLAN)))],
) -> GatheringDetail:
    """何时出发、谁去、带什么；有变动时重新安排。

    ---
    When they leave, who goes, and with what; planned again where it changes.
    """
    done = await gatherings.plan(step.session, event_id, wanted, step.by(caller))
    return views.gathering_detail(done)


@steps_router.post(
    "/move", operation_id="move_outreach", summary="行诊改期 | Move an outreach event"
)
async def move_outreach(
    event_id: UUID,
    wanted: EventMove,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(GATHERINGS.roles_of(GatheringAction.MOVE)))],
) -> GatheringDetail:
    """大厅负责人改到其他时间或地点；已报名的保留名额并收到通知，来不了可以取消。出行须重新安排。

    ---
    By the hall's manager, to another time or place: who registered keeps their places, is let know
    and may cancel. How the team travels is planned anew.
    """
    done = await gatherings.move(step.session, event_id, wanted, step.by(caller))
    return views.gathering_detail(done)


@steps_router.post(
    "/cancel", operation_id="cancel_outreach", summary="取消行诊 | Cancel an outreach event"
)
async def cancel_outreach(
    event_id: UUID,
    given: OutreachReason,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(GATHERINGS.roles_of(GatheringAction.CANCEL)))],
) -> GatheringDetail:
    """大厅负责人取消，原因会公布。

    ---
    By the hall's manager; the reason is published.
    """
    done = await gatherings.cancel(step.session, event_id, given, step.by(caller))
    return views.gathering_detail(done)


@steps_router.post(
    "/finish",
    operation_id="finish_outreach",
    summary="登记行诊结果 | Note what came of an outreach event",
    responses=problem_responses(Conflict, StateConflict),
)
async def finish_outreach(
    event_id: UUID,
    result: GatheringResult,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(GATHERINGS.roles_of(GatheringAction.FINISH)))],
) -> GatheringDetail:
    """开始以后登记接待人数和当场办成的件数，并公布小结。

    ---
    Once it has begun: how many people were seen, how much was done on the spot; published in short.
    """
    done = await gatherings.finish(step.session, event_id, result, step.by(caller))
    return views.gathering_detail(done)


@registrations_router.post(
    "/cancel", operation_id="cancel_registration", summary="取消报名 | Cancel a registration"
)
async def cancel_registration(
    registration_id: UUID,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(REGISTRATIONS.roles_of(RegistrationAction.CANCEL)))],
) -> RegistrationView:
    """名额随即放回。

    ---
    Its places are free again at once.
    """
    action = RegistrationAction.CANCEL
    done = await gatherings.settle(step.session, registration_id, action, step.by(caller))
    return views.registration_view(done, step.keyring)


@registrations_router.post(
    "/attend",
    operation_id="attend_outreach",
    tags=["hall"],
    summary="登记到场 | Note that somebody was there",
)
async def attend_outreach(
    registration_id: UUID,
    step: Step,
    caller: Annotated[Caller, allow(*sorted(REGISTRATIONS.roles_of(RegistrationAction.ATTEND)))],
) -> RegistrationView:
    """报名的群众到场后由工作人员登记。

    ---
    By staff, once who registered is there.
    """
    action = RegistrationAction.ATTEND
    done = await gatherings.settle(step.session, registration_id, action, step.by(caller))
    return views.registration_view(done, step.keyring)
