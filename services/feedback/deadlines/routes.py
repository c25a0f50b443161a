from typing import Annotated

from fastapi import status

from services.feedback.deadlines import policies, views
from services.feedback.deadlines.models import ClockState
from services.feedback.deadlines.schemas import ClockView, NewDeadlinePolicy, PolicyView
from shared.errors import problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, Paging, Session, allow, public
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router()

Staff = Annotated[
    Caller, allow("officer", "reviewer", "auditor", "dispatcher", "supervisor", "admin")
]


@router.get(
    "/deadlines",
    tags=["department"],
    operation_id="list_deadlines",
    summary="时限列表 | Time limits",
)
async def list_deadlines(
    session: Session, caller: Staff, paging: Paging, now: Now, state: ClockState | None = None
) -> Page[ClockView]:
    """本部门各事项的时限，先到期的在前；举报件的时限只有信访办公室看到，被举报单位的人员一律看不到。

    ---
    The limits of one's departments, those that end first in front. Those of accusations are the
    office's to see, and never those that accuse a department of one's own.
    """
    return await views.clocks(session, caller=caller, state=state, paging=paging, now=now)


@router.get(
    "/deadline-policies",
    tags=["citizen"],
    operation_id="list_deadline_policies",
    summary="时限规定 | Policies of time limits",
)
async def list_deadline_policies(
    session: Session, paging: Paging, _: Annotated[Caller | None, public()]
) -> Page[PolicyView]:
    """各类事项的办理时限及其依据，含历次规定。

    ---
    How long each step may take and by which rule, past rules included.
    """
    return await views.policies(session, paging)


@router.post(
    "/deadline-policies",
    status_code=status.HTTP_201_CREATED,
    tags=["admin"],
    operation_id="add_deadline_policy",
    summary="新增时限规定 | Add a policy",
    responses=problem_responses(policies.PolicyStands),
)
async def add_deadline_policy(
    request: NewDeadlinePolicy,
    session: Session,
    caller: Annotated[Caller, allow("admin")],
    now: Now,
) -> PolicyView:
    """自所定之日起适用于新开始的时限；已开始的不变。

    ---
    Holds for limits that start on that day or later; running ones stay as they are.
    """
    return views.policy(await policies.add(session, request, caller=caller, now=now))
