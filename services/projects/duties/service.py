"""Trigger events make duties; duties are read, exempted, disputed, extended."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.auditing.models import Standing
from services.projects.calendar import rules as clock_rules
from services.projects.calendar import service as calendars
from services.projects.calendar.models import NATIONAL
from services.projects.calendar.rules import ClockRule, Due
from services.projects.catalogue import service as catalogue
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties import queries, rules
from services.projects.duties.events import DutyCreated
from services.projects.duties.models import Duty, Hold, TriggerEvent
from services.projects.duties.observing import (
    note_full_walk,
    record_gone,
    record_sightings,
    set_in_review,
)
from services.projects.duties.schemas import TriggerOrder
from services.projects.register import service as register
from shared import clock, outbox
from shared.errors import Invalid, NotFound, Text
from shared.identity import Caller

__all__ = [
    "duty_view",
    "list_views",
    "may_see",
    "note_full_walk",
    "recount",
    "record_gone",
    "record_sightings",
    "record_trigger_event",
    "set_in_review",
    "unseen",
    "views_of",
]

_FUTURE = Text("日期不能在今天之后", "The day lies after today")


def may_see(caller: Caller, unit: str) -> bool:
    """An officer sees their own units, an auditor, a supervisor or an administrator all."""
    return caller.has("auditor", "supervisor", "admin") or caller.at(unit)


async def record_trigger_event(
    session: AsyncSession, order: TriggerOrder, now: dt.datetime, caller: Caller
) -> tuple[TriggerEvent, list[UUID]]:
    """Record what happened and make the duties that follow from it.

    Raises NotFound for a unit that is not the caller's, UnknownReference, Invalid for a day ahead,
    and AlreadyRecorded (with the duties) for an event that is known.
    """
    if not may_see(caller, order.unit) and not caller.has("system"):
        raise NotFound
    if order.on is not None and order.on > clock.today(now):
        raise Invalid(_FUTURE, pointer="/body/on")
    item = await _checked_item(session, order, clock.today(now))
    trigger = TriggerEvent(
        project_code=order.project,
        item_code=order.item_code,
        unit_code=order.unit,
        kind=order.kind,
        occurred_on=order.on,
        doc_no=order.doc_no,
        recorded_at=now,
        recorded_by=caller.sub,
    )
    if not await queries.insert_trigger(session, trigger):
        known = await queries.duties_of_same_event(session, trigger)
        raise rules.AlreadyRecorded(duties=[str(each) for each in known])
    duty = await _make_duty(session, trigger, item, now)
    await auditing.judge_duties(session, [duty.id], now, actor=caller.sub)
    return trigger, [duty.id]


async def _checked_item(session: AsyncSession, order: TriggerOrder, day: dt.date) -> CatalogueItem:
    item = await catalogue.item_in_force(session, order.item_code)
    known = (
        ("project", await register.has_project(session, order.project), "项目", "project"),
        ("unit", await register.has_unit(session, order.unit, day), "公开主体", "unit"),
        ("item_code", item is not None, "公开事项", "catalogue item"),
    )
    for name, is_known, zh, en in known:
        if not is_known:
            raise rules.UnknownReference(
                Text(f"没有这个{zh}，请先登记", f"There is no such {en}; please register it first"),
                pointer=f"/body/{name}",
            )
    assert item is not None
    return item


async def _make_duty(
    session: AsyncSession, trigger: TriggerEvent, item: CatalogueItem, now: dt.datetime
) -> Duty:
    rule, short_n = rules.rule_of(item)
    due = await _due(session, rule, trigger.occurred_on)
    duty = Duty(
        trigger_id=trigger.id,
        project_code=trigger.project_code,
        unit_code=trigger.unit_code,
        item_id=item.id,
        item_code=item.item_code,
        formed_on=trigger.occurred_on,
        doc_no=trigger.doc_no,
        rule_kind=rule.kind,
        rule_n=rule.n or None,
        short_n=short_n,
        rule_version=item.version,
        calendar_version=await calendars.newest_version(session),
        basis=due.basis,
        start_ord=due.start_ord,
        due_ord=due.due_ord,
        hold=Hold.NOT_APPLICABLE if item.not_auditable else Hold.NONE,
        hold_reason=item.not_auditable,
        created_at=now,
    )
    session.add(duty)
    await session.flush()
    standing = Standing(
        duty_id=duty.id,
        unit_code=duty.unit_code,
        hold=duty.hold,
        calendar_days=due.basis == "calendar",
        is_formed=duty.formed_on is not None,
        due_ord=due.due_ord,
    )
    session.add(standing)
    await session.flush()
    created = DutyCreated(
        duty_id=duty.id,
        unit_code=duty.unit_code,
        project_code=duty.project_code,
        item_code=duty.item_code,
        kind=trigger.kind,
        formed_on=duty.formed_on,
        rule_kind=rule.kind,
        rule_n=duty.rule_n,
        created_at=now,
    )
    await outbox.record(session, created, scope=duty.unit_code, subject=str(duty.id))
    return duty


async def _due(session: AsyncSession, rule: ClockRule, formed_on: dt.date | None) -> Due:
    if formed_on is None:
        return Due("working", None, None)
    return clock_rules.due(rule, formed_on, await calendars.load(session))


async def list_views(
    session: AsyncSession, caller: Caller, now: dt.datetime, *, unit: str | None, **filters: Any
) -> Sequence[RowMapping]:
    """Duties that the caller may see. Raises NotFound for a unit that is not theirs."""
    units = None if unit is None else [unit]
    if unit is not None and not may_see(caller, unit):
        raise NotFound
    if unit is None and not may_see(caller, "*"):
        units = sorted(caller.places)
    numbers = await queries.day_numbers(session, clock.today(now))
    return await queries.list_duties(session, numbers, units=units, **filters)


async def views_of(
    session: AsyncSession, ids: Sequence[UUID], now: dt.datetime
) -> Sequence[RowMapping]:
    """These duties as they stand."""
    return await queries.views(session, await queries.day_numbers(session, clock.today(now)), ids)


async def duty_view(
    session: AsyncSession, duty_id: UUID, caller: Caller, now: dt.datetime
) -> RowMapping:
    """One duty as it stands. Raises NotFound, also for one of another unit."""
    rows = await views_of(session, [duty_id], now)
    if not rows or not may_see(caller, rows[0]["unit_code"]):
        raise NotFound
    return rows[0]


async def unseen(session: AsyncSession, unit_code: str) -> Sequence[RowMapping]:
    """The unit's duties of which nothing was seen: id, project, item, formed_on, doc_no, names."""
    return await queries.unseen(session, unit_code)


async def recount(session: AsyncSession, region: str, year: int, now: dt.datetime) -> int:
    """Judge anew after the calendar of `year` moved; returns how many duties were rewritten.

    Duties hold ordinals, so only those with days in or after that year can need new ones.
    """
    if region != NATIONAL:
        return 0
    await auditing.take_turn(session)
    first = dt.date(year, 1, 1)
    rewritten = await queries.recount(session, region, first, clock.day_start(first))
    await auditing.judge_all(session, now, actor="calendar")
    return rewritten
