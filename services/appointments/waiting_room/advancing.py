"""Who is next may book: at the pace at which people do, and never more than there are places."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.notices.events import NoticeDue
from services.appointments.releases import rules
from services.appointments.releases.models import (
    Release,
    ReleaseEntry,
    ReleaseEntryState,
    ReleaseState,
)
from services.appointments.releases.service import of_change
from services.appointments.releases.workflow import (
    ENTRIES,
    RELEASES,
    ReleaseAction,
    ReleaseEntryAction,
)
from services.appointments.waiting_room import statement
from services.appointments.waiting_room.announcing import publish
from shared.database.engine import Sessions
from shared.database.versioned import swap
from shared.jobs import each_alone
from shared.messaging import outbox
from shared.messaging.outbox import Addressed

AT_ONCE = 500
"""In line, in one transaction."""
TURN, WITHDRAWN = "release_turn", "release_withdrawn"
_SETTLED = timedelta(minutes=1)
"""So long after the end nobody is just joining any more."""


class _Advanced(NamedTuple):
    """How many in line had a change, and whether there may be more to do at once."""

    changed: int
    is_full: bool


async def advance(sessions: Sessions, now: datetime) -> int:
    """Job: windows that are over lapse, who joined late gets a number, who is next is admitted;
    a release whose time is over ends. Each release by itself, in short transactions. Returns how
    many in line had a change."""
    async with sessions() as session:
        keys = await statement.open_releases(session)
    return await each_alone("advance-releases", keys, partial(_go_on, sessions, now))


async def _go_on(sessions: Sessions, now: datetime, key: UUID) -> int:
    changed, is_full = 0, True
    while is_full:
        async with sessions() as session, session.begin():
            release = await statement.lock_open(session, key)
            step = _Advanced(0, is_full=False)
            if release is not None:
                step = await _step(session, release, now)
        changed, is_full = changed + step.changed, step.is_full
    return changed


async def _step(session: AsyncSession, release: Release, now: datetime) -> _Advanced:
    """So much of it as one transaction does: whose time is over makes room for others first."""
    if release.ends_at <= now:
        await _end(session, release, now)
        return _Advanced(1, is_full=False)
    lapsed = await statement.lapse(session, release.id, AT_ONCE, now)
    await _publish_entries(session, lapsed, release, ReleaseEntryAction.LAPSE)
    if len(lapsed) == AT_ONCE:
        return _Advanced(len(lapsed), is_full=True)
    late = await statement.number_late(session, release.id, release.last_number)
    admitted = await _admit(session, release, late, now)
    return _Advanced(len(lapsed) + late + admitted, is_full=admitted == AT_ONCE)


async def _end(session: AsyncSession, release: Release, now: datetime) -> None:
    row = RELEASES[release.state, ReleaseAction.END]
    done = await swap(session, release, {"state": row.to, "changed_at": now})
    await publish(session, row.event, done)


async def _admit(session: AsyncSession, release: Release, late: int, now: datetime) -> int:
    """Whose turn it is; and how it goes on, for everybody. Returns how many were admitted."""
    drawn_at = release.drawn_at or now
    since = max(now - rules.MEASURED, drawn_at)
    seen = await statement.measure(session, release, since, now)
    least, most = release.least_per_minute, release.most_per_minute
    per_minute = rules.rate(seen.booked, now - since, least, most)
    room = seen.places - seen.admitted
    pace = rules.pace(release.paced_at or drawn_at, now, per_minute, room)
    until = now + timedelta(minutes=release.window_minutes)
    at_once = min(pace.due, AT_ONCE)
    admitted = await statement.admit(session, release.id, at_once, room, until, now)
    await _publish_admitted(session, admitted, release)
    numbers = [entry.number or 0 for entry in admitted]
    shown = {
        "called_through": max([release.called_through, *numbers]),
        "last_number": release.last_number + late,
        "per_minute": per_minute,
        "places_left": max(room - sum(entry.persons or 1 for entry in admitted), 0),
    }
    if admitted or any(getattr(release, name) != shown[name] for name in shown):
        await _note(session, release, shown, pace.after(len(admitted)), now)
    return len(admitted)


async def _note(
    session: AsyncSession,
    release: Release,
    shown: dict[str, int],
    paced_at: datetime,
    now: datetime,
) -> None:
    """How it goes on, for everybody who waits."""
    row = RELEASES[release.state, ReleaseAction.ADVANCE]
    changes = {"state": row.to, "paced_at": paced_at, **shown}
    done = await swap(session, release, changes, counter="pace")
    await publish(session, row.event, done, **shown, at=now)


async def _publish_admitted(
    session: AsyncSession, admitted: Sequence[ReleaseEntry], release: Release
) -> None:
    """And they are let know, for nobody looks at a page all the time."""
    row, hall = ENTRIES[ReleaseEntryState.WAITING, ReleaseEntryAction.ADMIT], release.hall_code
    events: list[Addressed] = []
    for one in admitted:
        until = one.expires_at
        events.append(of_change(row.event, one, hall, number=one.number, expires_at=until))
        turn = NoticeDue(kind=TURN, about_id=one.id, occasion="turn", useful_until=until)
        events.append(Addressed(turn, hall, str(one.id)))
    await outbox.record_many(session, events)


async def _publish_entries(
    session: AsyncSession,
    entries: Sequence[ReleaseEntry],
    release: Release,
    action: ReleaseEntryAction,
) -> None:
    """The event of the action, which is the same from every state."""
    if not entries:
        return
    event = ENTRIES.of(action)[0].event
    await outbox.record_many(session, [of_change(event, one, release.hall_code) for one in entries])


async def drop(sessions: Sessions, now: datetime) -> int:
    """Job: nobody is in line for what is over, and who waited for what was withdrawn is let know.
    Each release by itself, some hundreds at a time. Returns how many rows that changes."""
    settled = now - _SETTLED
    async with sessions() as session:
        keys = await statement.to_clear(session, settled)
    return await each_alone("drop-entries", keys, partial(_clear, sessions, settled, now))


async def _clear(sessions: Sessions, settled: datetime, now: datetime, key: UUID) -> int:
    changed, dropped = 0, AT_ONCE
    while dropped == AT_ONCE:
        async with sessions() as session, session.begin():
            release = await statement.lock_over(session, key)
            dropped = 0 if release is None else await _drop(session, release, now)
            if release is not None and dropped < AT_ONCE and release.changed_at <= settled:
                await statement.cleared(session, key, now)
                changed += 1
        changed += dropped
    return changed


async def _drop(session: AsyncSession, release: Release, now: datetime) -> int:
    dropped = await statement.drop(session, release.id, AT_ONCE, now)
    await _publish_entries(session, dropped, release, ReleaseEntryAction.DROP)
    if release.state is ReleaseState.WITHDRAWN:
        until, hall = release.starts_until, release.hall_code
        due = partial(NoticeDue, kind=WITHDRAWN, occasion="withdrawn", useful_until=until)
        events = [Addressed(due(about_id=one.id), hall, str(one.id)) for one in dropped]
        await outbox.record_many(session, events)
    return len(dropped)
