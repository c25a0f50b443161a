"""What observations of a page amount to. Pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

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
        claimed_on = day_of(self.best.claimed_at) if is_own else None
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
    claimed_on = day_of(best.claimed_at) if claim_trust(best) else None
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


def day_of(moment: datetime | None) -> date | None:
    """The day of a moment in Asia/Shanghai."""
    return None if moment is None else today(moment)
