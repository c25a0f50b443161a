"""Passed limits become orders, and orders rise: level 1 at +1, 2 at +5, 3 at +10 working days."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import PolicyKind, SubjectKind
from services.feedback.deadlines.service import Subject
from services.feedback.reminders import service as reminders
from services.feedback.supervision import escalation, service
from services.feedback.supervision.contracts import DutyOverdue
from services.feedback.supervision.events import (
    MOST_EVIDENCE,
    SupervisionClosed,
    SupervisionEscalated,
    SupervisionIssued,
)
from services.feedback.supervision.models import Cause, PublicationProof
from shared.ids import new_id
from tests.feedback.isolated_service import (
    IsolatedService,
    all_of,
    at,
    many_clocks,
    new_code,
    outbox,
)

STARTED = "2025-03-03 10:00"
"""A Monday: five working days end on Monday the 10th."""


async def start(
    session: AsyncSession, department: str, kind: PolicyKind = PolicyKind.REPLY_CONSULTATION
) -> Subject:
    subject = Subject(SubjectKind.LETTER, new_id())
    await deadlines.start(
        session, subject, kind, department_code=department, by="system", now=at(STARTED)
    )
    return subject


async def minute(session: AsyncSession, moment: str) -> None:
    """What the two jobs do once a minute."""
    await all_of(reminders.sweep, session, moment)
    await all_of(escalation.escalate, session, moment)


async def orders(session: AsyncSession, department: str) -> list[Row[Any]]:
    found = await session.execute(
        text(
            "SELECT o.id, o.state, o.level, count(i.id) AS items FROM supervision_order o"
            " LEFT JOIN supervision_item i ON i.order_id = o.id"
            " WHERE o.department_code = :d GROUP BY o.id ORDER BY o.issued_at, o.id"
        ),
        {"d": department},
    )
    return list(found.all())


async def shape(session: AsyncSession, department: str) -> list[tuple[str, int, int]]:
    return [(o.state, o.level, o.items) for o in await orders(session, department)]


async def test_one_working_day_late_is_an_order_of_level_one(session: AsyncSession) -> None:
    department = new_code()
    for _ in range(3):
        await start(session, department)
    await minute(session, "2025-03-10 17:00")
    assert await shape(session, department) == []
    for moment in ("2025-03-11 08:30", "2025-03-11 08:31", "2025-03-11 17:00"):
        await minute(session, moment)
    assert await shape(session, department) == [("issued", 1, 3)]
    assert len(await outbox(session, SupervisionIssued, department)) == 1


async def test_the_level_rises_with_the_delay_whatever_the_department_does(
    session: AsyncSession,
) -> None:
    """Acknowledged in time, but the letter itself stays unanswered."""
    department = new_code()
    await start(session, department)
    await minute(session, "2025-03-11 09:00")
    [order] = await orders(session, department)
    await _acknowledge(session, order.id, "2025-03-11 11:00")
    levels = {}
    for day in (12, 13, 14, 17, 18, 19):
        await minute(session, f"2025-03-{day} 09:00")
        [order] = await orders(session, department)
        levels[day] = order.level
        if order.state == "issued":
            await _acknowledge(session, order.id, f"2025-03-{day} 11:00")
    assert levels == {12: 1, 13: 1, 14: 1, 17: 2, 18: 2, 19: 2}
    await minute(session, "2025-03-24 09:00")
    [order] = await orders(session, department)
    assert order.level == 3
    raised = await outbox(session, SupervisionEscalated, department)
    assert [(e["level_before"], e["level"]) for e in raised] == [(1, 2), (2, 3)]
    assert {e["reason"] for e in raised} == {"cause_long_overdue"}


async def _acknowledge(session: AsyncSession, order_id: Any, moment: str) -> None:
    subject = Subject(SubjectKind.SUPERVISION_ORDER, order_id)
    await deadlines.meet(session, subject, by="officer", now=at(moment))
    await session.execute(
        text("UPDATE supervision_order SET state = 'acknowledged' WHERE id = :id"), {"id": order_id}
    )


async def test_an_ignored_order_rises_by_itself_and_stops_at_three(session: AsyncSession) -> None:
    department = new_code()
    issued = at("2025-03-03 10:00")
    await service.issue(session, Cause.OTHER, department, level=1, by="supervisor", now=issued)
    levels = []
    for day in ("03", "04", "05", "06", "07", "10", "11", "12", "13"):
        await minute(session, f"2025-03-{day} 09:00")
        levels += [order.level for order in await orders(session, department)]
    assert levels == [1, 1, 2, 2, 3, 3, 3, 3, 3]
    raised = await outbox(session, SupervisionEscalated, department)
    assert {e["reason"] for e in raised} == {"order_not_answered"}


async def test_what_is_found_long_overdue_goes_straight_to_its_level(
    session: AsyncSession,
) -> None:
    department = new_code()
    for due_on, count in (("2025-03-07", 1), ("2025-03-03", 2), ("2025-02-21", 4)):
        await many_clocks(session, count, department, due_on=due_on)
    await minute(session, "2025-03-10 09:00")
    assert sorted(await shape(session, department)) == [
        ("issued", 1, 1),
        ("issued", 2, 2),
        ("issued", 3, 4),
    ]
    assert not await outbox(session, SupervisionEscalated, department)


async def test_an_answered_letter_settles_its_item_and_the_last_closes_the_order(
    session: AsyncSession,
) -> None:
    department = new_code()
    first, second = await start(session, department), await start(session, department)
    await minute(session, "2025-03-11 09:00")
    await deadlines.meet(session, first, by="officer", now=at("2025-03-11 10:00"))
    await minute(session, "2025-03-11 10:01")
    assert await shape(session, department) == [("issued", 1, 2)]
    await deadlines.meet(session, second, by="officer", now=at("2025-03-11 18:00"))
    await minute(session, "2025-03-11 18:01")  # closing presses nobody: office hours do not matter
    assert await shape(session, department) == [("closed", 1, 2)]
    [closed] = await outbox(session, SupervisionClosed, department)
    assert closed["because"] == "cause_gone"
    await minute(session, "2025-03-13 09:00")
    assert await shape(session, department) == [("closed", 1, 2)]


async def test_an_order_that_closes_on_many_proofs_says_how_many_there_are(
    session: AsyncSession,
) -> None:
    department, judged = new_code(), at("2025-03-10 09:00")
    duties = [uuid4() for _ in range(MOST_EVIDENCE + 20)]
    for duty_id in duties:
        overdue = DutyOverdue(
            duty_id=duty_id,
            unit_code=department,
            project_code="P-1",
            project_name="跨江大桥",
            item_code="MP-02-01",
            item_name="批准结果信息",
            due_on=judged.date(),
            judged_at=judged,
        )
        await service.demand_publication(session, overdue, judged)
    for duty_id in duties:
        url = "http://portal.example/art/1.html"
        proof = PublicationProof(duty_id=duty_id, event_id=uuid4(), url=url, told_at=judged)
        await service.accept_proof(session, proof, judged)
    [closed] = await outbox(session, SupervisionClosed, department)
    assert len(closed["evidence_event_ids"]) == MOST_EVIDENCE
    assert closed["evidence_count"] == len(duties)


async def test_a_later_lapse_of_the_day_joins_the_bundle_that_is_still_open(
    session: AsyncSession,
) -> None:
    department = new_code()
    await many_clocks(session, 2, department, due_on="2025-03-10")
    await minute(session, "2025-03-11 09:00")
    await many_clocks(session, 3, department, due_on="2025-03-10")
    await minute(session, "2025-03-11 10:00")
    assert await shape(session, department) == [("issued", 1, 5)]
    await many_clocks(session, 1, department, due_on="2025-03-11")
    await minute(session, "2025-03-12 09:00")
    assert sorted(await shape(session, department)) == [("issued", 1, 1), ("issued", 1, 5)]


@pytest.mark.parametrize(
    "kind", [PolicyKind.LETTER_REGISTER, PolicyKind.RATING_REVISIT, PolicyKind.PUBLICATION_DECISION]
)
async def test_no_department_is_ordered_for_the_offices_own_delay(
    session: AsyncSession, kind: PolicyKind
) -> None:
    department = new_code()
    await start(session, department, kind)
    await minute(session, "2025-03-20 09:00")
    assert await shape(session, department) == []


@pytest.mark.parametrize("moment", ["2025-03-11 07:00", "2025-03-15 10:00", "2025-04-04 10:00"])
async def test_no_order_is_issued_out_of_office_hours(session: AsyncSession, moment: str) -> None:
    department = new_code()
    await many_clocks(session, 1, department, due_on="2025-03-07", state="breached")
    await all_of(escalation.escalate, session, moment)
    assert await shape(session, department) == []


async def test_ten_thousand_overdue_letters_of_a_hundred_departments_are_all_ordered(
    session: AsyncSession,
) -> None:
    """Not the first page: every one stands in exactly one order."""
    departments = [new_code() for _ in range(100)]
    for department in departments:
        await many_clocks(session, 100, department, due_on="2025-03-10", state="breached")
    await all_of(escalation.escalate, session, "2025-03-11 09:00")
    found = await session.execute(
        text(
            "SELECT o.department_code, count(DISTINCT o.id) AS orders, count(i.id) AS items"
            " FROM supervision_order o JOIN supervision_item i ON i.order_id = o.id"
            " WHERE o.department_code = ANY(:d) GROUP BY o.department_code"
        ),
        {"d": departments},
    )
    assert Counter((row.orders, row.items) for row in found.all()) == {(1, 100): 100}
    await all_of(escalation.escalate, session, "2025-03-17 09:00")
    raised = await session.execute(
        text(
            "SELECT level, count(*) FROM supervision_order WHERE department_code = ANY(:d)"
            " GROUP BY level"
        ),
        {"d": departments},
    )
    assert [tuple(row) for row in raised.all()] == [(2, 100)]


async def test_the_jobs_go_on_in_short_transactions_until_nothing_is_left(
    isolated: IsolatedService,
) -> None:
    """More than one round of each; what one round did is committed before the next."""
    department = new_code()
    async with isolated.sessions() as session, session.begin():
        await many_clocks(session, 2500, department, due_on="2026-11-20")
    now = isolated.clock.now
    assert await reminders.watch(isolated.sessions, now) >= 2500
    assert await escalation.watch(isolated.sessions, now) >= 2500
    assert await reminders.watch(isolated.sessions, now) == 0
    assert await escalation.watch(isolated.sessions, now) == 0
    async with isolated.sessions() as session:
        assert await shape(session, department) == [("issued", 1, 2500)]
    listed = await isolated.get("/supervision-orders", "officer", department)
    [order] = listed.json()["items"]
    items = await isolated.get(
        f"/supervision-orders/{order['id']}/items", "officer", department, limit=200
    )
    assert len(items.json()["items"]) == 200
    assert items.json()["next_cursor"]
