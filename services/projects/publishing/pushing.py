"""Documents that are out already, as other systems push them and officers enter them by hand.

What is pushed is the unit's own word. It counts from when it reached us: an earlier time that it
claims rests on nothing, so that such an entry is contradicted, and for a person.
"""

from datetime import datetime

from services.projects.publishing import entries, queries, rules
from services.projects.publishing.models import (
    RegisteredRelease,
    RegisteredReleaseState,
    ReleaseOrigin,
)
from services.projects.publishing.queries import SeenRelease
from services.projects.publishing.schemas import PushedPublication
from shared.database.deciding import DecidingSession
from shared.security.identity import Caller


async def push(
    session: DecidingSession, pushed: PushedPublication, now: datetime, caller: Caller
) -> SeenRelease:
    """The entry of the register, received `now`; the same push again is the entry of the first.

    Raises NotFound for a unit that is not the caller's, UnknownReference, Invalid for a time ahead.
    """
    digest = rules.push_digest(pushed)
    known = await queries.find_push(session, caller.sub, digest)
    if known is not None:
        return known
    rules.ensure_not_ahead(pushed.published_at, now)
    await entries.ensure_known(session, pushed, pushed.places, now, caller)
    release = _entry(pushed, digest, now, caller)
    places = entries.places_of(release.id, pushed.places)
    queries.add(session, release, places)
    await entries.announce(session, release, places)
    await entries.note(session, release, "release.pushed", now, caller.sub)
    return SeenRelease(release, places)


def _entry(
    pushed: PushedPublication, digest: str, now: datetime, caller: Caller
) -> RegisteredRelease:
    is_timely = rules.is_timely(pushed.published_at, now)
    return RegisteredRelease(
        **pushed.model_dump(exclude={"places", "published_at"}),
        origin=ReleaseOrigin.PUSH if caller.has("system") else ReleaseOrigin.HAND,
        state=RegisteredReleaseState.RELEASED if is_timely else RegisteredReleaseState.CONTRADICTED,
        created_at=now,
        created_by=caller.sub,
        authors=[caller.sub],
        claimed_at=pushed.published_at,
        released_at=now,
        released_by=caller.sub,
        push_sha256=digest,
    )
