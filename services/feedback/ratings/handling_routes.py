"""The steps of putting a bad rating right, one POST each."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from services.feedback.ratings import handling, views, workflow
from services.feedback.ratings.handling import StepInput
from services.feedback.ratings.models import RatingAction
from services.feedback.ratings.rules import RevisitedToday, SamePerson
from services.feedback.ratings.schemas import (
    AppealRating,
    RatingView,
    Rectify,
    RevisitResult,
    StepText,
)
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import StepContext, allow
from shared.web.routing import Router

router = Router(
    prefix="/ratings/{rating_id}",
    tags=["department"],
    responses=problem_responses(NotFound, StateConflict),
)

Officer = Annotated[Caller, allow(*sorted(workflow.OFFICER))]
Reviewer = Annotated[Caller, allow(*sorted(workflow.REVIEWER))]


@dataclass(frozen=True)
class _RatingStepContext(StepContext):
    """What every step needs."""

    rating_id: UUID

    async def take(self, action: RatingAction, caller: Caller, fields: StepInput) -> RatingView:
        done = await handling.act(self.session, self.rating_id, action, fields, self.by(caller))
        return views.after(done, self.now)


Acting = Annotated[_RatingStepContext, Depends()]


@router.post("/verify", operation_id="verify_rating", summary="核实差评 | Verify")
async def verify(request: StepText, acting: Acting, caller: Officer) -> RatingView:
    """部门联系群众、开始核实，一个工作日内；此后五个工作日内整改。

    ---
    The department gets in touch within a working day; five to put it right begin.
    """
    return await acting.take(RatingAction.VERIFY, caller, StepInput(text=request.text))


@router.post("/rectify", operation_id="rectify_rating", summary="整改 | Put right")
async def rectify(request: Rectify, acting: Acting, caller: Officer) -> RatingView:
    """确认问题并开始整改；情况复杂的附计划，十五个工作日。

    ---
    The department puts it right; a complex matter with a plan has fifteen working days.
    """
    fields = StepInput(text=request.text, plan=request.plan, is_complex=request.is_complex)
    return await acting.take(RatingAction.RECTIFY, caller, fields)


@router.post("/explain", operation_id="explain_rating", summary="说明 | Explain")
async def explain(request: StepText, acting: Acting, caller: Officer) -> RatingView:
    """经核实无须整改的，向群众作出说明。

    ---
    Where nothing is to be put right, the department explains why.
    """
    return await acting.take(RatingAction.EXPLAIN, caller, StepInput(text=request.text))


@router.post("/appeal", operation_id="appeal_rating", summary="申诉 | Appeal")
async def appeal(request: AppealRating, acting: Acting, caller: Officer) -> RatingView:
    """认为评价有误或恶意的，部门申请复核；整改时限暂停。

    ---
    The department asks for a review of a mistaken or malicious rating; its limit stands still.
    """
    fields = StepInput(text=request.text, reason=request.reason)
    return await acting.take(RatingAction.APPEAL, caller, fields)


@router.post("/confirm", operation_id="confirm_rating", summary="维持差评 | Confirm")
async def confirm(request: StepText, acting: Acting, caller: Reviewer) -> RatingView:
    """复核维持差评，部门须整改。

    ---
    The review confirms the rating; the department puts it right.
    """
    return await acting.take(RatingAction.CONFIRM, caller, StepInput(text=request.text))


@router.post("/exclude", operation_id="exclude_rating", summary="剔除评价 | Exclude")
async def exclude(request: StepText, acting: Acting, caller: Reviewer) -> RatingView:
    """复核认定不计入统计，理由留存。

    ---
    The review excludes the rating from the figures; the reason is kept.
    """
    return await acting.take(RatingAction.EXCLUDE, caller, StepInput(text=request.text))


@router.post(
    "/feedback", operation_id="give_rating_feedback", summary="反馈群众 | Tell the citizen"
)
async def feedback(request: StepText, acting: Acting, caller: Officer) -> RatingView:
    """部门把整改或说明的结果告知群众；随后由另一人回访。

    ---
    The department tells the citizen what came of it; then someone else asks the citizen.
    """
    return await acting.take(RatingAction.FEEDBACK, caller, StepInput(text=request.text))


@router.post(
    "/revisit",
    operation_id="revisit_rating",
    summary="回访 | Return visit",
    responses=problem_responses(StateConflict, SamePerson, RevisitedToday),
)
async def revisit(request: RevisitResult, acting: Acting, caller: Reviewer) -> RatingView:
    """未经手整改的人回访，至多三次、不在同一天；再次不满意的转二级督办。

    ---
    By someone who had no part in it, at most three tries on different days. Unsatisfied a second
    time: a supervision order of level 2.
    """
    fields = StepInput(text=request.text, outcome=request.outcome)
    return await acting.take(RatingAction.REVISIT, caller, fields)
