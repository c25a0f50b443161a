"""Slots from rules: proposed, applied, extended every day, taken away by closures."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import service as booking
from services.appointments.directory import service as directory
from services.appointments.directory.models import Hall
from services.appointments.guides import service as guides
from services.appointments.schedules import queries, reporting, rules
from services.appointments.schedules.models import ScheduleRule
from services.appointments.schedules.rules import Comparison, Plan, Shut
from services.appointments.schedules.schemas import (
    Proposal,
    RuleIn,
    ScheduleApplication,
    ScheduleChange,
)
from services.appointments.slots import service as slots
from services.appointments.slots.models import Slot
from services.appointments.slots.rules import ComingSlot
from shared.database import calendar_days
from shared.errors import Conflict, Invalid, Text
from shared.security import audit_log
from shared.security.identity import Caller

log = structlog.get_logger()

_NO_ITEM = Text("没有这个事项", "There is no such item")


class ProposalChanged(Conflict):
    """Member `proposal`: what the change does now."""

    type = "/problems/proposal-changed"
    title = Text("情况已变化", "Things have changed meanwhile")
    advice = Text("请看新的 proposal，确认后再提交", "Look at the new `proposal` and apply that")


class _Change(NamedTuple):
    """A change worked out against the present slots and appointments."""

    rules: list[ScheduleRule]
    comparison: Comparison[ComingSlot]
    proposal: Proposal


async def propose(
    session: AsyncSession, wanted: ScheduleChange, caller: Caller, now: datetime
) -> Proposal:
    """What the change would do; writes nothing. Raises NotFound, Invalid."""
    return (await _work_out(session, wanted, caller, now)).proposal


async def apply(
    session: AsyncSession, wanted: ScheduleApplication, caller: Caller, now: datetime
) -> Proposal:
    """The change, carried out as proposed: old slots leave sale, new ones come, none is deleted.

    Raises NotFound, Invalid, ProposalChanged if it would now do something else.
    """
    change = await _work_out(session, wanted, caller, now)
    if change.proposal.fingerprint != wanted.fingerprint:
        raise ProposalChanged(proposal=change.proposal.model_dump(mode="json"))
    codes = [*wanted.retire, *(rule.code for rule in wanted.rules)]
    await queries.retire(session, wanted.hall, codes, now)
    session.add_all(rule for rule in change.rules if rule.code in codes)
    await session.flush()
    await _carry_out(session, wanted.hall, change, now)
    details = {"rules": [rule.code for rule in wanted.rules], "retired": wanted.retire}
    target = f"hall:{wanted.hall}"
    await audit_log.write(session, caller.sub, "schedule.applied", target, now, details)
    return change.proposal


async def _work_out(
    session: AsyncSession, wanted: ScheduleChange, caller: Caller, now: datetime
) -> _Change:
    hall = await directory.managed_hall(session, wanted.hall, caller)
    await _ensure_items(session, wanted.rules)
    changed = await _rules_after(session, wanted, caller, now)
    plan = await plan_of(session, hall, changed, now)
    present = await slots.coming(session, hall.code, now)
    comparison = rules.compare(plan.slots, present, now)
    carried = {row.id for row, _ in comparison.carry}
    lost = [row.id for row in comparison.withdraw if row.id not in carried]
    endangered = await booking.endangered(session, lost)
    return _Change(changed, comparison, reporting.proposal(hall.code, plan, comparison, endangered))


async def _rules_after(
    session: AsyncSession, wanted: ScheduleChange, caller: Caller, now: datetime
) -> list[ScheduleRule]:
    """The rules as they would be in force; the changed ones are new rows, not yet added."""
    versions = await queries.last_versions(session, wanted.hall)
    replaced = {rule.code for rule in wanted.rules} | set(wanted.retire)
    if unknown := set(wanted.retire) - versions.keys():
        raise Invalid(
            Text("没有这条规则", "There is no such rule"),
            pointer=f"/body/retire/{wanted.retire.index(min(unknown))}",
        )
    kept = [r for r in await queries.in_force(session, wanted.hall) if r.code not in replaced]
    new = [
        ScheduleRule(
            **rule.model_dump(exclude={"capacity"}),
            capacity={pool.value: places for pool, places in rule.capacity.items()},
            hall_code=wanted.hall,
            version=versions.get(rule.code, 0) + 1,
            created_by=caller.sub,
            created_at=now,
        )
        for rule in wanted.rules
    ]
    return [*kept, *new]


async def plan_of(
    session: AsyncSession, hall: Hall, in_force: Iterable[ScheduleRule], now: datetime
) -> Plan:
    """The slots that these rules make in the time that can be booked."""
    closures = await queries.closures(session, hall.code, now)
    return rules.plan(
        in_force,
        official=await calendar_days.load(session),
        zone=ZoneInfo(hall.timezone),
        closures=[Shut(one.starts_at, one.ends_at) for one in closures],
        now=now,
    )


async def _carry_out(session: AsyncSession, hall: str, change: _Change, now: datetime) -> None:
    """Withdraws before it adds: two slots of a rule are never on sale for one time."""
    withdrawn = [row.id for row in change.comparison.withdraw]
    locked = await slots.lock(session, withdrawn)
    await slots.withdraw(session, withdrawn)
    versions = {rule.code: rule.version for rule in change.rules}
    made = {slot: _row(hall, slot, versions) for slot in change.comparison.add}
    await slots.publish(session, list(made.values()), now)
    pairs = [(row.id, made[slot].id) for row, slot in change.comparison.carry]
    await booking.carry(session, pairs)
    await slots.shift(
        session,
        take=[new for old, new in pairs for _ in range(locked[old].booked)],
        release=[old for old, _ in pairs for _ in range(locked[old].booked)],
    )
    carried = {old for old, _ in pairs}
    await booking.orphan(session, [slot for slot in withdrawn if slot not in carried], now)


def _row(hall: str, slot: rules.WantedSlot, versions: dict[str, int]) -> Slot:
    return Slot(
        **slot._asdict() | {"item_codes": list(slot.item_codes)},
        hall_code=hall,
        rule_version=versions[slot.rule_code],
    )


async def extend(session: AsyncSession, now: datetime) -> int:
    """Job: makes the slots that came into reach since yesterday; withdraws none."""
    added = 0
    for code in await queries.halls_with_rules(session):
        added += await extend_hall(session, code, now)
    return added


async def extend_hall(session: AsyncSession, code: str, now: datetime) -> int:
    """The same for one hall. A year without a holiday notice gets no slots, and the log says so."""
    hall = await directory.get_hall(session, code)
    in_force = list(await queries.in_force(session, code))
    plan = await plan_of(session, hall, in_force, now)
    present = await slots.coming(session, code, now)
    taken = {(row.rule_code, row.pool, row.starts_at) for row in present}
    missing = [
        slot
        for slot in plan.slots
        if (slot.rule_code, slot.pool, slot.starts_at) not in taken and slot.closes_at > now
    ]
    versions = {rule.code: rule.version for rule in in_force}
    await slots.publish(session, [_row(code, slot, versions) for slot in missing], now)
    for year in sorted(plan.unknown_years):
        log.warning("calendar_unknown", hall_code=code, year=year)
    return len(missing)


async def _ensure_items(session: AsyncSession, wanted: Sequence[RuleIn]) -> None:
    codes = sorted({item for rule in wanted for item in rule.item_codes})
    unknown = await guides.unknown_items(session, codes)
    for place, rule in enumerate(wanted):
        for item_place, item in enumerate(rule.item_codes):
            if item in unknown:
                at = f"/body/rules/{place}/item_codes/{item_place}"
                raise Invalid(_NO_ITEM, pointer=at)
