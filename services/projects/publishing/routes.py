"""The release register over HTTP: not `/releases`, which are those of the halls' places."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, status
from pydantic import AwareDatetime

from services.projects.duties.rules import UnknownReference
from services.projects.publishing import pushing, service, signing, views
from services.projects.publishing.models import RegisteredReleaseState
from services.projects.publishing.schemas import (
    PushedPublication,
    RegisteredReleaseView,
    ReleaseDraft,
    ReleaseOrder,
    ReleaseRemark,
    ReleaseVerification,
    SecrecyCheck,
)
from services.projects.publishing.workflow import WORKFLOW, RegisteredReleaseAction
from services.projects.register.schemas import UnitCode
from shared.errors import FourEyes, NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, StepContext, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

pushed = Router(prefix="/publications", tags=["department"])
register = Router(prefix="/release-register", tags=["department"])
steps = Router(
    prefix="/release-register/{release_id}",
    tags=["department"],
    responses=problem_responses(NotFound, StateConflict),
)

Reader = Annotated[Caller, allow(*service.READERS)]
_A = RegisteredReleaseAction
_BY_ANOTHER = problem_responses(StateConflict, FourEyes)
_REFERS = problem_responses(UnknownReference)


def who_may(action: RegisteredReleaseAction) -> object:
    """Whoever may take that step in any state."""
    return allow(*sorted(WORKFLOW.roles_of(action)))


@dataclass(frozen=True)
class _ReleaseContext(StepContext):
    """What every step needs besides who takes it."""

    release_id: UUID


Step = Annotated[_ReleaseContext, Depends()]


@pushed.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="push_publication",
    summary="报送已发布的信息 | Push a publication",
    responses=problem_responses(NotFound, UnknownReference, signing.SignatureRefused),
)
async def push_publication(
    order: PushedPublication,
    request: Request,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("system", "officer")],
) -> RegisteredReleaseView:
    """其他系统报送、经办人补录已经发布的信息。只从我方收到之时起采信：自称早于收到之日发布的，转人工核对；是否在
    网上，由采集核实。同一报送重复提交，仍是同一条。

    系统可按 RFC 9421 用本账号的密钥签名（HMAC-SHA-256，覆盖 `@method`、`@path`、`content-digest`，
    带 `created` 和 `keyid`，五分钟内有效，每个签名只收一次）：与网页自称的日期相符时，可信度最高。

    ---
    What is out already, pushed by another system or entered by an officer. It is believed from when
    it reached us: one that claims an earlier day is for a person to look at; whether it is online
    is verified by the collector. The same push again is the same entry.

    A system may sign it by RFC 9421 with its account's key (HMAC-SHA-256 over `@method`, `@path`
    and `content-digest`, with `created` and `keyid`, good for five minutes and once): what is
    signed is trusted most where the page names the same day.
    """
    signed_at = await signing.signed_at(request, request.state.settings, caller)
    return views.release_view(await pushing.push(session, order, signed_at, now, caller))


@register.get(
    "", operation_id="list_registered_releases", summary="发布登记簿 | List the release register"
)
async def list_registered_releases(
    session: Session,
    paging: Paging,
    caller: Reader,
    unit: Annotated[UnitCode | None, Query(description="公开主体 | Unit")] = None,
    state: Annotated[RegisteredReleaseState | None, Query(description="状态 | State")] = None,
    mine: Annotated[bool, Query(description="只看等我办理的 | Only what waits for me")] = False,
    planned_before: Annotated[
        AwareDatetime | None,
        Query(description="计划在此前发布而尚未发布的 | Planned before then, and not out yet"),
    ] = None,
) -> Page[RegisteredReleaseView]:
    """本单位的发布登记，先登记的在前；`mine=true` 只列等自己办理的，自己起草的不会等自己审批。

    ---
    The register of one's units, the first entry in front; `mine=true` for what waits for the caller
    alone: nobody's own draft waits for their own check or approval.
    """
    after = paging.key(UUID)
    found = await service.listed(
        session,
        caller,
        unit=unit,
        state=state,
        mine=mine,
        planned_before=planned_before,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(found, paging, lambda one: (one.release.id,), views.release_view)


@register.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="draft_release",
    summary="起草发布登记 | Draft a release",
    responses=problem_responses(NotFound, UnknownReference),
)
async def draft_release(
    order: ReleaseDraft,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("officer")],
) -> RegisteredReleaseView:
    """先审后发：起草、送审、保密审查、另一人批准并编号、发布、采集核实。

    ---
    Approved before it goes out: drafted, submitted, checked for secrets, approved and numbered by
    another, released, verified by the collector.
    """
    return views.release_view(await service.draft(session, order, now, caller))


@register.get(
    "/{release_id}",
    operation_id="read_registered_release",
    summary="查阅发布登记 | Read an entry of the register",
    responses=problem_responses(NotFound),
)
async def read_registered_release(
    release_id: UUID, session: Session, caller: Reader
) -> RegisteredReleaseView:
    """一份信息由谁起草、审查、批准，何时发布，在哪里核实。

    ---
    Who wrote, checked and approved it, when it went out, and where it was verified.
    """
    return views.release_view(await service.find(session, release_id, caller))


@steps.put(
    "",
    operation_id="revise_release",
    summary="修改草稿 | Revise a draft",
    responses=_REFERS,
)
async def revise_release(
    order: ReleaseDraft, step: Step, caller: Annotated[Caller, who_may(_A.REVISE)]
) -> RegisteredReleaseView:
    """草稿和退回的可以修改；退回的修改后须重新送审。

    ---
    Of a draft or what was sent back, which is checked anew.
    """
    by = step.by(caller)
    return views.release_view(await service.revise(step.session, step.release_id, order, by))


@steps.post("/submit", operation_id="submit_release", summary="送审 | Submit a release")
async def submit_release(
    step: Step, caller: Annotated[Caller, who_may(_A.SUBMIT)]
) -> RegisteredReleaseView:
    """送交保密审查。

    ---
    On to the confidentiality check.
    """
    return views.release_view(await service.submit(step.session, step.release_id, step.by(caller)))


@steps.post(
    "/check",
    operation_id="check_release",
    summary="保密审查 | Check a release for secrets",
    responses=_BY_ANOTHER,
)
async def check_release(
    order: SecrecyCheck, step: Step, caller: Annotated[Caller, who_may(_A.CHECK)]
) -> RegisteredReleaseView:
    """由起草人以外的审核人审查，写明意见和依据（政府信息公开条例第十七条）。

    ---
    By a reviewer who did not write it, with what the check went by (regulation art. 17).
    """
    by = step.by(caller)
    return views.release_view(await service.check(step.session, step.release_id, order, by))


@steps.post(
    "/approve",
    operation_id="approve_release",
    summary="批准发布 | Approve a release",
    responses=_BY_ANOTHER,
)
async def approve_release(
    step: Step, caller: Annotated[Caller, who_may(_A.APPROVE)]
) -> RegisteredReleaseView:
    """由起草人和保密审查人以外的审核人批准，同时编登记备案号。

    ---
    By a reviewer who neither wrote nor checked it; the release gets its registration number.
    """
    return views.release_view(await service.approve(step.session, step.release_id, step.by(caller)))


@steps.post(
    "/reject",
    operation_id="reject_release",
    summary="退回或不予采信 | Reject a release",
    responses=_BY_ANOTHER,
)
async def reject_release(
    order: ReleaseRemark, step: Step, caller: Annotated[Caller, who_may(_A.REJECT)]
) -> RegisteredReleaseView:
    """审核人退回起草人；报称已发布而核实不了的，由监察人员不予采信。

    ---
    A reviewer sends it back to its authors; what is said to be out and cannot be verified is
    dismissed by an auditor.
    """
    by = step.by(caller)
    return views.release_view(await service.reject(step.session, step.release_id, order, by))


@steps.post("/withdraw", operation_id="withdraw_draft", summary="撤回发布登记 | Withdraw a draft")
async def withdraw_draft(
    order: ReleaseRemark, step: Step, caller: Annotated[Caller, who_may(_A.WITHDRAW)]
) -> RegisteredReleaseView:
    """尚未发布的，可以撤回。

    ---
    As long as it is not out.
    """
    by = step.by(caller)
    return views.release_view(await service.withdraw(step.session, step.release_id, order, by))


@steps.post(
    "/release",
    operation_id="release_draft",
    summary="登记发布 | Register that it is out",
    responses=_REFERS,
)
async def release_draft(
    order: ReleaseOrder, step: Step, caller: Annotated[Caller, who_may(_A.RELEASE)]
) -> RegisteredReleaseView:
    """批准后发布的，写明在哪些载体、哪个网址；到了计划时间也不会自动发布。

    ---
    Once it was approved: on which carriers and at which addresses it stands. Nothing is released by
    itself when its planned time comes.
    """
    by = step.by(caller)
    return views.release_view(await service.release(step.session, step.release_id, order, by))


@steps.post(
    "/verify",
    operation_id="verify_release",
    summary="人工核实 | Verify a release by hand",
    responses=_BY_ANOTHER,
)
async def verify_release(
    order: ReleaseVerification, step: Step, caller: Annotated[Caller, who_may(_A.VERIFY)]
) -> RegisteredReleaseView:
    """采集不到的，由其他单位的监察人员逐处查看后核实；没有写明的各处不算看过，以后可以再核实。监察结论不因此改变。

    ---
    Where the collector cannot look, an auditor of no part in it does, place by place: those that
    are not named were not looked at, and may be later. It moves no verdict.
    """
    by = step.by(caller)
    return views.release_view(await service.verify(step.session, step.release_id, order, by))
