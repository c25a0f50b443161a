from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.projects.matching import decisions, service, views
from services.projects.matching.models import MatchState
from services.projects.matching.schemas import Decision, MatchView
from services.projects.register.models import UNIT_CODE
from shared.errors import FourEyes, NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(prefix="/matches", tags=["auditor"])


@router.get("", operation_id="list_matches", summary="网页与义务的对应 | List matches")
async def list_matches(
    session: Session,
    paging: Paging,
    caller: Annotated[Caller, allow("auditor")],
    state: MatchState = MatchState.REVIEW,
    unit: Annotated[str | None, Query(pattern=UNIT_CODE)] = None,
) -> Page[MatchView]:
    """待复核的对应关系：只是相似、候选不止一个，一旦认定即为逾期、提前公开，或认定、否定之后网页另有所述。
    ---
    Matches that wait for a person: mere likeness, several candidates, one that means late or too
    early, or whose page says something else since somebody decided.
    """
    after = paging.key(UUID)
    rows = await service.listed(
        session,
        caller,
        state=state,
        unit=unit,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda row: (row.id,), views.match_view)


@router.post(
    "/{match_id}/accept",
    operation_id="accept_match",
    summary="认定对应 | Accept a match",
    responses=problem_responses(NotFound, StateConflict, FourEyes),
)
async def accept_match(
    match_id: UUID,
    decision: Decision,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("auditor")],
) -> MatchView:
    """认定该网页即为该项义务的公开。若由此判为或不再判为逾期、提前公开，或判为已撤下，须由另一位监察人员再确认，
    确认前结论不变。
    ---
    The page is the duty's publication. Where that means late or too early, or no longer so, or
    withdrawn, another auditor must confirm, and nothing moves until then.
    """
    row = await decisions.accept(session, match_id, decision.version, caller, now)
    return views.match_view(row)


@router.post(
    "/{match_id}/reject",
    operation_id="reject_match",
    summary="否定对应 | Reject a match",
    responses=problem_responses(NotFound, StateConflict, FourEyes),
)
async def reject_match(
    match_id: UUID,
    decision: Decision,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("auditor")],
) -> MatchView:
    """该网页不是该项义务的公开；网页内容不变，这一对不再提出。期限已过又别无疑似网页的，须由另一位监察人员再确认，
    确认前结论不变。
    ---
    The page does not publish the duty; the pair is not proposed again as long as the page says the
    same. Where the limit is over and no other page may be the publication, another auditor must
    confirm, and nothing moves until then.
    """
    row = await decisions.reject(session, match_id, decision.version, caller, now)
    return views.match_view(row)
