"""Slots from rules: proposed, applied, extended every day, taken away by closures."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import channels
from services.appointments.directory import service as directory
from services.appointments.directory.models import Hall
from services.appointments.guides import service as guides
from services.appointments.guides.rules import why_not_bookable
from services.appointments.schedules import changing, planning, queries, reporting
from services.appointments.schedules.changing import Change
from services.appointments.schedules.models import ScheduleRule
from services.appointments.schedules.overlapping import overlaps
from services.appointments.schedules.rules import Circumstances
from services.appointments.schedules.schemas import (
    Proposal,
    RuleIn,
    ScheduleApplication,
    ScheduleChange,
)
from services.appointments.slots import service as slots
from services.appointments.slots.rules import ComingSlot
from shared.database.engine import Sessions
from shared.errors import Conflict, Invalid, Text
from shared.jobs import each_alone
from shared.security import audit_log
from shared.security.identity import Caller

log = structlog.get_logger()


_NOT_OPEN = Text(
    "这条规则超出了大厅开放时间；下班后只有延时服务窗口办理，请先设置窗口的延时时间",
    "The rule reaches beyond the hours of the hall; then only late-closing windows serve: give one"
    " of them late hours first",
)


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


def ensure_in_use(wanted: ScheduleChange, *, channel_pools: bool) -> None:
    """Raises Invalid for places of a pool that not every instance may know yet (decision 048)."""
    for number, rule in enumerate(wanted.rules):
        for pool in sorted(rule.capacity):
            pointer = f"/body/rules/{number}/capacity/{pool}"
            channels.ensure_in_use(pool, pointer, channel_pools=channel_pools)


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
    present = await slots.coming(session, hall.code, now)
    there = await planning.circumstances(session, hall, changed, present, now)
    _ensure_open(wanted.rules, changed, there)
    plan = await planning.whole_plan(changed, there)
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
            **rule.model_dump(exclude={"capacity", "returns", "waves"}),
            **rule.model_dump(mode="json", include={"capacity", "returns", "waves"}),
            hall_code=wanted.hall_code,
            version=versions.get(rule.code, 0) + 1,
            created_by=caller.sub,
            created_at=now,
        )
        for rule in wanted.rules
    ]
    return [*kept, *new]


async def extend_halls(sessions: Sessions, now: datetime) -> int:
    """Job: makes the slots that came into reach since yesterday; withdraws none. A transaction a
    hall: who changes one waits for no other, and one that cannot be planned stops no other."""

    async def alone(code: str) -> int:
        async with sessions() as session, session.begin():
            return await extend_hall(session, code, now)

    async with sessions() as session:
        codes = await queries.halls_with_rules(session)
    return await each_alone("extend-schedules", codes, alone)


async def extend(session: AsyncSession, now: datetime) -> int:
    """The same within the transaction that made more days known."""
    added = 0
    for code in await queries.halls_with_rules(session):
        added += await extend_hall(session, code, now)
    return added


async def extend_hall(session: AsyncSession, code: str, now: datetime) -> int:
    """The same for one hall. A year without a holiday notice gets no slots, and the log says so."""
    await directory.lock_hall(session, code)
    hall = await directory.get_hall(session, code)
    in_force = list(await queries.in_force(session, code))
    present = await slots.coming(session, code, now)
    there = await planning.circumstances(session, hall, in_force, present, now)
    plan = await planning.whole_plan(in_force, there)
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


def _ensure_open(
    wanted: Sequence[RuleIn], after: Iterable[ScheduleRule], there: Circumstances
) -> None:
    """Raises Invalid for a rule beyond the hours of the hall, where no late window serves it."""
    rows = {rule.code: rule for rule in after}
    for place, rule in enumerate(wanted):
        if there.limits and there.limits.reaches_beyond(rows[rule.code], there.served):
            raise Invalid(_NOT_OPEN, pointer=f"/body/rules/{place}/starts")


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
