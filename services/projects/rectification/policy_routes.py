"""Who reads and changes how long orders give."""

from typing import Annotated

from services.projects.rectification import policies
from services.projects.rectification.schemas import (
    RectificationPolicyInput,
    RectificationPolicyView,
)
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Session, allow
from shared.web.routing import Router

policy = Router(prefix="/rectification-policy", tags=["admin"])


@policy.get(
    "", operation_id="get_rectification_policy", summary="整改期限 | Get the rectification policy"
)
async def get_rectification_policy(
    session: Session, caller: Annotated[Caller, allow("auditor", "admin")]
) -> RectificationPolicyView:
    """整改要求未另定期限时给几个工作日；退回和逾期升级时再给几个工作日；审核回复和提议给几个工作日。

    ---
    How many working days an order gives where it names none, how many more once a reply is
    returned or the order rises, and how many an auditor has for a reply or a proposal.
    """
    return RectificationPolicyView.model_validate(await policies.in_force(session))


@policy.put(
    "",
    operation_id="put_rectification_policy",
    summary="修改整改期限 | Put the rectification policy",
    responses=problem_responses(StateConflict),
)
async def put_rectification_policy(
    wanted: RectificationPolicyInput,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> RectificationPolicyView:
    """带上读到的版本号；此后新定的期限按它计算，已定的期限不变。

    ---
    Comes with the version that was read; terms that are set from now on go by it, and those that
    run stay as they are.
    """
    return RectificationPolicyView.model_validate(await policies.put(session, wanted, now, caller))
