"""What accepted pages claim now: another day than they claimed before is not believed at once.

Otherwise its unit would mend a finding that persons have made by typing another date.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.collecting.models import PortalPage
from services.projects.duties import observing
from services.projects.duties.models import ClaimKind
from services.projects.duties.rules import Sighting
from services.projects.matching import queries
from services.projects.matching.models import MATCHER, MatchState, PageMatch, ReviewReason
from shared.clock import today


class Seen(NamedTuple):
    """How the page of an accepted match was seen again."""

    match: PageMatch
    page: PortalPage
    sighting: Sighting


def has_new_claim(match: PageMatch) -> bool:
    """Whether its page claims another day since it was accepted, at which a person is to look."""
    return match.state is MatchState.ACCEPTED and match.reason is ReviewReason.CLAIM_CHANGED


async def record_seen(
    session: AsyncSession, seen: Sequence[Seen], now: datetime, *, actor: str
) -> None:
    """Record how accepted pages were seen again, one sighting for each match.

    What claims a day that it did not claim before is put before a person, if a person accepted it
    or the duty would be judged otherwise by that day. Until then it was seen, and claims nothing;
    what a person refused never does.
    """
    if not seen:
        return
    known = await observing.claimed_days(session, [each.sighting.duty_id for each in seen])
    changed = [each for each in seen if _is_new(each.sighting, known)]
    as_before = [each.sighting for each in seen if each not in changed]
    bare = [_without_claim(each.sighting) for each in changed]
    await observing.record_anew(session, [*as_before, *bare], now, actor=actor)
    if not changed:
        return
    refused = await queries.refusals(session, [each.page.id for each in changed])
    unknown = [each for each in changed if not refused.find(each.page, each.match.duty_id)]
    held = [
        each.match
        for each in unknown
        if each.match.decided_by != MATCHER
        or await _moves_verdict(session, each.sighting, now, actor)
    ]
    await queries.mark_claims(session, held)
    await queries.mark_refused(session, [each.match for each in changed if each not in unknown])


def _is_new(sighting: Sighting, known: observing.ClaimedDays) -> bool:
    days = known.get((sighting.duty_id, sighting.url))
    if sighting.claimed_at is None or days is None:
        return False
    return today(sighting.claimed_at) not in days


def _without_claim(sighting: Sighting) -> Sighting:
    bare = replace(sighting, claim_kind=ClaimKind.NONE, claimed_at=None)
    return replace(bare, claims_agree=False, contradicted=False)


async def _moves_verdict(
    session: AsyncSession, sighting: Sighting, now: datetime, actor: str
) -> bool:
    """Whether the duty is judged otherwise by what the page claims; else that is recorded."""
    duty = [sighting.duty_id]
    before = await queries.verdicts(session, duty), await auditing.blamed(session, duty, now)
    trial = await session.begin_nested()
    await observing.record_anew(session, [sighting], now, actor=actor)
    after = await queries.verdicts(session, duty), await auditing.blamed(session, duty, now)
    is_moved = after != before
    await (trial.rollback() if is_moved else trial.commit())
    return is_moved
