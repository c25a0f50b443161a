"""Limits and policies as the API shows them."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import queries, recomputing, rules
from services.feedback.deadlines.models import ClockState, Deadline, DeadlinePolicy
from services.feedback.deadlines.schemas import ClockView, NewPolicy, PolicyView
from shared.clock import today
from shared.errors import Conflict, Invalid, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page


class PolicyStands(Conflict):
    type = "/problems/policy-stands"
    title = Text("这一天已有同类规定", "There is a policy of that kind for that day already")
    advice = Text("请换一个生效日期", "Please choose another first day")


async def clocks(
    session: AsyncSession,
    *,
    caller: Caller,
    state: ClockState | None,
    paging: PageRequest,
    now: datetime,
) -> Page[ClockView]:
    """The limits of the caller's departments, by due date."""
    found = await queries.work_list(
        session,
        departments=None if "*" in caller.places else caller.places,
        state=state,
        after=paging.key(date, UUID),
        limit=paging.limit + 1,
    )
    places = {one.clock.id: (one.clock.due_on, one.clock.id) for one in found}
    shown = await recomputing.as_shown(session, found)
    return page(shown, paging, lambda c: places[c.id], lambda c: clock_view(c, now))


def clock_view(clock: Deadline, now: datetime) -> ClockView:
    """One limit, with what is derived from it at this moment."""
    return ClockView(
        **clock.model_dump(include=set(ClockView.model_fields)),
        extended=clock.extension_n > 0,
        overdue=rules.is_overdue(clock, now),
    )


async def policies(session: AsyncSession) -> list[PolicyView]:
    """Every policy row, past and present."""
    return [PolicyView.model_validate(row) for row in await queries.policies(session)]


async def add_policy(
    session: AsyncSession, wanted: NewPolicy, *, caller: Caller, now: datetime
) -> PolicyView:
    """A new row, for clocks that start from its day on. Raises Invalid or PolicyStands."""
    if wanted.valid_from < today(now):
        raise Invalid(
            Text(
                "不能早于今天：已开始的时限不改变", "Not before today: running limits do not change"
            ),
            pointer="/body/valid_from",
        )
    row = DeadlinePolicy(**wanted.model_dump())
    if not await queries.add_policy(session, row):
        raise PolicyStands
    await audit_log.write(
        session, caller.sub, "deadline_policy.added", f"deadline_policy:{row.id}", now
    )
    return PolicyView.model_validate(row)
