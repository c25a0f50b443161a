"""Evidence and clocks as the ordinals by which the database judges. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.projects.calendar.clocks import ClockRule
from services.projects.calendar.models import RuleKind
from services.projects.calendar.rules import day_number, stays_until
from services.projects.duties.gaps import Gap
from services.projects.duties.rules import OWN_CLAIMS, Evidence, day_of
from shared.clock import today
from shared.workdays import CalendarUnknown, Workdays

NOT_SEEN: dict[str, Any] = {
    **dict.fromkeys(("seen_ord", "absent_ord", "claim_ord")),
    **dict.fromkeys(("stay_least_day", "stay_most_day", "stayed_day", "gone_day")),
    **dict.fromkeys(
        (
            *("is_seen", "seen_early", "is_claimed", "claim_early", "claim_contradicted"),
            *("is_incomplete", "is_gone"),
        ),
        False,
    ),
}
"""The columns of `standing` of a duty of which nothing that was seen counts."""


def evidence_ordinals(
    evidence: Evidence,
    formed_on: date | None,
    *,
    by_days: bool,
    calendar: Workdays,
    staying: ClockRule | None = None,
) -> dict[str, Any]:
    """The evidence as columns of `standing`. A day of absence after the last known notice counts
    as the working day after it, which is the least it can be; the others stay unknown.
    """
    best = evidence.best
    seen_on, claim_on = today(evidence.first_seen_at), day_of(best.claimed_at)
    own = best.claim_kind in OWN_CLAIMS
    return {
        "is_seen": True,
        "seen_ord": _ord(seen_on, calendar, by_days),
        "seen_early": formed_on is not None and seen_on < formed_on,
        "absent_ord": _least(day_of(evidence.last_absent_at), calendar, by_days),
        "is_claimed": claim_on is not None,
        "claim_ord": _ord(claim_on, calendar, by_days),
        "claim_early": own and None not in (claim_on, formed_on) and claim_on < formed_on,  # type: ignore[operator]
        "claim_contradicted": evidence.contradicted,
        "is_incomplete": bool(evidence.missing_elements),
        "is_gone": evidence.gone_at is not None,
        **_stay(evidence, formed_on, staying, calendar),
    }


def _stay(
    evidence: Evidence, formed_on: date | None, rule: ClockRule | None, calendar: Workdays
) -> dict[str, int | None]:
    """Until when the publication must stay and how long it was seen, as plain day numbers.

    Its stay begins on the day it claims, unless something contradicts it; else no earlier than we
    saw the place without it (by which nobody is wrongly held to have taken it down too early), and
    no later than it was seen first (by which it has surely stayed).
    """
    if rule is None:
        return {}
    claim_on = None if evidence.contradicted else day_of(evidence.best.claimed_at)
    earliest = claim_on or day_of(evidence.last_absent_at)
    latest = claim_on or today(evidence.first_seen_at)
    if formed_on is not None:
        earliest = None if earliest is None else max(earliest, formed_on)
        latest = max(latest, formed_on)
    least = None if earliest is None else stays_until(rule, earliest, calendar)
    most = stays_until(rule, latest, calendar)
    gap = _broken_by(evidence.gaps, rule, latest, most)
    days = {
        "stay_least_day": least,
        "stay_most_day": most,
        "stayed_day": today(evidence.last_seen_at if gap is None else gap.seen_at),
        "gone_day": None if gap is None else today(gap.gone_at),
    }
    return {name: None if day is None else day_number(day) for name, day in days.items()}


def _broken_by(
    gaps: Sequence[Gap], rule: ClockRule, begun_on: date, until: date | None
) -> Gap | None:
    """The gap by which a stay is judged: what was gone before it began is none of it.

    A display that was broken off is not mended by what is shown afterwards. What must be kept
    online is kept again once it is back within its time, but not if it comes back later.
    """
    own = [gap for gap in gaps if today(gap.seen_at) >= begun_on]
    if rule.kind is RuleKind.KEEP_ONLINE:
        own = [gap for gap in own if gap.back_at is None or _is_after(today(gap.back_at), until)]
    return own[0] if own else None


def _is_after(day: date, until: date | None) -> bool:
    return until is not None and day > until


def _ord(day: date | None, calendar: Workdays, by_days: bool) -> int | None:
    if day is None or by_days:
        return None if day is None else day_number(day)
    try:
        return calendar.ord_end(day)
    except CalendarUnknown:
        return None


def _least(day: date | None, calendar: Workdays, by_days: bool) -> int | None:
    known = _ord(day, calendar, by_days)
    if day is None or known is not None or day <= calendar.last_day:
        return known
    return calendar.ord_start(calendar.last_day) + 1


def is_over(due_ord: int | None, on: date, calendar: Workdays, *, by_days: bool) -> bool:
    """Whether a clock had run out before that day; an end that is not known has not come."""
    if due_ord is None:
        return False
    now_ord = _least(on, calendar, by_days)
    return now_ord is not None and now_ord > due_ord


def stood_still(
    due_ord: int | None, since: date, until: date, calendar: Workdays, *, by_days: bool
) -> int:
    """For how many of its days a clock stood still, as far as the calendar is known; for none where
    it had run out before that: what is over stands still no more."""
    if is_over(due_ord, since, calendar, by_days=by_days):
        return 0
    if by_days:
        return (until - since).days
    try:
        return calendar.ord_start(until) - calendar.ord_start(since)
    except CalendarUnknown:
        return calendar.ord_start(calendar.last_day) - calendar.ord_start(since)
