"""What persons refused of pages, and whether a page says something else since. Pure.

Whoever refused one thing has not looked at the next: a page that claims another day, or is another
document, comes before a person again. What was refused stays so, and says why.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.projects.collecting.models import DetailState, PortalPage
from services.projects.matching.models import MatchRefusal, MatchState, PageMatch, ReviewReason
from services.projects.matching.rules import Proposal
from shared.clock import today

Pair = tuple[PortalPage, Proposal]
PairId = tuple[UUID, UUID]
"""Of the page and of the duty."""


class Saying(NamedTuple):
    """What a page says, as far as persons decide by it: its days, and which document it is."""

    claimed_on: date | None = None
    formed_on: date | None = None
    content_sha256: str | None = None


NOTHING = Saying()
"""Of a page that cannot be read, or is gone."""


class Refusals:
    """What was refused of some pages; None of a pair of which it is not known."""

    def __init__(self, refused: Sequence[MatchRefusal]) -> None:
        self._of: dict[PairId, dict[Saying, MatchRefusal]] = defaultdict(dict)
        for each in refused:
            said = Saying(each.claimed_on, each.formed_on, each.content_sha256)
            self._of[each.page_id, each.duty_id][said] = each

    def knows(self, pair: PairId) -> bool:
        """Whether anything was refused of the pair."""
        return pair in self._of

    def find(self, page: PortalPage, duty_id: UUID) -> MatchRefusal | None:
        """Who refused what the page says now, where somebody did."""
        return self._of.get((page.id, duty_id), {}).get(saying_of(page))


class SortedPairs(NamedTuple):
    """What pages may publish, by what persons refused of it before."""

    proposed: list[Pair]
    """For the first time, or again because the page says something else."""
    refused: list[PageMatch]
    """What stays refused, as it was."""
    reopened: list[PageMatch]
    """What was rejected, and comes before a person again."""


def is_read(page: PortalPage) -> bool:
    return page.gone_at is None and page.detail_state is DetailState.READ


def saying_of(page: PortalPage) -> Saying:
    """What the page says now."""
    if not is_read(page):
        return NOTHING
    claimed_on = today(page.claimed_at) if page.claimed_at else None
    return Saying(claimed_on, page.formed_on, page.content_sha256)


def refusal_of(page: PortalPage, duty_id: UUID, by: str, at: datetime) -> MatchRefusal | None:
    """What is refused of a page; None while it may say something that nobody has seen yet."""
    if is_read(page) and page.match_wanted:
        return None
    said = saying_of(page)._asdict()
    return MatchRefusal(page_id=page.id, duty_id=duty_id, refused_at=at, refused_by=by, **said)


def sort(
    pairs: Sequence[Pair], decided: Mapping[PairId, PageMatch], known: Refusals
) -> SortedPairs:
    """Sort what is proposed; `decided` is what persons or the matcher have decided on already."""
    found = SortedPairs([], [], [])
    for page, proposal in pairs:
        pair = page.id, proposal.candidate.duty_id
        match, refusal = decided.get(pair), known.find(page, proposal.candidate.duty_id)
        if match is not None:
            if match.state is MatchState.REJECTED and refusal is None and is_read(page):
                found.reopened.append(match)
        elif refusal is not None:
            found.refused.append(_refused(proposal, refusal))
        else:
            is_again = known.knows(pair)
            found.proposed.append((page, _for_a_person(proposal) if is_again else proposal))
    return found


def _for_a_person(proposal: Proposal) -> Proposal:
    """Nothing that a person refused once is believed without one, however sure it is."""
    return replace(proposal, reason=ReviewReason.CLAIM_CHANGED)


def _refused(proposal: Proposal, refusal: MatchRefusal) -> PageMatch:
    return PageMatch(
        page_id=refusal.page_id,
        duty_id=refusal.duty_id,
        unit_code=proposal.candidate.unit_code,
        method=proposal.method,
        score=proposal.score,
        state=MatchState.REJECTED,
        reason=proposal.reason,
        found_at=refusal.refused_at,
        decided_at=refusal.refused_at,
        decided_by=refusal.refused_by,
    )
