"""Single days that differ: made, changed and lifted as closures are."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.directory.models import Hall
from services.appointments.schedules import following, parts, planning, queries, reporting
from services.appointments.schedules.changing import Change
from services.appointments.schedules.closures import Shut
from services.appointments.schedules.exception_schemas import (
    ScheduleExceptionDone,
    ScheduleExceptionIn,
    ScheduleExceptionTerms,
    ScheduleExceptionUpdate,
    ensure_sound,
)
from services.appointments.schedules.exceptions import exceptional, repeated
from services.appointments.schedules.models import ScheduleException
from services.appointments.slots.models import Pool
from shared.database.versioned import swap
from shared.errors import Conflict, Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

_NONE = Text("没有这次调整", "There is no such exception")
_PAST = Text("这些日子已经过去", "These days are past")
_OVER = Text("这次调整已经结束，不能再改", "This exception is over; it cannot be changed any more")
_SAME_KIND = Text(
    "只能修改同一种变动；要换一种，请取消后重新填写",
    "Only the same kind of change can be altered; for another, lift this one and make a new one",
)
_NO_POOL = Text(
    "平时没有这个号源；要新增号源，请修改排班规则",
    "There are no such places on other days; to have some, change the rule",
)
_CHANGES = {"starts", "ends", "capacity", "percent"}


class ExceptionExists(Conflict):
    """Member `exception_id`: the one in force that says the same of the same days."""

    type = "/problems/exception-exists"
    title = Text("这些日子已有同样的调整", "The same exception is in force on these days")
    advice = Text(
        "不用再填一次；要改时间或名额，请修改已有的那一次",
        "There is no need for a second; to have other hours or places, change the one there is",
    )


async def make(
    session: AsyncSession, wanted: ScheduleExceptionIn, caller: Caller, now: datetime
) -> ScheduleExceptionDone:
    """The new exception, with the slots it changes and who loses an appointment by it.

    Raises NotFound for a hall that is not the caller's, Invalid for a thing that it does not have,
    ExceptionExists for one that is in force already.
    """
    hall = await directory.managed_hall(session, wanted.hall_code, caller)
    if wanted.last_on < _today(hall, now):
        raise Invalid(_PAST, pointer="/body/last_on")
    named = {name: getattr(wanted, name) for name in ("window_no", "item_code", "rule_code")}
    await parts.ensure_known(session, hall.code, **named)
    await _ensure_pools(session, hall.code, wanted.capacity or {}, wanted)
    values = wanted.model_dump(include=set(ScheduleExceptionTerms.model_fields))
    made = ScheduleException(**values, hall_code=hall.code, created_by=caller.sub, created_at=now)
    done = await _carry_out(session, hall, None, made, now, dry_run=wanted.dry_run)
    if not wanted.dry_run:
        session.add(made)
        await session.flush()
        await _audit(session, made, done, "exception.made", caller, now)
    return _view(made, done, dry_run=wanted.dry_run, new=True)


async def change(
    session: AsyncSession,
    key: UUID,
    wanted: ScheduleExceptionUpdate,
    caller: Caller,
    now: datetime,
) -> ScheduleExceptionDone:
    """The exception as wanted. Raises NotFound, Invalid, ExceptionExists, and StateConflict for one
    that is over or was changed meanwhile."""
    hall, before = await _found(session, key, caller, now)
    versions.ensure(wanted.version, version=before.version, state=before.presence)
    values = _values(before, wanted)
    await _ensure_pools(session, hall.code, wanted.capacity or {}, before)
    after = before.model_copy(update=values)
    done = await _carry_out(session, hall, before, after, now, dry_run=wanted.dry_run)
    if wanted.dry_run:
        return _view(after, done, dry_run=True)
    after = await swap(session, before, values, state="presence")
    await _audit(session, after, done, "exception.changed", caller, now)
    return _view(after, done)


async def lift(
    session: AsyncSession,
    key: UUID,
    expected: int | None,
    caller: Caller,
    now: datetime,
    *,
    dry_run: bool,
) -> ScheduleExceptionDone:
    """The exception that was lifted: the days are as the rules and windows have them.

    Raises NotFound, and StateConflict for one that is over or was changed meanwhile.
    """
    hall, before = await _found(session, key, caller, now)
    versions.ensure(expected, version=before.version, state=before.presence)
    done = await _carry_out(session, hall, before, None, now, dry_run=dry_run)
    if not dry_run:
        values = {"lifted_by": caller.sub, "lifted_at": now}
        before = await swap(session, before, values, state="presence")
        await _audit(session, before, done, "exception.lifted", caller, now)
    return _view(before, done, dry_run=dry_run)


async def _ensure_pools(
    session: AsyncSession,
    hall: str,
    capacity: Mapping[Pool, int],
    one: ScheduleException | ScheduleExceptionIn,
) -> None:
    """Raises Invalid for places of a pool that no rule concerned has."""
    rules = await queries.in_force(session, hall) if capacity else []
    concerned = [r for r in rules if one.rule_code == r.code or one.item_code in r.item_codes]
    for pool in capacity:
        if not any(pool in rule.capacity for rule in concerned):
            raise Invalid(_NO_POOL, pointer=f"/body/capacity/{pool.value}")


def _today(hall: Hall, now: datetime) -> date:
    return now.astimezone(ZoneInfo(hall.timezone)).date()


async def _found(
    session: AsyncSession, key: UUID, caller: Caller, now: datetime
) -> tuple[Hall, ScheduleException]:
    found = await queries.schedule_exception(session, key)
    if found is None:
        raise NotFound(_NONE)
    hall = await directory.managed_hall(session, found.hall_code, caller)
    if found.lifted_at is not None:
        raise NotFound(_NONE)
    if found.last_on < _today(hall, now):
        refuse("over", found.version, _OVER)
    return hall, found


def _values(before: ScheduleException, wanted: ScheduleExceptionUpdate) -> dict[str, Any]:
    """The columns that change. Raises Invalid."""
    given = wanted.model_dump(exclude={"dry_run", "version"}, exclude_none=True)
    for name in _CHANGES & given.keys():
        if getattr(before, name) is None:
            raise Invalid(_SAME_KIND, pointer=f"/body/{name}")
    terms = ScheduleExceptionTerms.model_validate(before.model_copy(update=given))
    try:
        ensure_sound(terms)
    except ValueError as error:
        raise Invalid(error.args[0], pointer="/body") from None
    return given


async def _carry_out(
    session: AsyncSession,
    hall: Hall,
    before: ScheduleException | None,
    after: ScheduleException | None,
    now: datetime,
    *,
    dry_run: bool,
) -> Change:
    """What it does to the slots of its days, and to those only."""
    if not dry_run:
        await directory.lock_hall(session, hall.code)
    there = await queries.schedule_exceptions(session, hall.code, now)
    rows = [one for one in there if before is None or one.id != before.id]
    if after is not None:
        _ensure_new(after, rows)
        rows = sorted([*rows, after], key=lambda one: (one.created_at, one.id))
    different = await planning.in_force_of(session, hall.code, now)
    different = different._replace(exceptions=[exceptional(one) for one in rows])
    both = [one for one in (before, after) if one is not None]
    return await following.carry_out(
        session,
        hall.code,
        now,
        different=different,
        near=[_days(one, ZoneInfo(hall.timezone)) for one in both],
        anew=await _rules_of(session, hall.code, both[0]),
        dry_run=dry_run,
    )


def _ensure_new(after: ScheduleException, rows: Sequence[ScheduleException]) -> None:
    """Raises ExceptionExists: who lifts one of two alike finds the days no other than before."""
    place = repeated(exceptional(after), [exceptional(one) for one in rows])
    if place is not None:
        raise ExceptionExists(exception_id=str(rows[place].id))


def _days(one: ScheduleException, zone: ZoneInfo) -> Shut:
    """All of its days."""
    over = one.last_on + timedelta(days=1)
    return Shut(datetime.combine(one.first_on, time(), zone), datetime.combine(over, time(), zone))


async def _rules_of(session: AsyncSession, hall: str, one: ScheduleException) -> list[str]:
    """The rules that are planned otherwise by it."""
    return [
        rule.code for rule in await queries.in_force(session, hall) if exceptional(one).is_of(rule)
    ]


async def _audit(
    session: AsyncSession,
    one: ScheduleException,
    done: Change,
    what: str,
    caller: Caller,
    now: datetime,
) -> None:
    details = {"exception": str(one.id), **reporting.counts(done)}
    await audit_log.write(session, caller.sub, what, f"hall:{one.hall_code}", now, details)


def _view(
    one: ScheduleException, done: Change, *, dry_run: bool = False, new: bool = False
) -> ScheduleExceptionDone:
    same = {"hall_code", "version", *ScheduleExceptionTerms.model_fields}
    return ScheduleExceptionDone(
        **one.model_dump(include=same),
        id=None if dry_run and new else one.id,
        dry_run=dry_run,
        **reporting.effects(done),
    )
