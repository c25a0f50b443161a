"""Documents that are out already, as other systems push them and officers enter them by hand.

What is pushed is the unit's own word. It counts from when it reached us: an earlier time that it
claims rests on nothing, so that such an entry is contradicted, and for a person. What its source
has signed is attested (`rules.UnitClaim`); a bearer's or an officer's word alone is not.
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
from services.projects.publishing.signing import TAKEN, SignatureRefused
from shared.database.deciding import DecidingSession
from shared.database.versioned import swap
from shared.security.identity import Caller


async def push(
    session: DecidingSession,
    pushed: PushedPublication,
    signed_at: datetime | None,
    now: datetime,
    caller: Caller,
) -> SeenRelease:
    """The entry of the register, received `now`; the same push again is the entry of the first.

    Raises NotFound for a unit that is not the caller's, UnknownReference, Invalid for a time ahead,
    SignatureRefused for a signature that was received before.
    """
    digest = rules.push_digest(pushed)
    known = await queries.find_push(session, caller.sub, digest)
    if known is not None:
        return await _again(session, known, signed_at)
    rules.ensure_not_ahead(pushed.published_at, now)
    await entries.ensure_known(session, pushed, pushed.places, now, caller)
    release = _entry(pushed, digest, signed_at, now, caller)
    places = entries.places_of(release.id, pushed.places)
    queries.add(session, release, places)
    await entries.announce(session, release, places)
    await entries.note(session, release, "release.pushed", now, caller.sub)
    return SeenRelease(release, places)


async def _again(
    session: DecidingSession, known: SeenRelease, signed_at: datetime | None
) -> SeenRelease:
    """What is known already stands as it was told first: signed later, it is not signed then."""
    before = known.release.signed_at
    if signed_at is None or before is None:
        return known
    if signed_at <= before:
        raise SignatureRefused(TAKEN)
    return SeenRelease(await swap(session, known.release, {"signed_at": signed_at}), known.places)


def _entry(
    pushed: PushedPublication,
    digest: str,
    signed_at: datetime | None,
    now: datetime,
    caller: Caller,
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
        signed_at=signed_at,
    )
