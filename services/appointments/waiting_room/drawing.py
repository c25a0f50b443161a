"""The draw: who is in it is fixed first, and then the order follows from that and the seed.

Each is a transaction of its own, and so is every some thousand numbers of a draw. Whatever is
broken off is done again and comes out the same: the order follows from what is stored.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.releases import rules
from services.appointments.releases.models import Release
from services.appointments.releases.workflow import RELEASES, ReleaseAction
from services.appointments.waiting_room import statement
from services.appointments.waiting_room.announcing import SEED, publish
from shared.database.engine import Sessions
from shared.database.versioned import swap
from shared.jobs import each_alone
from shared.security.crypto import CannotOpen
from shared.security.loaded import loaded


async def close_joining(sessions: Sessions, now: datetime) -> int:
    """Job: releases whose time has come: who is in the draw is fixed and published by its digest,
    while nobody knows the seed. Returns how many were closed."""
    async with sessions() as session:
        keys = await statement.due_releases(session, now)
    return await each_alone("close-joining", keys, partial(_close_alone, sessions, now))


async def _close_alone(sessions: Sessions, now: datetime, key: UUID) -> int:
    async with sessions() as session, session.begin():
        return await close(session, key, now)


async def close(session: AsyncSession, key: UUID, now: datetime) -> int:
    """Fixes who is in the draw of one of them. Returns 0 where that was done meanwhile."""
    release = await statement.lock_due(session, key)
    if release is None:
        return 0
    ids = await statement.in_draw(session, release.id)
    row = RELEASES[release.state, ReleaseAction.CLOSE]
    fixed = {"entries_digest": rules.digest_of(ids), "entry_count": len(ids)}
    times = {"closed_at": now, "changed_at": now}
    done = await swap(session, release, {"state": row.to, **fixed, **times})
    await publish(session, row.event, done, commitment=done.commitment, **fixed)
    return 1


async def draw(sessions: Sessions, now: datetime) -> int:
    """Job: the order of who is in the draw, some thousand at a time, and with the last of them the
    seed for everybody to see. Returns in how many pieces.

    Raises RuntimeError where what was published is not what is there, once all others are drawn:
    nobody is admitted by a draw that nobody could prove.
    """
    async with sessions() as session:
        keys = await statement.closed_releases(session)
    return await each_alone("draw-releases", keys, partial(_draw_alone, sessions, now))


async def _draw_alone(sessions: Sessions, now: datetime, key: UUID) -> int:
    pieces, is_more = 0, True
    while is_more:
        async with sessions() as session, session.begin():
            is_more = await number(session, key, now)
        pieces += is_more
    return pieces


async def number(session: AsyncSession, key: UUID, now: datetime) -> bool:
    """Gives the next of one draw their numbers. Returns False where nobody is left.

    Raises RuntimeError where it is not what was committed to.
    """
    release = await statement.lock_closed(session, key)
    if release is None:
        return False
    ids = await statement.in_draw(session, release.id)
    seed = _seed(session, release)
    committed = release.commitment, release.entries_digest
    if seed is None or committed != (rules.commitment_of(seed), rules.digest_of(ids)):
        raise RuntimeError(f"not what was committed to: {key}")
    await _number(session, release, seed, rules.drawn(seed, ids), now)
    return True


async def _number(
    session: AsyncSession, release: Release, seed: str, order: Sequence[UUID], now: datetime
) -> None:
    """The next of them get their numbers; after the last it is drawn."""
    behind = release.last_number
    following = order[behind : behind + statement.NUMBERED_AT_ONCE]
    await statement.number_drawn(session, following, behind)
    last = behind + len(following)
    if last < len(order):
        await swap(session, release, {"last_number": last}, counter="pace")
        return
    row = RELEASES[release.state, ReleaseAction.DRAW]
    done = await swap(
        session,
        release,
        {
            "state": row.to,
            "seed": seed,
            "last_number": last,
            "per_minute": release.least_per_minute,
            # The first minute's worth are admitted at once.
            "paced_at": now - timedelta(minutes=1),
            "drawn_at": now,
            "changed_at": now,
        },
    )
    shown = {"commitment": done.commitment, "entries_digest": done.entries_digest, "seed": seed}
    await publish(session, row.event, done, **shown, entry_count=done.entry_count)


def _seed(session: AsyncSession, release: Release) -> str | None:
    """None where it is not what was sealed."""
    keyring = loaded(session).keyring
    assert keyring is not None
    with suppress(CannotOpen):
        return keyring.open(release.seed_sealed, where=SEED, row=str(release.id))
    return None
