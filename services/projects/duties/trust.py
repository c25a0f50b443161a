"""How far a claimed time of publication is to be trusted, and what speaks against it. Pure."""

from datetime import timedelta

from services.projects.duties.models import ClaimKind, PublicationFact
from shared.clock import today

SLACK = timedelta(days=1)
"""A page drafted before midnight may bear the day before: only more contradicts."""


def is_contradicted(fact: PublicationFact) -> bool:
    """Whether other evidence speaks against the claimed time.

    The content management's own marks (address, names of uploads) are later than the claim; we saw
    the place without the page after the claim; the claim lies ahead of our observation; or what was
    pushed claims a time before we were told.
    """
    if fact.claimed_at is None:
        return fact.contradicted
    claimed_on = today(fact.claimed_at)
    marked_later = fact.cms_at is not None and today(fact.cms_at) - claimed_on > SLACK
    absent_later = fact.last_absent_at is not None and claimed_on < today(fact.last_absent_at)
    ahead = claimed_on > today(fact.observed_at)
    return fact.contradicted or marked_later or absent_later or ahead or _is_untold(fact)


def _is_untold(fact: PublicationFact) -> bool:
    """Whether it was pushed, and claims a time at which nobody had told us."""
    if fact.claim_kind is not ClaimKind.PUSH or fact.claimed_at is None:
        return False
    return fact.received_at is None or fact.claimed_at < fact.received_at


def claim_trust(fact: PublicationFact) -> int:
    """How far the claimed time is to be trusted, 0 to 5, leaving our own bracket aside.

    What was pushed is the unit's own word, unless the page claims the same day (`claims_agree`).
    """
    if fact.claimed_at is None or is_contradicted(fact):
        return 0
    if fact.claim_kind is ClaimKind.PUSH:
        return 5 if fact.claims_agree else 2
    if fact.claim_kind not in (ClaimKind.META, ClaimKind.LABEL):
        return 1
    marked = fact.cms_at is not None and abs(today(fact.cms_at) - today(fact.claimed_at)) <= SLACK
    return 3 if fact.claims_agree and marked else 2
