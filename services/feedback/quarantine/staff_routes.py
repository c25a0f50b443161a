"""The dispatchers' side: what waits, and how it is decided."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Request

from services.feedback.quarantine import decisions, views
from services.feedback.quarantine.decisions import Decider, Given
from services.feedback.quarantine.models import QuarantineState
from services.feedback.quarantine.schemas import (
    Drop,
    QuarantineDecision,
    QuarantinedView,
    RejectAppeal,
    Release,
)
from services.feedback.quarantine.workflow import QuarantineAction
from shared.errors import Forbidden, FourEyes, NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import (
    Deciding,
    ExpectedVersion,
    Now,
    Paging,
    RequestKeyring,
    Session,
    allow,
)
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/letters/quarantine", tags=["department"], dependencies=[answers.PRIVATE])

Office = Annotated[Caller, allow("dispatcher", "supervisor")]
_DECISION = problem_responses(Forbidden, NotFound, StateConflict)
_ON_APPEAL = problem_responses(Forbidden, FourEyes, NotFound, StateConflict)


@dataclass(frozen=True)
class _DecisionContext:
    """What every decision needs."""

    letter_id: UUID
    request: Request
    session: Deciding
    keyring: RequestKeyring
    now: Now
    caller: Office
    expected: ExpectedVersion

    async def take(self, action: QuarantineAction, given: Given) -> QuarantineDecision:
        region = self.request.state.settings.region
        decider = Decider(self.caller, self.now, self.keyring, region, self.expected)
        return await decisions.answer(self.session, self.letter_id, action, given, decider)


Decision = Annotated[_DecisionContext, Depends()]


@router.get(
    "",
    operation_id="list_quarantined_letters",
    summary="待核对的集中来信 | Letters of a flood",
    responses=problem_responses(Forbidden),
)
async def list_quarantined_letters(
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Office,
    paging: Paging,
    state: QuarantineState = QuarantineState.QUARANTINED,
) -> Page[QuarantinedView]:
    """匿名来信集中涌入时先放在这里，不占登记编号；最早收到的在前，须在登记期限内核对。
    ---
    Where anonymous letters wait that came in a flood, without a serial; the earliest first, to be
    looked at within the limit to register them.
    """
    return await views.listed(session, keyring, caller, state, paging, now)


@router.post(
    "/{letter_id}/release",
    operation_id="release_quarantined_letter",
    summary="转登记 | Register it after all",
    responses=_ON_APPEAL,
)
async def release(
    decision: Decision, given: Annotated[Release | None, Body()] = None
) -> QuarantineDecision:
    """登记为普通来信，办理期限仍从收到之日起算；来信人原来的编号和查询码继续有效。一次最多 200 件。

    来信人申请复查的，由未作原决定的督办人员决定。
    ---
    It becomes a letter like any other, its limits counted from its receipt; the number and code
    that its sender has go on opening it. 200 at a time at most.

    Where its sender appealed, a supervisor decides who did not drop it.
    """
    return await decision.take(QuarantineAction.RELEASE, given or Release())


@router.post(
    "/{letter_id}/drop",
    operation_id="drop_quarantined_letter",
    summary="不予登记 | Do not register it",
    responses=_DECISION,
)
async def drop(decision: Decision, given: Drop) -> QuarantineDecision:
    """须写明理由，来信人凭编号和查询码可以看到；记入审计日志。原文保留，督办人员仍可转登记。

    一次最多 200 件。
    ---
    With a reason, which the sender reads with number and code. Written to the audit log; the text
    is kept, and a supervisor may still register it. 200 at a time at most.
    """
    return await decision.take(QuarantineAction.DROP, given)


@router.post(
    "/{letter_id}/reject-appeal",
    operation_id="reject_quarantine_appeal",
    summary="复查维持原决定 | Leave it dropped after an appeal",
    responses=_ON_APPEAL,
)
async def reject_appeal(decision: Decision, given: RejectAppeal) -> QuarantineDecision:
    """来信人不服不予登记、申请复查的，由未作原决定的督办人员决定；须写明理由，来信人可以看到。
    ---
    Where the sender of a dropped letter appealed: with a reason, which the sender reads, by a
    supervisor who did not drop it.
    """
    return await decision.take(QuarantineAction.REJECT_APPEAL, given)
