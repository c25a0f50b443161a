"""New policies: how long limits that start from a day on may take."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import queries
from services.feedback.deadlines.models import DeadlinePolicy
from services.feedback.deadlines.schemas import NewDeadlinePolicy
from shared.clock import today
from shared.errors import Conflict, Invalid, Text
from shared.security import audit_log
from shared.security.identity import Caller


class PolicyStands(Conflict):
    type = "/problems/policy-stands"
    title = Text("这一天已有同类规定", "There is a policy of that kind for that day already")
    advice = Text("请换一个生效日期", "Please choose another first day")


async def add(
    session: AsyncSession, wanted: NewDeadlinePolicy, *, caller: Caller, now: datetime
) -> DeadlinePolicy:
    """A new row, for clocks that start from its day on. Raises Invalid or PolicyStands."""
    if wanted.valid_from < today(now):
        raise Invalid(
            Text(
                "请选今天或以后的日期：已开始的时限不改变",
                "Please choose today or later: running limits do not change",
            ),
            pointer="/body/valid_from",
        )
    row = DeadlinePolicy(**wanted.model_dump())
    if not await queries.add_policy(session, row):
        raise PolicyStands
    await audit_log.write(
        session, caller.sub, "deadline_policy.added", f"deadline_policy:{row.id}", now
    )
    return row
