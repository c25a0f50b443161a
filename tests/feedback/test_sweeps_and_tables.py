"""What one statement does to many rows is what their table of states says, state by state."""

import re
from typing import Any

import pytest
from sqlalchemy import Index, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines.models import (
    LIVE,
    ClockState,
    Deadline,
    DeadlinePolicy,
    SubjectKind,
)
from services.feedback.deadlines.workflow import CLOCKS, ClockAction
from services.feedback.reminders import queries as reminders
from services.feedback.supervision import queries as orders
from services.feedback.supervision import rules, statement
from services.feedback.supervision.models import ENDED, Cause, OrderState, SupervisionOrder
from services.feedback.supervision.workflow import WORKFLOW, OrderSweep
from shared.clock import today
from tests.feedback.clock_helpers import clock
from tests.feedback.isolated_service import at, new_code

NOW = at("2026-12-09 10:00")


async def stored(session: AsyncSession, state: ClockState, **others: Any) -> Deadline:
    """A clock that was due on 2026-11-30, in this state."""
    policy = (await session.execute(select(col(DeadlinePolicy.id)).limit(1))).scalar_one()
    needs: dict[ClockState, dict[str, Any]] = {
        ClockState.PAUSED: {"paused_on": today(at("2026-11-24 10:00"))},
        ClockState.MET: {"met_at": NOW},
    }
    found = clock(state=state, policy_id=policy, **needs.get(state, {}), **others)
    session.add(found)
    await session.flush()
    return found


async def order_in(session: AsyncSession, state: OrderState) -> SupervisionOrder:
    order = rules.new_order(
        Cause.OTHER, new_code(), level=1, day=today(NOW), now=NOW, bundled=False
    )
    order.state = state
    session.add(order)
    await session.flush()
    return order


@pytest.mark.parametrize("state", list(ClockState))
async def test_a_passed_limit_becomes_what_its_table_says(
    session: AsyncSession, state: ClockState
) -> None:
    passed = await stored(session, state, region="CN-TABLE")
    await reminders.breach(session, "CN-TABLE", NOW)
    await session.refresh(passed)
    row = CLOCKS.get(state, ClockAction.BREACH)
    assert passed.state is (row.to if row else state)


@pytest.mark.parametrize("state", list(OrderState))
async def test_an_order_left_alone_becomes_what_its_table_says(
    session: AsyncSession, state: OrderState
) -> None:
    order = await order_in(session, state)
    subject = {"subject_kind": SubjectKind.SUPERVISION_ORDER, "subject_id": order.id}
    await stored(session, ClockState.BREACHED, **subject)
    raised = {one.id for one in await statement.raise_unanswered(session)}
    await session.refresh(order)
    row = WORKFLOW.get(state, OrderSweep.ESCALATE)
    assert (order.state, order.id in raised) == (row.to if row else state, row is not None)


@pytest.mark.parametrize("state", list(OrderState))
async def test_an_order_in_which_nothing_stands_becomes_what_its_table_says(
    session: AsyncSession, state: OrderState
) -> None:
    order = await order_in(session, state)
    closed = await orders.close_settled(session, [order.id], NOW)
    await session.refresh(order)
    row = WORKFLOW.get(state, OrderSweep.CLOSE)
    assert (order.state, bool(closed)) == (row.to if row else state, row is not None)


def states_of(table: Any, index: str) -> set[str]:
    """The states that the condition of a partial index names."""
    [found] = [i for i in table.__table__.indexes if isinstance(i, Index) and i.name == index]
    return set(re.findall(r"'(\w+)'", str(found.dialect_options["postgresql"]["where"])))


def test_what_has_ended_is_what_no_row_leads_on_from() -> None:
    assert WORKFLOW.ends == set(ENDED) == states_of(SupervisionOrder, "ix_supervision_order_live")
    assert CLOCKS.ends == set(ClockState) - set(LIVE)
    for index in ("uq_deadline_live", "ix_deadline_calendar"):
        assert states_of(Deadline, index) == set(LIVE)
