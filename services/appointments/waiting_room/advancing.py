"""Who is next may book: at the pace at which people do, and never more than there are places."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.notices.events import NoticeDue
from services.appointments.releases import rules
from services.appointments.releases.models import Release, ReleaseEntry, ReleaseEntryState
from services.appointments.releases.service import of_change
from services.appointments.releases.workflow import (
    ENTRIES,
    RELEASES,
    ReleaseAction,
    ReleaseEntryAction,
)
from services.appointments.waiting_room import statement
from services.appointments.waiting_room.announcing import publish
from shared.database.versioned import swap
from shared.messaging import outbox
from shared.messaging.outbox import Addressed

AT_ONCE = 500
TURN = "release_turn"
_SETTLED = timedelta(minutes=1)
"""So long after the end nobody is just joining any more."""


async def advance(session: AsyncSession, now: datetime) -> int:
    """Job: windows that are over lapse, who joined late gets a number, who is next is admitted;
    a release whose time is over ends. Returns how many in line had a change."""
    changed = 0
    for key in await statement.open_releases(session):
        release = await statement.lock_open(session, key)
        if release is None:
            continue
        if release.ends_at <= now:
            await _end(session, release, now)
            changed += 1
        else:
            changed += await _advance(session, release, now)
    return changed


async def _end(session: AsyncSession, release: Release, now: datetime) -> None:
    row = RELEASES[release.state, ReleaseAction.END]
    done = await swap(session, release, {"state": row.to, "changed_at": now})
    await publish(session, row.event, done)


async def _advance(session: AsyncSession, release: Release, now: datetime) -> int:
    lapsed = await statement.lapse(session, release.id, now)
    await _publish_entries(session, lapsed, release, ReleaseEntryAction.LAPSE)
    late = await statement.number_late(session, release.id, release.last_number)
    drawn_at = release.drawn_at or now
    since = max(now - rules.MEASURED, drawn_at)
    seen = await statement.measure(session, release, since, now)
    least, most = release.least_per_minute, release.most_per_minute
    per_minute = rules.rate(seen.booked, now - since, least, most)
    room = seen.places - seen.admitted
    pace = rules.pace(release.paced_at or drawn_at, now, per_minute, room)
    until = now + timedelta(minutes=release.window_minutes)
    admitted = await statement.admit(session, release.id, pace.due, until, now)
    await _publish_admitted(session, admitted, release)
    numbers = [entry.number or 0 for entry in admitted]
    shown = {
        "called_through": max([release.called_through, *numbers]),
        "last_number": release.last_number + late,
        "per_minute": per_minute,
        "places_left": max(room - len(admitted), 0),
    }
    if admitted or any(getattr(release, name) != shown[name] for name in shown):
        await _note(session, release, shown, pace.after(len(admitted)), now)
    return len(lapsed) + late + len(admitted)


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


async def drop(session: AsyncSession, now: datetime) -> int:
    """Job: nobody is in line for what is over. Returns how many rows that changes."""
    settled = now - _SETTLED
    release = await statement.to_clear(session, settled)
    if release is None:
        return 0
    dropped = await statement.drop(session, release.id, AT_ONCE, now)
    await _publish_entries(session, dropped, release, ReleaseEntryAction.DROP)
    if len(dropped) < AT_ONCE and release.changed_at <= settled:
        await statement.cleared(session, release.id, now)
        return len(dropped) + 1
    return len(dropped)
