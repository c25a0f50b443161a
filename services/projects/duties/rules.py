"""What observations of a page amount to. Pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.projects.calendar.clocks import ClockRule
from services.projects.calendar.models import RuleKind
from services.projects.calendar.rules import day_number, stays_until
from services.projects.duties.gaps import Gap, gaps_of
from services.projects.duties.models import ClaimKind, FactKind, PublicationFact
from services.projects.duties.trust import claim_trust, is_contradicted
from shared.clock import today
from shared.errors import Conflict, Invalid, Text
from shared.security.identity import Caller
from shared.workdays import CalendarUnknown, Workdays

OWN_CLAIMS = (ClaimKind.PUSH, ClaimKind.META, ClaimKind.LABEL)
"""Claims that the page or its owner makes itself; lists and headers are said about it."""


class AlreadyRecorded(Conflict):
    type = "/problems/already-recorded"
    title = Text("这一事件已登记过", "This event is already recorded")
    advice = Text("请看所列的已有义务", "See the duties listed")


class UnknownReference(Invalid):
    """A project, unit or item that is not in the register or the catalogue."""

    type = "/problems/unknown-reference"
    title = Text("引用的对象不存在", "Something it refers to does not exist")
    advice = Text("请先登记它，或核对编号", "Please register it first, or check its code")


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One observation of a duty's page; `observed_at` is our own time, the rest is claimed."""

    duty_id: UUID
    url: str
    observed_at: datetime
    last_absent_at: datetime | None = None
    claim_kind: ClaimKind = ClaimKind.NONE
    claimed_at: datetime | None = None
    claims_agree: bool = False
    cms_at: datetime | None = None
    header_at: datetime | None = None
    received_at: datetime | None = None
    contradicted: bool = False
    missing_elements: tuple[str, ...] = ()
    elements_judged: bool = True
    """Whether what is missing was looked for: else nobody knows, and nothing is called missing."""
    evidence_id: UUID | None = None


def is_of_unit(caller: Caller, unit_code: str) -> bool:
    """Whether the caller acts for the unit that something is about: who does decides nothing in
    its cause, whichever other roles they have."""
    return caller.has("officer", "reviewer") and caller.at(unit_code)


def own_units(caller: Caller) -> list[str]:
    """The units in whose cause the caller decides nothing; `*` stands for all."""
    return sorted(caller.places) if caller.has("officer", "reviewer") else []


def fact_hash(values: dict[str, Any]) -> str:
    """The SHA-256 of a fact's content, which the report's evidence root covers.

    A moment is the same in every zone: it is hashed as the database will give it, in UTC.
    """
    canonical = json.dumps(values, ensure_ascii=False, sort_keys=True, default=_written)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _written(value: object) -> str:
    return str(value.astimezone(UTC) if isinstance(value, datetime) else value)


@dataclass(frozen=True)
class Evidence:
    """What all facts of a duty amount to: the best claim, our own bracket, what is wrong."""

    best: PublicationFact
    first_seen_at: datetime
    last_seen_at: datetime
    last_absent_at: datetime | None
    gaps: Sequence[Gap]
    """When it was not there after it was seen, in their order."""
    missing_elements: list[str] | None
    """None: nobody has judged what is missing."""
    contradicted: bool
    trust: int

    @property
    def gone_at(self) -> datetime | None:
        """Since when it is gone, as far as it is."""
        return self.gaps[-1].gone_at if self.gaps and self.gaps[-1].back_at is None else None

    @property
    def day(self) -> date:
        """The day on which it counts as published: the one that its page or its owner claims, and
        nothing contradicts; else the one on which it was seen first. What a list or a server says
        of a page is not its claim, and mostly of an earlier day.
        """
        is_own = self.best.claim_kind in OWN_CLAIMS and not self.contradicted
        claimed_on = _day(self.best.claimed_at) if is_own else None
        return claimed_on or today(self.first_seen_at)


def summarise(facts: Sequence[PublicationFact], calendar: Workdays) -> Evidence | None:
    """The evidence that `facts` of one duty make; None while nothing was seen.

    The earliest sighting closes the bracket; of several pages the best trusted claim speaks, and of
    equals the earliest, because the earliest compliant publication wins. What it lacks is what that
    publication lacks, as it was seen last: the best, or one seen before the best claims to be.
    """
    facts = counting(facts)
    seen = sorted(
        (fact for fact in facts if fact.kind is FactKind.SIGHTING), key=lambda f: f.observed_at
    )
    if not seen:
        return None
    first, last = seen[0], seen[-1]
    best = min(seen, key=lambda f: (-claim_trust(f), f.claimed_at or f.observed_at))
    narrow = _is_narrow(first.last_absent_at, first.observed_at, calendar)
    return Evidence(
        best=best,
        first_seen_at=first.observed_at,
        last_seen_at=last.observed_at,
        last_absent_at=first.last_absent_at,
        gaps=gaps_of(facts),
        missing_elements=_missing(seen, best if _was_there(best, first) else first),
        contradicted=is_contradicted(best),
        trust=max(claim_trust(best), 4 if narrow else 0),
    )


def _was_there(best: PublicationFact, first: PublicationFact) -> bool:
    """Whether the page of `best` was there by the day on which a page was seen first."""
    claimed_on = _day(best.claimed_at) if claim_trust(best) else None
    return best.url == first.url or bool(claimed_on and claimed_on <= today(first.observed_at))


def _missing(seen: Sequence[PublicationFact], its: PublicationFact) -> list[str] | None:
    """What a publication lacks, `its` fact among sightings in their order; None: never judged.

    It is on the page of that fact, and on those to which it has moved: they claim the same, and
    were seen, by what was recorded of them, when that page was. The most complete one speaks, each
    by what was judged of it last: a page that cannot be read has not become complete.
    """
    began = (next(f.observed_at for f in seen if f.url == its.url), its.claimed_at)
    urls = {its.url} | {fact.url for fact in seen if (fact.observed_at, fact.claimed_at) == began}
    judged = (fact for fact in seen if fact.url in urls and fact.elements_judged)
    last = {fact.url: fact.missing_elements for fact in judged}
    return min(last.values(), key=len, default=None)


def counting(facts: Sequence[PublicationFact]) -> list[PublicationFact]:
    """The facts of one duty, oldest first, without those of a page before it was taken back."""
    counted: list[PublicationFact] = []
    for fact in facts:
        if fact.kind is FactKind.TAKEN_BACK:
            counted = [each for each in counted if each.url != fact.url]
        else:
            counted.append(fact)
    return counted


def seen_by(at: datetime, facts: Sequence[PublicationFact]) -> list[PublicationFact]:
    """The facts of one duty that were observed before that moment, without what was taken back
    since; where none of them shows it, those up to the first that does."""
    counted = counting(facts)
    seen = [fact.observed_at for fact in counted if fact.kind is FactKind.SIGHTING]
    first = min(seen, default=at)
    return [fact for fact in counted if fact.observed_at < at or fact.observed_at <= first]


def _is_narrow(absent_at: datetime | None, seen_at: datetime, calendar: Workdays) -> bool:
    """Whether our own bracket is at most one working day wide."""
    if absent_at is None:
        return False
    try:
        return calendar.ord_end(today(seen_at)) - calendar.ord_end(today(absent_at)) <= 1
    except CalendarUnknown:
        return False


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
    seen_on, claim_on = today(evidence.first_seen_at), _day(best.claimed_at)
    own = best.claim_kind in OWN_CLAIMS
    return {
        "is_seen": True,
        "seen_ord": _ord(seen_on, calendar, by_days),
        "seen_early": formed_on is not None and seen_on < formed_on,
        "absent_ord": _least(_day(evidence.last_absent_at), calendar, by_days),
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
    claim_on = None if evidence.contradicted else _day(evidence.best.claimed_at)
    earliest = claim_on or _day(evidence.last_absent_at)
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


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else today(moment)


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
