"""When what was published was not there: seen, then gone, and perhaps seen again. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.projects.duties.models import FactKind, PublicationFact


class Gap(NamedTuple):
    """It was seen at `seen_at` last, found gone at `gone_at`, and is there again by `back_at`;
    None: not since."""

    seen_at: datetime
    gone_at: datetime
    back_at: datetime | None


def gaps_of(facts: Sequence[PublicationFact]) -> list[Gap]:
    """The gaps in what was seen of one duty, in their order, whatever the order of its facts.

    `facts` are those that count. A page that is gone leaves one unless another page was there. Of
    two at one moment the sighting speaks.
    """
    seen = sorted(fact.observed_at for fact in facts if fact.kind is FactKind.SIGHTING)
    gone = [fact for fact in facts if fact.kind is FactKind.GONE]
    found: list[Gap] = []
    for fact in sorted(gone, key=lambda each: each.observed_at):
        at = fact.observed_at
        is_known = bool(found) and (found[-1].back_at is None or at < found[-1].back_at)
        before = [each for each in seen if each < at]
        if is_known or not before or at in seen or _other_was_there(fact, facts):
            continue
        found.append(Gap(before[-1], at, next((each for each in seen if each > at), None)))
    return found


def _other_was_there(gone: PublicationFact, facts: Sequence[PublicationFact]) -> bool:
    """Whether another page of the duty was seen before and after, and was not gone between.

    A page to which the document has moved has the first sighting of the page that it left, at the
    same moment: it was not there by itself then.
    """
    own = {fact.observed_at for fact in facts if fact.url == gone.url}
    others = {fact.url for fact in facts} - {gone.url}
    return any(
        _is_seen_around(
            gone.observed_at,
            [fact for fact in facts if fact.url == url and fact.observed_at not in own],
        )
        for url in others
    )


def _is_seen_around(at: datetime, of_page: Sequence[PublicationFact]) -> bool:
    """Whether the last that was known of a page by then, and the first after, is that it was seen.
    Where it was both seen and gone at one moment it was there after it, and not before."""
    ordered = sorted(of_page, key=lambda each: (each.observed_at, each.kind is FactKind.SIGHTING))
    before = [fact.kind for fact in ordered if fact.observed_at <= at]
    after = [fact.kind for fact in ordered if fact.observed_at > at]
    both = (before[-1:], after[:1])
    return both == ([FactKind.SIGHTING], [FactKind.SIGHTING])
