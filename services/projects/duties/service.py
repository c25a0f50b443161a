"""Trigger events make duties; duties are listed and read."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import deciding
from services.projects.auditing import service as auditing
from services.projects.auditing.deciding import NamedDuty
from services.projects.auditing.models import Standing
from services.projects.auditing.rules.basis import Basis
from services.projects.auditing.rules.judging import Judgement
from services.projects.calendar.models import RuleKind
from services.projects.duties import making, queries, rules, seen
from services.projects.duties.events import DutyCreated
from services.projects.duties.models import Duty, PublicationFact, TriggerEvent
from services.projects.duties.rows import DetailRow, DutyRow
from services.projects.duties.schemas import TriggerOrder
from services.projects.duties.seen import SeenReferences
from shared import clock
from shared.errors import Invalid, NotFound, Text
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security.identity import Caller

_ABOUT_NOTHING = Text(
    "请填写项目代码；不属于项目的，请写明公开对象",
    "Please say which project it is about, or which subject where it is about none",
)
_FUTURE = Text("日期不能在今天之后", "The day lies after today")


def may_see(caller: Caller, unit: str) -> bool:
    """An officer sees their own units, an auditor, a supervisor or an administrator all."""
    return caller.has("auditor", "supervisor", "admin") or caller.at(unit)


def visible_units(caller: Caller, unit: str | None) -> list[str] | None:
    """The units of which the caller sees lists, `unit` or all that are theirs; None: every unit.
    Raises NotFound for a unit that is not theirs."""
    if unit is not None:
        if not may_see(caller, unit):
            raise NotFound
        return [unit]
    return None if may_see(caller, "*") else sorted(caller.places)


class Made(NamedTuple):
    """A duty that an event has made, with its first verdict; all in hand."""

    duty: Duty
    standing: Standing
    due_on: date | None
    calendar_version: int
    days: int | None
    """By how many days it is over, where it is."""


async def record_trigger_event(
    session: AsyncSession, order: TriggerOrder, now: datetime, caller: Caller
) -> Made:
    """Record what happened, make the duty that follows and judge it.

    Raises NotFound for a unit that is not the caller's, UnknownReference, Invalid for a day ahead,
    and AlreadyRecorded (with the duties) for an event that is known.
    """
    [made] = await record_trigger_events(session, [order], now, caller)
    return made


async def record_trigger_events(
    session: AsyncSession, orders: Sequence[TriggerOrder], now: datetime, caller: Caller
) -> list[Made]:
    """Many at once, no two of them the same; raises as for one, and then none is recorded.

    The turn comes first, and what all verdicts go by is held as it was read. Of two that record one
    event at once the second is refused by its unique index, and finds it when it decides anew.
    """
    for order in orders:
        _check(order, now, caller)
    await auditing.take_turn(session)
    found = await seen.references(session, orders, now)
    made = [_made(order, refers, now, caller) for order, refers in zip(orders, found, strict=True)]
    for basis in {each.basis.version: each.basis for each in found}.values():
        await deciding.hold(session, basis)
    await queries.add_made(session, [each.trigger for each in made], [each.duty for each in made])
    await outbox.record_many(session, [_created(each.duty, each.trigger) for each in made])
    judged = [(each.standing, each.named, each.refers.basis) for each in made]
    await deciding.judge_new(session, judged, now, actor=caller.sub)
    return [_result(each) for each in made]


class _Making(NamedTuple):
    trigger: TriggerEvent
    duty: Duty
    standing: Standing
    named: NamedDuty
    refers: SeenReferences


def _made(order: TriggerOrder, refers: SeenReferences, now: datetime, caller: Caller) -> _Making:
    """The event and the duty that follows. Raises UnknownReference or AlreadyRecorded."""
    project_name = refers.project_name if order.project_code else order.subject
    followed = True if order.with_duty_id is None else refers.followed_unit
    known = (
        ("project_code", project_name, "项目", "project"),
        ("with_duty_id", followed, "公开义务", "duty"),
        ("unit_code", refers.unit_name, "公开主体", "unit"),
        ("item_code", refers.item, "公开事项", "catalogue item"),
    )
    for name, is_known, zh, en in known:
        if is_known is None:
            detail = Text(f"没有这个{zh}，请先登记", f"No such {en}; please register it first")
            raise rules.UnknownReference(detail, pointer=f"/body/{name}")
    if refers.known:
        raise rules.AlreadyRecorded(duties=[str(each) for each in refers.known])
    unit_name, item = refers.unit_name, refers.item
    assert unit_name is not None
    assert project_name is not None
    assert item is not None
    trigger = _trigger(order, now, caller)
    duty = making.new_duty(trigger, item, refers.calendar, refers.basis.calendar_version, now)
    making.let_follow(duty, order.with_duty_id)
    due_on = seen.due_on(duty.basis, duty.due_ord, refers.calendar)
    named = seen.named(duty, unit_name, project_name, item.item_l2, due_on)
    return _Making(trigger, duty, _standing(duty), named, refers)


def _result(made: _Making) -> Made:
    standing, basis = made.standing, made.refers.basis
    return Made(
        made.duty, standing, made.named.due_on, basis.calendar_version, days_over(standing, basis)
    )


def days_over(standing: Standing, basis: Basis) -> int | None:
    """By how many days a duty that is judged is over."""
    assert standing.reason is not None
    judged = Judgement(standing.reason, standing.over_by)
    return basis.days_over(judged, standing.due_ord, by_days=standing.calendar_days)


def _check(order: TriggerOrder, now: datetime, caller: Caller) -> None:
    if not may_see(caller, order.unit_code) and not caller.has("system"):
        raise NotFound
    if order.project_code is None and order.subject is None:
        raise Invalid(_ABOUT_NOTHING, pointer="/body/project_code")
    if order.on is not None and order.on > clock.today(now):
        raise Invalid(_FUTURE, pointer="/body/on")


def _trigger(order: TriggerOrder, now: datetime, caller: Caller) -> TriggerEvent:
    return TriggerEvent(
        project_code=order.project_code,
        subject=order.subject,
        item_code=order.item_code,
        unit_code=order.unit_code,
        kind=order.kind,
        occurred_on=order.on,
        doc_no=order.doc_no,
        recorded_at=now,
        recorded_by=caller.sub,
    )


def _standing(duty: Duty) -> Standing:
    staying = making.rule_of_duty(duty).staying
    return Standing(
        duty_id=duty.id,
        unit_code=duty.unit_code,
        hold=duty.hold,
        has_clock=duty.rule_kind is not RuleKind.NONE,
        calendar_days=duty.basis == "calendar",
        is_formed=duty.formed_on is not None,
        due_ord=duty.due_ord,
        keep=None if staying is None else staying.kind.value,
        matchable_since=duty.created_at,
        match_wanted=True,
        match_wanted_at=duty.created_at,
    )


def _created(duty: Duty, trigger: TriggerEvent) -> Addressed:
    created = DutyCreated(
        duty_id=duty.id,
        unit_code=duty.unit_code,
        project_code=duty.project_code or "",
        subject=duty.subject,
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
) -> list[DutyRow]:
    """Duties that the caller may see. Raises NotFound for a unit that is not theirs."""
    units = visible_units(caller, unit)
    return await queries.list_duties(session, clock.today(now), units=units, **filters)


async def views_of(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> list[DutyRow]:
    """These duties as they stand."""
    return await queries.views(session, clock.today(now), ids)


async def duty_view(session: AsyncSession, duty_id: UUID, caller: Caller, now: datetime) -> DutyRow:
    """One duty as it stands. Raises NotFound, also for one of another unit."""
    rows = await views_of(session, [duty_id], now)
    if not rows or not may_see(caller, rows[0].unit_code):
        raise NotFound
    return rows[0]


async def duty_detail(
    session: AsyncSession, duty_id: UUID, caller: Caller, now: datetime
) -> DetailRow:
    """One duty with all that led to its verdict. Raises NotFound, also for one of another unit."""
    row = await queries.detail(session, clock.today(now), duty_id)
    if row is None or not may_see(caller, row.unit_code):
        raise NotFound
    return row


async def facts_of(
    session: AsyncSession, duties: Sequence[UUID]
) -> dict[UUID, list[PublicationFact]]:
    """All that was observed of these duties, oldest first."""
    found: dict[UUID, list[PublicationFact]] = {}
    for fact in await queries.facts(session, duties):
        found.setdefault(fact.duty_id, []).append(fact)
    return found


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
    session: AsyncSession, unit_codes: Sequence[str], now: datetime
) -> dict[str, datetime]:
    """What a proof of absence must be younger than, by unit; none where no duty waits for one."""
    day = clock.day_start(clock.today(now))
    return await queries.proof_needed_since(session, unit_codes, day)


async def hand_over(session: AsyncSession, duties: Sequence[UUID], unit_code: str) -> None:
    """These duties are owed by another unit from now on; who calls has the turn."""
    await queries.hand_over(session, duties, unit_code)


async def known_subjects(
    session: AsyncSession, unit: str, items: Sequence[str]
) -> set[tuple[str, str | None]]:
    """By item: the subjects without a project of the unit's events, or of one that became its."""
    return await queries.known_subjects(session, unit, items)
