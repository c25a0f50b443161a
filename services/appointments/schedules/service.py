"""Slots from rules: proposed, applied, extended every day, taken away by closures."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.directory.models import Hall
from services.appointments.guides import service as guides
from services.appointments.guides.rules import is_served, why_not_bookable
from services.appointments.schedules import changing, queries, reporting, rules
from services.appointments.schedules.changing import Change
from services.appointments.schedules.closures import Shut
from services.appointments.schedules.models import Closure, ScheduleRule
from services.appointments.schedules.overlapping import overlaps
from services.appointments.schedules.rules import Plan, Serves, WantedSlot
from services.appointments.schedules.schemas import (
    Proposal,
    RuleIn,
    ScheduleApplication,
    ScheduleChange,
)
from services.appointments.slots import service as slots
from services.appointments.slots.rules import ComingSlot
from shared.database import calendar_days
from shared.errors import Conflict, Invalid, Text
from shared.security import audit_log
from shared.security.identity import Caller

log = structlog.get_logger()


class ProposalChanged(Conflict):
    """Member `proposal`: what the change does now."""

    type = "/problems/proposal-changed"
    title = Text("情况已变化", "Things have changed meanwhile")
    advice = Text("请看新的方案，确认后再提交", "Look at the new proposal and apply that one")


class _Change(NamedTuple):
    """A change worked out against the present slots and appointments."""

    rules: list[ScheduleRule]
    change: Change
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
    change = await _work_out(session, wanted, caller, now, lock=True)
    if change.proposal.fingerprint != wanted.fingerprint:
        raise ProposalChanged(proposal=change.proposal.model_dump(mode="json"))
    codes = [*wanted.retire, *(rule.code for rule in wanted.rules)]
    await queries.retire(session, wanted.hall_code, codes, now)
    session.add_all(rule for rule in change.rules if rule.code in codes)
    await session.flush()
    versions = {rule.code: rule.version for rule in change.rules}
    await changing.carry_out(session, wanted.hall_code, change.change, versions, now)
    details = {"rules": [rule.code for rule in wanted.rules], "retired": wanted.retire}
    target = f"hall:{wanted.hall_code}"
    await audit_log.write(session, caller.sub, "schedule.applied", target, now, details)
    return change.proposal


async def _work_out(
    session: AsyncSession,
    wanted: ScheduleChange,
    caller: Caller,
    now: datetime,
    *,
    lock: bool = False,
) -> _Change:
    hall = await directory.managed_hall(session, wanted.hall_code, caller)
    if lock:
        await directory.lock_hall(session, hall.code)
    await _ensure_bookable(session, hall, wanted.rules, now)
    changed = await _rules_after(session, wanted, caller, now)
    plan = await plan_of(session, hall, changed, now)
    present = await slots.coming(session, hall.code, now)
    comparison = await changing.compared(plan.slots, present, now)
    change = await changing.foresee(session, hall.code, present, comparison, now, lock=lock)
    proposal = await reporting.proposal(
        hall.code,
        plan.unknown_years,
        change.comparison,
        change.outlook,
        await overlaps(plan.slots),
    )
    return _Change(changed, change, proposal)


async def _rules_after(
    session: AsyncSession, wanted: ScheduleChange, caller: Caller, now: datetime
) -> list[ScheduleRule]:
    """The rules as they would be in force; the changed ones are new rows, not yet added."""
    versions = await queries.last_versions(session, wanted.hall_code)
    replaced = {rule.code for rule in wanted.rules} | set(wanted.retire)
    if unknown := set(wanted.retire) - versions.keys():
        raise Invalid(
            Text("没有这条规则", "There is no such rule"),
            pointer=f"/body/retire/{wanted.retire.index(min(unknown))}",
        )
    kept = [r for r in await queries.in_force(session, wanted.hall_code) if r.code not in replaced]
    new = [
        ScheduleRule(
            **rule.model_dump(exclude={"capacity"}),
            capacity={pool.value: places for pool, places in rule.capacity.items()},
            hall_code=wanted.hall_code,
            version=versions.get(rule.code, 0) + 1,
            created_by=caller.sub,
            created_at=now,
        )
        for rule in wanted.rules
    ]
    return [*kept, *new]


async def plan_of(
    session: AsyncSession,
    hall: Hall,
    in_force: Iterable[ScheduleRule],
    now: datetime,
    closures: Sequence[Shut] | None = None,
) -> Plan:
    """The slots that these rules make in the time that can be booked.

    Under these closures; under those in force unless given.
    """
    if closures is None:
        closures = [shut(one) for one in await queries.closures(session, hall.code, now)]
    until = max((one.ends_at for one in closures if one.window is not None), default=None)
    promised = await queries.promised(session, hall.code, now, until) if until else {}
    in_force = list(in_force)
    serves = await serving(session, hall.code, (i for rule in in_force for i in rule.item_codes))
    slots: list[WantedSlot] = []
    unknown: set[int] = set()
    for piece in rules.pieces(
        in_force,
        official=await calendar_days.load(session),
        zone=ZoneInfo(hall.timezone),
        closures=closures,
        served=await directory.items_at_windows(session, hall.code),
        now=now,
        promised=promised,
        serves=serves,
    ):
        slots += piece.slots
        unknown |= piece.unknown_years
        # A plan may have many thousands of slots: other requests are served in between.
        await asyncio.sleep(0)
    return Plan(slots, frozenset(unknown))


async def serving(session: AsyncSession, hall: str, items: Iterable[str]) -> Serves:
    """On which days the hall serves which of the items."""
    offers = await guides.offers(session, hall, sorted(set(items)))
    return lambda item, day: is_served(offers.get(item), day)


def shut(closure: Closure) -> Shut:
    """The time and the part of the hall that the closure shuts."""
    return Shut(
        closure.starts_at,
        closure.ends_at,
        closure.window_no,
        closure.item_code,
        closure.rule_code,
    )


async def extend(session: AsyncSession, now: datetime) -> int:
    """Job: makes the slots that came into reach since yesterday; withdraws none."""
    added = 0
    for code in await queries.halls_with_rules(session):
        added += await extend_hall(session, code, now)
    return added


async def extend_hall(session: AsyncSession, code: str, now: datetime) -> int:
    """The same for one hall. A year without a holiday notice gets no slots, and the log says so."""
    await directory.lock_hall(session, code)
    hall = await directory.get_hall(session, code)
    in_force = list(await queries.in_force(session, code))
    plan = await plan_of(session, hall, in_force, now)
    present = await slots.coming(session, code, now)
    taken = {(row.rule_code, row.pool, row.starts_at) for row in present}
    missing = [
        slot for slot in plan.slots if (slot.rule_code, slot.pool, slot.starts_at) not in taken
    ]
    nothing: list[ComingSlot] = []
    comparison = await changing.compared(missing, nothing, now)
    change = await changing.foresee(session, code, present, comparison, now, lock=True)
    versions = {rule.code: rule.version for rule in in_force}
    await changing.carry_out(session, code, change, versions, now)
    for year in sorted(plan.unknown_years):
        log.warning("calendar_unknown", hall_code=code, year=year)
    return len(change.comparison.add)


async def _ensure_bookable(
    session: AsyncSession, hall: Hall, wanted: Sequence[RuleIn], now: datetime
) -> None:
    """Raises Invalid, which says why, for an item that nobody could book at the hall.

    One that is not yet valid may be planned for: it is listed from its first day on.
    """
    today = now.astimezone(ZoneInfo(hall.timezone)).date()
    codes = sorted({item for rule in wanted for item in rule.item_codes})
    offers = await guides.offers(session, hall.code, codes)
    for place, rule in enumerate(wanted):
        for item_place, item in enumerate(rule.item_codes):
            offer = offers.get(item)
            why = why_not_bookable(offer, max(today, offer.valid_from) if offer else today)
            if why is not None:
                at = f"/body/rules/{place}/item_codes/{item_place}"
                raise Invalid(why, pointer=at)
