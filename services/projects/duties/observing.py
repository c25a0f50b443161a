"""What was seen of duties: facts appended, the current evidence derived, the verdict judged."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.calendar import service as calendars
from services.projects.duties import ordinals, queries, rules
from services.projects.duties.making import rule_of_duty
from services.projects.duties.models import (
    ClaimKind,
    Duty,
    FactKind,
    FullWalk,
    PublicationFact,
)
from services.projects.duties.rules import Evidence, Sighting
from shared.clock import today
from shared.workdays import Workdays


async def record_sightings(
    session: AsyncSession, sightings: Sequence[Sighting], now: datetime, *, actor: str
) -> dict[UUID, int]:
    """Append what was seen, derive each duty's evidence and judge it; how far each is trusted now.

    A sighting without `last_absent_at` has no proof of absence: only whoever read the place knows.
    """
    await auditing.take_turn(session)
    duties = await queries.duties(session, [sighting.duty_id for sighting in sightings])
    await queries.add_facts(session, [fact_of(sighting, now) for sighting in sightings])
    return await derive(session, duties, now, actor=actor)


async def record_anew(
    session: AsyncSession, sightings: Sequence[Sighting], now: datetime, *, actor: str
) -> None:
    """The same, without those that are on record word by word, moment included."""
    ids = [sighting.duty_id for sighting in sightings]
    known = {fact.sha256 for fact in await queries.facts(session, ids)}
    fresh = [each for each in sightings if fact_of(each, now)["sha256"] not in known]
    if fresh:
        await record_sightings(session, fresh, now, actor=actor)


DUTIES_A_TURN = 200

ClaimedDays = Mapping[tuple[UUID, str], Set[date | None]]
"""Of a duty and an address: the days that were claimed there; None of what claimed none."""


async def claimed_days(session: AsyncSession, duties: Sequence[UUID]) -> ClaimedDays:
    """Which days of publication are on record of these duties, of what counts."""
    of_duty: dict[UUID, list[PublicationFact]] = defaultdict(list)
    for fact in await queries.facts(session, duties):
        of_duty[fact.duty_id].append(fact)
    days: dict[tuple[UUID, str], set[date | None]] = defaultdict(set)
    for duty_id, facts in of_duty.items():
        for fact in rules.counting(facts):
            if fact.kind is FactKind.SIGHTING:
                claimed_on = today(fact.claimed_at) if fact.claimed_at else None
                days[duty_id, fact.url].add(claimed_on)
    return days


async def record_gone(
    session: AsyncSession, duty_id: UUID, url: str, at: datetime, now: datetime, *, actor: str
) -> None:
    """The page that carried the duty is no longer there."""
    await auditing.take_turn(session)
    await queries.add_facts(session, [gone_fact(duty_id, url, at, now)])
    await derive(session, await queries.duties(session, [duty_id]), now, actor=actor)


async def note_fewer_pages(session: AsyncSession, duties: Sequence[UUID]) -> None:
    """A page that carried these duties is no longer there, and another is: whoever decided that
    this one is not the last decides anew."""
    await auditing.take_turn(session)
    await queries.count_change(session, duties)


async def take_back(
    session: AsyncSession,
    pages: Sequence[tuple[UUID, str]],
    again: Sequence[Sighting],
    now: datetime,
    *,
    actor: str,
) -> None:
    """What was seen at an address counts for its duty no more: it is as if it had not been seen.

    What was seen there all the same, of another document, is recorded `again`.
    A duty of which nothing else was seen waits for a person meanwhile, so that none is called
    unpublished on the way.
    """
    await auditing.take_turn(session)
    facts = [_bare_fact(FactKind.TAKEN_BACK, duty, url, now, now) for duty, url in pages]
    await queries.add_facts(session, facts)
    await queries.add_facts(session, [fact_of(sighting, now) for sighting in again])
    duties = sorted({duty for duty, _ in pages})
    seen = await derive(session, await queries.duties(session, duties), now, actor=actor)
    unseen = [duty for duty in duties if duty not in seen]
    await queries.drop_publications(session, unseen)
    rows = [{"duty_id": duty, "in_review": True, **ordinals.NOT_SEEN} for duty in unseen]
    await auditing.judge_seen(session, rows, now, actor=actor)


async def judge_set_aside(session: AsyncSession, now: datetime, *, actor: str) -> int:
    """Judge some of the duties again of which an absence was set aside; returns how many.

    Nobody may be called late by what one walk of an earlier release proved alone.
    """
    waiting = await auditing.to_judge_without(session, DUTIES_A_TURN)
    if waiting:
        await auditing.take_turn(session)
        await derive(session, await queries.duties(session, waiting), now, actor=actor)
        await auditing.note_judged_without(session, waiting)
    return len(waiting)


async def note_full_walk(
    session: AsyncSession,
    unit_codes: Sequence[str],
    walked_at: datetime,
    now: datetime,
    *,
    run_id: UUID | None = None,
    actor: str,
) -> None:
    """Every place where these units publish was read to its end: what was not seen is absent."""
    await auditing.take_turn(session)
    for unit in unit_codes:
        walk = FullWalk(unit_code=unit, walked_at=walked_at, run_id=run_id, noted_at=now)
        await queries.put_walk(session, walk)
    await auditing.judge_walked(session, unit_codes, now, actor=actor)


async def set_in_review(
    session: AsyncSession, duties: Sequence[UUID], in_review: bool, now: datetime, *, actor: str
) -> None:
    """Whether a candidate page waits for a person: meanwhile nothing is called overdue."""
    await auditing.take_turn(session)
    for duty_id in duties:
        await queries.put_standing(session, duty_id, in_review=in_review)
    await auditing.judge_duties(session, duties, now, actor=actor)


def gone_fact(duty_id: UUID, url: str, at: datetime, now: datetime) -> dict[str, Any]:
    """The row of a page that is gone."""
    return _bare_fact(FactKind.GONE, duty_id, url, at, now)


def _bare_fact(
    kind: FactKind, duty_id: UUID, url: str, at: datetime, now: datetime
) -> dict[str, Any]:
    """A fact that is no sighting."""
    fact = {"kind": kind, "duty_id": duty_id, "url": url, "observed_at": at}
    others = {
        "claim_kind": ClaimKind.NONE,
        "claims_agree": False,
        "contradicted": False,
        "missing_elements": [],
        "elements_judged": True,
        "recorded_at": now,
    }
    return {**fact, **others, "sha256": rules.fact_hash(fact)}


def fact_of(sighting: Sighting, now: datetime) -> dict[str, Any]:
    """The row of `publication_fact` of a sighting, without its id."""
    values: dict[str, Any] = {
        **vars(sighting),
        "kind": FactKind.SIGHTING,
        "missing_elements": list(sighting.missing_elements),
    }
    # Hashed as it was before there were pushes, and elements that nobody judged.
    if sighting.received_at is None:
        del values["received_at"]
    if sighting.elements_judged:
        del values["elements_judged"]
    hashed = rules.fact_hash(values)
    judged = sighting.elements_judged
    return {**values, "elements_judged": judged, "recorded_at": now, "sha256": hashed}


async def derive(
    session: AsyncSession, duties: Sequence[Duty], now: datetime, *, actor: str
) -> dict[UUID, int]:
    """Derive publication and standing of these duties from all their facts, and judge them.

    Returns the trust in each publication.
    """
    of_duty: dict[UUID, list[PublicationFact]] = defaultdict(list)
    for fact in await queries.facts(session, [duty.id for duty in duties]):
        of_duty[fact.duty_id].append(fact)
    calendar = await calendars.load(session)
    publications, seen = [], []
    for duty in duties:
        evidence = rules.summarise(of_duty[duty.id], calendar)
        if evidence is not None:
            publications.append(publication_of(duty, evidence))
            seen.append(seen_of(duty, evidence, calendar))
    await queries.put_publications(session, publications)
    await auditing.judge_seen(session, seen, now, actor=actor)
    return {row["duty_id"]: row["trust"] for row in publications}


def publication_of(duty: Duty, evidence: Evidence) -> dict[str, Any]:
    """The row of `publication`."""
    best = evidence.best
    return {
        "duty_id": duty.id,
        "url": best.url,
        "claim_kind": best.claim_kind,
        "claimed_at": best.claimed_at,
        "cms_at": best.cms_at,
        "header_at": best.header_at,
        "last_absent_at": evidence.last_absent_at,
        "first_seen_at": evidence.first_seen_at,
        "gone_at": evidence.gone_at,
        "missing_elements": evidence.missing_elements or [],
        "trust": evidence.trust,
        "contradicted": evidence.contradicted,
        "fact_id": best.id,
    }


def seen_of(duty: Duty, evidence: Evidence, calendar: Workdays) -> dict[str, Any]:
    """What the audit reads of the evidence. What was in review is not any more."""
    by_days = duty.basis == "calendar"
    columns = ordinals.evidence_ordinals(
        evidence,
        duty.formed_on,
        by_days=by_days,
        calendar=calendar,
        staying=rule_of_duty(duty).staying,
    )
    return {"duty_id": duty.id, "in_review": False, **columns}
