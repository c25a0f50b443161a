"""Limits and policies as the API shows them."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback import office
from services.feedback.deadlines import queries, recomputing, rules
from services.feedback.deadlines.models import ClockState, Deadline, DeadlinePolicy
from services.feedback.deadlines.schemas import ClockView, PolicyView
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page


async def clocks(
    session: AsyncSession,
    *,
    caller: Caller,
    state: ClockState | None,
    paging: PageRequest,
    now: datetime,
) -> Page[ClockView]:
    """The limits of the caller's departments, by due date; never of what accuses one of them."""
    found = await queries.work_list(
        session,
        departments=None if office.EVERYWHERE in caller.places else caller.places,
        own=office.own_departments(caller),
        accusations=office.in_the_office(caller),
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
        due_on_is_provisional=clock.provisional,
        extended=clock.extension_n > 0,
        overdue=rules.is_overdue(clock, now),
    )


async def policies(session: AsyncSession, paging: PageRequest) -> Page[PolicyView]:
    """Policy rows, past and present, by region, kind and day."""
    after = paging.key(str, str, date)
    rows = await queries.policies(session, after, paging.limit + 1)
    return page(rows, paging, lambda row: (row.region, row.kind, row.valid_from), policy)


def policy(row: DeadlinePolicy) -> PolicyView:
    return PolicyView.model_validate(row)
