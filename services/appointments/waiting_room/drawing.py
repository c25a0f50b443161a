"""The draw: who is in it is fixed first, and then the order follows from that and the seed.

Each is a transaction of its own. Whatever is broken off is done again and comes out the same.
"""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.releases import rules
from services.appointments.releases.models import Release
from services.appointments.releases.workflow import RELEASES, ReleaseAction
from services.appointments.waiting_room import statement
from services.appointments.waiting_room.announcing import SEED, publish
from shared.database.versioned import swap
from shared.security.loaded import loaded


async def close_joining(session: AsyncSession, now: datetime) -> int:
    """Job: a release whose time has come: who is in its draw is fixed and published by its digest,
    while nobody knows the seed. Returns how many were closed."""
    release = await statement.to_close(session, now)
    if release is None:
        return 0
    ids = await statement.in_draw(session, release.id)
    row = RELEASES[release.state, ReleaseAction.CLOSE]
    fixed = {"entries_digest": rules.digest_of(ids), "entry_count": len(ids)}
    times = {"closed_at": now, "changed_at": now}
    done = await swap(session, release, {"state": row.to, **fixed, **times})
    await publish(session, row.event, done, commitment=done.commitment, **fixed)
    return 1


async def draw(session: AsyncSession, now: datetime) -> int:
    """Job: the order of who is in the draw, and the seed for everybody to see. Returns how many
    releases were drawn.

    Raises RuntimeError where what was published is not what is there: nobody is admitted by a draw
    that nobody could prove.
    """
    release = await statement.to_draw(session)
    if release is None:
        return 0
    seed = _seed(session, release)
    ids = await statement.in_draw(session, release.id)
    if (rules.commitment_of(seed), rules.digest_of(ids)) != (
        release.commitment,
        release.entries_digest,
    ):
        raise RuntimeError(f"not what was committed to: {release.id}")
    await statement.number_drawn(session, rules.drawn(seed, ids))
    row = RELEASES[release.state, ReleaseAction.DRAW]
    done = await swap(
        session,
        release,
        {
            "state": row.to,
            "seed": seed,
            "last_number": len(ids),
            "per_minute": release.least_per_minute,
            # The first minute's worth are admitted at once.
            "paced_at": now - timedelta(minutes=1),
            "drawn_at": now,
            "changed_at": now,
        },
    )
    shown = {"commitment": done.commitment, "entries_digest": done.entries_digest, "seed": seed}
    await publish(session, row.event, done, **shown, entry_count=done.entry_count)
    return 1


def _seed(session: AsyncSession, release: Release) -> str:
    keyring = loaded(session).keyring
    assert keyring is not None
    return keyring.open(release.seed_sealed, where=SEED, row=str(release.id))
