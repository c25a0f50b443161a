"""Which duties a page that no machine can read may publish: those that its title is about. Pure.

A file, a picture or a page on another site may say anything. What it is called keeps the duties of
its item from being called unpublished until a person has looked; it clears none of them.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from services.projects.collecting.models import DetailState, PortalPage
from services.projects.matching.models import MatchMethod, ReviewReason
from services.projects.matching.rules import BEFORE_APPROVAL, Candidate, Proposal
from services.projects.reading.claims import Flag
from services.projects.reading.cues import item_codes, own_words
from services.projects.reading.rule import ItemCue
from services.projects.reading.titles import may_be_of_many
from shared.clock import today

GOES_ON = timedelta(days=31)
"""A list of a month is put online at its beginning and filled until its end."""
LOOKS_BACK = timedelta(days=366)


def is_unread(page: PortalPage) -> bool:
    """Whether the page is there and its words are not known, nor expected to be."""
    is_left = page.detail_state is DetailState.ELSEWHERE or page.is_given_up
    return page.gone_at is None and (is_left or Flag.NO_WORDS in page.flags)


def propose_unread(
    page: PortalPage,
    unit_code: str,
    cues: Collection[ItemCue],
    candidates: Iterable[Candidate],
    besides: Collection[Proposal],
) -> list[Proposal]:
    """The unit's duties of the items that the page's title is about, decided about when it came.

    None where the title names something: then it is of that. `besides` is what is proposed anyway.
    """
    title = page.listed_title or page.title
    items = item_codes(cues, page.column_name, title)
    words = own_words(cues, items)
    # A column of the item's is as good as a word of it.
    shown = f"{page.column_name} {title}" if page.column_name in words else title
    if BEFORE_APPROVAL.search(title) or not may_be_of_many(shown, words):
        return []
    known = {proposal.candidate.duty_id for proposal in besides}
    day = page.listed_on or (today(page.claimed_at) if page.claimed_at else None)
    return [
        Proposal(each, MatchMethod.SIMILAR, 0.0, ReviewReason.PAGE_UNREADABLE)
        for each in candidates
        if each.unit_code == unit_code
        and each.item_code in items
        and each.duty_id not in known
        and _may_hold(day, each.formed_on)
    ]


def _may_hold(day: date | None, formed_on: date | None) -> bool:
    """Whether what was put online on `day` may be about what was decided on another."""
    if day is None or formed_on is None:
        return True
    return formed_on - GOES_ON <= day <= formed_on + LOOKS_BACK
