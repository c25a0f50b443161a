"""Trigger events make duties; duties are listed and read."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.auditing.models import Standing
from services.projects.calendar import service as calendars
from services.projects.calendar.models import NATIONAL, RuleKind
from services.projects.catalogue import service as catalogue
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties import queries, rules
from services.projects.duties.events import DutyCreated
from services.projects.duties.models import Duty, TriggerEvent
from services.projects.duties.schemas import TriggerOrder
from services.projects.register import service as register
from shared import clock
from shared.errors import Invalid, NotFound, Text
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security.identity import Caller

_FUTURE = Text("日期不能在今天之后", "The day lies after today")


def may_see(caller: Caller, unit: str) -> bool:
    """An officer sees their own units, an auditor, a supervisor or an administrator all."""
    return caller.has("auditor", "supervisor", "admin") or caller.at(unit)


def visible_units(caller: Caller, unit: str | None) -> list[str] | None:
    """The units of which the caller sees lists, `unit` or all that are theirs; None: every unit.

    Raises NotFound for a unit that is not theirs.
    """
    if unit is not None:
        if not may_see(caller, unit):
            raise NotFound
        return [unit]
    return None if may_see(caller, "*") else sorted(caller.places)


async def record_trigger_event(
    session: AsyncSession, order: TriggerOrder, now: datetime, caller: Caller
) -> tuple[UUID, list[UUID]]:
    """Record what happened, make the duties that follow and judge them: the ids of both.

    Raises NotFound for a unit that is not the caller's, UnknownReference, Invalid for a day ahead,
    and AlreadyRecorded (with the duties) for an event that is known.
    """
    [duty] = await record_trigger_events(session, [order], now, caller)
    return duty.trigger_id, [duty.id]


async def record_trigger_events(
    session: AsyncSession, orders: Sequence[TriggerOrder], now: datetime, caller: Caller
) -> list[Duty]:
    """Many at once, judged together; raises as for one, and then none is recorded."""
    for order in orders:
        _check(order, now, caller)
    items = await _checked_items(session, orders, clock.today(now))
    triggers = [_trigger(order, now, caller) for order in orders]
    for trigger in triggers:
        if not await queries.insert_trigger(session, trigger):
            known = await queries.duties_of_same_event(session, trigger)
            raise rules.AlreadyRecorded(duties=[str(each) for each in known])
    calendar = await calendars.load(session)
    version = await calendars.newest_version(session)
    made = [
        rules.new_duty(trigger, items[trigger.item_code], calendar, version, now)
        for trigger in triggers
    ]
    session.add_all(made)
    await session.flush()
    session.add_all(map(_standing, made))
    await session.flush()
    created = [_created(duty, trigger) for duty, trigger in zip(made, triggers, strict=True)]
    await outbox.record_many(session, created)
    await auditing.judge_duties(session, [duty.id for duty in made], now, actor=caller.sub)
    return made


def _check(order: TriggerOrder, now: datetime, caller: Caller) -> None:
    if not may_see(caller, order.unit_code) and not caller.has("system"):
        raise NotFound
    if order.on is not None and order.on > clock.today(now):
        raise Invalid(_FUTURE, pointer="/body/on")


async def _checked_items(
    session: AsyncSession, orders: Sequence[TriggerOrder], day: date
) -> dict[str, CatalogueItem]:
    """The items of these orders by code. Raises UnknownReference for what is not registered."""
    projects = await register.known_projects(session, {order.project_code for order in orders})
    units = await register.units_on(session, {order.unit_code for order in orders}, day)
    items = await catalogue.items_in_force(session, {order.item_code for order in orders})
    for order in orders:
        known = (
            ("project_code", order.project_code in projects, "项目", "project"),
            ("unit_code", order.unit_code in units, "公开主体", "unit"),
            ("item_code", order.item_code in items, "公开事项", "catalogue item"),
        )
        for name, is_known, zh, en in known:
            if not is_known:
                detail = Text(f"没有这个{zh}，请先登记", f"No such {en}; please register it first")
                raise rules.UnknownReference(detail, pointer=f"/body/{name}")
    return items


def _trigger(order: TriggerOrder, now: datetime, caller: Caller) -> TriggerEvent:
    return TriggerEvent(
        project_code=order.project_code,
        item_code=order.item_code,
        unit_code=order.unit_code,
        kind=order.kind,
        occurred_on=order.on,
        doc_no=order.doc_no,
        recorded_at=now,
        recorded_by=caller.sub,
    )


def _standing(duty: Duty) -> Standing:
    return Standing(
        duty_id=duty.id,
        unit_code=duty.unit_code,
        hold=duty.hold,
        has_clock=duty.rule_kind is not RuleKind.NONE,
        calendar_days=duty.basis == "calendar",
        is_formed=duty.formed_on is not None,
        due_ord=duty.due_ord,
        matchable_since=duty.created_at,
        match_wanted=True,
        match_wanted_at=duty.created_at,
    )


def _created(duty: Duty, trigger: TriggerEvent) -> Addressed:
    created = DutyCreated(
        duty_id=duty.id,
        unit_code=duty.unit_code,
        project_code=duty.project_code,
        item_code=duty.item_code,
        kind=trigger.kind,
        formed_on=duty.formed_on,
        rule_kind=duty.rule_kind,
        rule_n=duty.rule_n,
        created_at=duty.created_at,
    )
    return Addressed(created, duty.unit_code, str(duty.id))


async def list_views(
    session: AsyncSession, caller: Caller, now: datetime, *, unit: str | None, **filters: Any
) -> list[queries.DutyRow]:
    """Duties that the caller may see. Raises NotFound for a unit that is not theirs."""
    units = visible_units(caller, unit)
    today = await queries.day_numbers(session, clock.today(now))
    return await queries.list_duties(session, today, units=units, **filters)


async def views_of(
    session: AsyncSession, ids: Sequence[UUID], now: datetime
) -> list[queries.DutyRow]:
    """These duties as they stand."""
    return await queries.views(session, await queries.day_numbers(session, clock.today(now)), ids)


async def duty_view(
    session: AsyncSession, duty_id: UUID, caller: Caller, now: datetime
) -> queries.DutyRow:
    """One duty as it stands. Raises NotFound, also for one of another unit."""
    rows = await views_of(session, [duty_id], now)
    if not rows or not may_see(caller, rows[0].unit_code):
        raise NotFound
    return rows[0]


async def unseen(session: AsyncSession, unit_code: str) -> list[queries.UnseenDuty]:
    """The unit's duties of which nothing was seen, and those of one project and item with them."""
    return await queries.unseen(session, unit_code)


async def rematch(
    session: AsyncSession, projects: Sequence[str], now: datetime, *, actor: str
) -> None:
    """Have the duties of these projects matched again: their names are others since."""
    await auditing.take_turn(session)
    duties = await queries.rematch(session, projects)
    await auditing.judge_duties(session, duties, now, actor=actor)


async def rematch_units(
    session: AsyncSession, units: Sequence[str], now: datetime, *, actor: str
) -> None:
    """Have the duties of these units matched again: pages name the units otherwise since."""
    await auditing.take_turn(session)
    duties = await queries.rematch_units(session, units, now)
    await auditing.judge_duties(session, duties, now, actor=actor)


async def to_rematch(session: AsyncSession, limit: int) -> dict[UUID, datetime | None]:
    """Some duties that must be matched with the pages collected before, and when it was wanted."""
    return await queries.to_rematch(session, limit)


async def settle_rematched(session: AsyncSession, duties: Mapping[UUID, datetime | None]) -> None:
    """The pages that may be of these duties are found, unless they were renamed meanwhile."""
    await auditing.take_turn(session)
    await queries.settle_rematched(session, duties)


async def wants_rematching(session: AsyncSession) -> bool:
    """Whether a duty must still be matched with the pages collected before."""
    return await queries.wants_rematching(session)


async def proof_needed_since(
    session: AsyncSession, unit_code: str, now: datetime
) -> datetime | None:
    """What a proof of absence must be younger than; None where no duty waits for one."""
    day = clock.day_start(clock.today(now))
    return await queries.proof_needed_since(session, unit_code, day)


async def recount(session: AsyncSession, region: str, year: int, now: datetime) -> int:
    """Judge anew after the calendar of `year` moved; returns how many duties were rewritten.

    Duties hold ordinals, so only those with days in or after that year can need new ones.
    """
    if region != NATIONAL:
        return 0
    await auditing.take_turn(session)
    first = date(year, 1, 1)
    rewritten = await queries.recount(session, region, first, clock.day_start(first))
    await auditing.judge_all(session, now, actor="calendar")
    return rewritten
