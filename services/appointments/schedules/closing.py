"""Closing a hall, or a part of it, for a time; changing and lifting that."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.schedules import following, parts, planning, queries, reporting
from services.appointments.schedules.changing import Change
from services.appointments.schedules.closure_schemas import (
    ClosureIn,
    ClosureUpdate,
    ClosureView,
    ensure_in_order,
)
from services.appointments.schedules.closures import Shut
from services.appointments.schedules.models import Closure
from shared.database.versioned import swap
from shared.errors import Conflict, Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

_NO_CLOSURE = Text("没有这次停办", "There is no such closure")
_PAST = Text("这段时间已经过去", "This time is over already")
_OVER = Text("这次停办已经结束，不能再改", "This closure is over; it cannot be changed any more")


class ClosureExists(Conflict):
    """Member `closure_id`: the one in force that closes the same for the same time."""

    type = "/problems/closure-exists"
    title = Text("这段时间已经停办", "The same closure is in force")
    advice = Text(
        "不用再填一次；要改时间，请修改已有的那一次",
        "There is no need for a second; for another time, change the one there is",
    )


class _Step(NamedTuple):
    """A closure as it was and as it shall be; None: it is not there."""

    before: Shut | None
    after: Shut | None
    key: UUID | None


async def close(
    session: AsyncSession, wanted: ClosureIn, caller: Caller, now: datetime
) -> ClosureView:
    """The new closure, with the slots it takes away and who loses an appointment.

    Raises NotFound for a hall that is not the caller's, Invalid for a part that it does not have,
    ClosureExists for one that is in force already.
    """
    await directory.managed_hall(session, wanted.hall_code, caller)
    if wanted.ends_at <= now:
        raise Invalid(_PAST, pointer="/body/ends_at")
    closure = Closure(
        **wanted.model_dump(include={"starts_at", "ends_at", "reason"}),
        **await _part(session, wanted.hall_code, wanted),
        hall_code=wanted.hall_code,
        created_by=caller.sub,
        created_at=now,
    )
    step = _Step(None, planning.shut(closure), None)
    change = await _carry_out(session, wanted.hall_code, step, now, dry_run=wanted.dry_run)
    if not wanted.dry_run:
        session.add(closure)
        await session.flush()
        await _audit(session, closure, change, "closure.made", caller, now)
    return _view(closure, change, dry_run=wanted.dry_run, new=True)


async def change(
    session: AsyncSession, key: UUID, wanted: ClosureUpdate, caller: Caller, now: datetime
) -> ClosureView:
    """The closure as wanted: what it takes away besides, and what it gives back.

    Raises NotFound, Invalid, ClosureExists, and StateConflict for one that is over or was changed
    meanwhile.
    """
    closure = await _found(session, key, caller, now)
    versions.ensure(wanted.version, version=closure.version, state=closure.presence)
    values = await _values(session, closure, wanted)
    step = _Step(
        planning.shut(closure), planning.shut(closure.model_copy(update=values)), closure.id
    )
    done = await _carry_out(session, closure.hall_code, step, now, dry_run=wanted.dry_run)
    if wanted.dry_run:
        return _view(closure.model_copy(update=values), done, dry_run=True)
    closure = await swap(session, closure, values, state="presence")
    await _audit(session, closure, done, "closure.changed", caller, now)
    return _view(closure, done)


async def lift(
    session: AsyncSession,
    key: UUID,
    expected: int | None,
    caller: Caller,
    now: datetime,
    *,
    dry_run: bool,
) -> ClosureView:
    """The closure that was lifted: its slots are back, and first of all for those who lost theirs.

    Raises NotFound, and StateConflict for one that is over or was changed meanwhile.
    """
    closure = await _found(session, key, caller, now)
    versions.ensure(expected, version=closure.version, state=closure.presence)
    step = _Step(planning.shut(closure), None, closure.id)
    done = await _carry_out(session, closure.hall_code, step, now, dry_run=dry_run)
    if not dry_run:
        values = {"lifted_by": caller.sub, "lifted_at": now}
        closure = await swap(session, closure, values, state="presence")
        await _audit(session, closure, done, "closure.lifted", caller, now)
    return _view(closure, done, dry_run=dry_run)


async def _found(session: AsyncSession, key: UUID, caller: Caller, now: datetime) -> Closure:
    closure = await queries.closure(session, key)
    if closure is None:
        raise NotFound(_NO_CLOSURE)
    await directory.managed_hall(session, closure.hall_code, caller)
    if closure.lifted_at is not None:
        raise NotFound(_NO_CLOSURE)
    if closure.ends_at <= now:
        refuse("over", closure.version, _OVER)
    return closure


async def _values(session: AsyncSession, closure: Closure, wanted: ClosureUpdate) -> dict[str, Any]:
    """The columns that change."""
    if wanted.hall_code not in (None, closure.hall_code):
        raise Invalid(
            Text("停办不能改到另一个大厅", "A closure stays with its hall"),
            pointer="/body/hall_code",
        )
    given = wanted.model_dump(include={"starts_at", "ends_at", "reason"}, exclude_none=True)
    part = await _part(session, closure.hall_code, wanted)
    names = {"window": "window_no", "item_code": "item_code", "rule_code": "rule_code"}
    given |= {
        column: part[column] for name, column in names.items() if name in wanted.model_fields_set
    }
    after = closure.model_copy(update=given)
    try:
        ensure_in_order(after.starts_at, after.ends_at)
    except ValueError as error:
        raise Invalid(error.args[0], pointer="/body/ends_at") from None
    return given


async def _part(
    session: AsyncSession, hall: str, wanted: ClosureIn | ClosureUpdate
) -> dict[str, Any]:
    """What of the hall is closed, as columns. Raises Invalid for a part that is not there."""
    window = wanted.window
    if isinstance(window, UUID):
        window = await directory.window_number(session, hall, window)
    if wanted.window is not None and window is None:
        raise Invalid(Text("没有这个窗口", "There is no such window"), pointer="/body/window")
    await parts.ensure_known(
        session,
        hall,
        window_no=window,
        item_code=wanted.item_code,
        rule_code=wanted.rule_code,
        window_at="/body/window",
    )
    return {"window_no": window, "item_code": wanted.item_code, "rule_code": wanted.rule_code}


async def _carry_out(
    session: AsyncSession, hall_code: str, step: _Step, now: datetime, *, dry_run: bool
) -> Change:
    """What the step does to the slots of its time, and to those only."""
    if not dry_run:
        await directory.lock_hall(session, hall_code)
    different = await planning.in_force_of(session, hall_code, now, without=step.key)
    if step.after is not None:
        if step.after in different.closures:
            raise await _known(session, hall_code, step.after, now)
        different = different._replace(closures=[*different.closures, step.after])
    near = [shut for shut in (step.before, step.after) if shut is not None]
    return await following.carry_out(
        session, hall_code, now, different=different, near=near, dry_run=dry_run
    )


async def _known(
    session: AsyncSession, hall_code: str, wanted: Shut, now: datetime
) -> ClosureExists:
    """Who lifts one of two alike would find the hall closed as before."""
    there = await queries.closures(session, hall_code, now)
    return ClosureExists(
        closure_id=next((str(one.id) for one in there if planning.shut(one) == wanted), None)
    )


async def _audit(
    session: AsyncSession, closure: Closure, done: Change, what: str, caller: Caller, now: datetime
) -> None:
    details = {"closure": str(closure.id), **reporting.counts(done)}
    target = f"hall:{closure.hall_code}"
    await audit_log.write(session, caller.sub, what, target, now, details)


_SAME = {"hall_code", "starts_at", "ends_at", "reason", "version"}
_SAME |= {"window_no", "item_code", "rule_code"}


def _view(
    closure: Closure, done: Change, *, dry_run: bool = False, new: bool = False
) -> ClosureView:
    return ClosureView(
        **closure.model_dump(include=_SAME),
        id=None if dry_run and new else closure.id,
        dry_run=dry_run,
        **reporting.effects(done),
    )
