"""Gathers the proof of a verdict: all that it follows from, as it is recorded."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.deciding import judgement
from services.projects.auditing.models import Reason, VerdictEvent
from services.projects.auditing.rules.judging import Judgement
from services.projects.calendar import service as calendars
from services.projects.calendar.models import WorkCalendarDay
from services.projects.calendar.rules import EPOCH
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties import rules as duty_rules
from services.projects.duties import seen
from services.projects.duties.models import DutyRuling, FactKind, PublicationFact, TriggerKind
from services.projects.duties.seen import SeenDuty
from services.projects.duties.service import may_see
from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore
from services.projects.evidence.linking import LinkedCapture, linked
from services.projects.proofs import queries
from services.projects.proofs.queries import WalkedList
from services.projects.reports.sealing.service import FactPaths, paths_of
from shared.clock import today
from shared.errors import NotFound
from shared.security.identity import Caller

MOST_CAPTURES = 100
MOST_BYTES = 10_000_000
"""A list of hundreds of pages makes no file that can be sent: what is left out is named by id."""


class Followed(NamedTuple):
    """The duty with which another goes: that one begins on the day this one is published.

    `facts` are what was seen of it; None where not all of that is for the reader, who gets the day
    alone (`published_on`; None: it is not published).
    """

    duty_id: UUID
    unit_code: str
    published_on: date | None
    facts: Sequence[tuple[PublicationFact, bool]] | None


class Recorded(NamedTuple):
    """A duty with what its item asks for and all its facts, and of which the absence counts not.

    `event_on`: the day of the event that made it a duty.
    """

    found: SeenDuty
    item: CatalogueItem
    trigger: TriggerKind
    event_on: date | None
    facts: Sequence[tuple[PublicationFact, bool]]

    @property
    def counting(self) -> list[PublicationFact]:
        """The facts as the duty is judged by them."""
        return _counting(self.facts)


class Gathered(NamedTuple):
    """A verdict as of `now` by the rule in force, and all that it follows from.

    `bodies` are the bytes of the captures, in their order; `sealed` is how facts lead to a report.
    `is_theirs`: it is for somebody who may see the duty, and therefore reads the rulings whole.
    """

    now: datetime
    found: SeenDuty
    judged: Judgement
    item: CatalogueItem
    trigger: TriggerKind
    event_on: date | None
    followed: Followed | None
    facts: Sequence[tuple[PublicationFact, bool]]
    rulings: Sequence[DutyRuling]
    moves: Sequence[VerdictEvent]
    days: Sequence[WorkCalendarDay]
    walks: Sequence[WalkedList]
    captures: Sequence[LinkedCapture]
    bodies: Sequence[bytes]
    left_out: Sequence[UUID]
    is_theirs: bool
    sealed: FactPaths | None

    @property
    def over_by(self) -> int | None:
        """By how many days of its clock it is over."""
        standing = self.found.standing
        return self.found.basis.days_over(
            self.judged, standing.due_ord, by_days=standing.calendar_days
        )

    @property
    def keep_until(self) -> date | None:
        """Until when what is published must stay, if it came as late as it can have."""
        duty, until = self.found.duty, self.found.standing.stay_most_day
        return None if until is None or duty.formed_on is None else EPOCH + timedelta(days=until)


async def recorded(session: AsyncSession, duty_id: UUID, now: datetime) -> Recorded:
    """The duty with its facts, whoever may see it. Raises NotFound."""
    found = await seen.find_duty(session, duty_id, now)
    if found is None:
        raise NotFound
    words = await queries.words(session, found.duty.item_id, found.duty.trigger_id)
    return Recorded(found, *words, await seen.recorded_facts(session, duty_id))


async def _followed(
    session: AsyncSession, found: SeenDuty, caller: Caller | None
) -> Followed | None:
    leader = found.duty.follows_id
    if leader is None:
        return None
    unit = await queries.unit_of(session, leader)
    facts = await seen.recorded_facts(session, leader)
    evidence = duty_rules.summarise(_counting(facts), found.calendar)
    published_on = None if evidence is None else evidence.day
    is_open = bool(caller and may_see(caller, unit)) or await _are_public(session, facts)
    return Followed(leader, unit, published_on, facts if is_open else None)


async def _are_public(session: AsyncSession, facts: Sequence[tuple[PublicationFact, bool]]) -> bool:
    """Whether all that was seen is on pages that everybody may see."""
    sightings = [fact.evidence_id for fact, _ in facts if fact.kind is FactKind.SIGHTING]
    named = [each for each in sightings if each is not None]
    return len(named) == len(sightings) and await queries.all_public(session, named)


def _counting(facts: Sequence[tuple[PublicationFact, bool]]) -> list[PublicationFact]:
    """The facts as a duty is judged by them."""
    return [fact.without_absence() if aside else fact for fact, aside in facts]


async def gather(
    session: AsyncSession,
    files: EvidenceStore,
    duty_id: UUID,
    caller: Caller | None,
    now: datetime,
) -> Gathered:
    """The proof of a duty's verdict.

    Its unit, auditors and supervisors may have it, and everybody where it rests on pages and every
    one of them is public. What was seen of another unit's duty is in it only for who may see that.
    Raises NotFound, or EvidenceDamaged where bytes are not those that were captured.
    """
    known = await recorded(session, duty_id, now)
    found, facts = known.found, known.facts
    followed = await _followed(session, found, caller)
    judged = judgement(found.standing, {}, found.basis)
    walks = await _walks(session, found, known.counting, judged)
    led = () if followed is None or followed.facts is None else followed.facts
    wanted = list(dict.fromkeys([*_wanted(facts, walks), *_wanted(led, ())]))
    is_theirs = caller is not None and may_see(caller, found.duty.unit_code)
    is_whole = followed is None or followed.facts is not None
    if not is_theirs and not (is_whole and await queries.all_public(session, wanted)):
        raise NotFound
    kept = _within(await _linked(session, wanted))
    return Gathered(
        **known._asdict(),
        now=now,
        judged=judged,
        followed=followed,
        rulings=await seen.rulings_of(session, duty_id),
        moves=await queries.moves(session, duty_id),
        days=await _days(session, found, facts, now),
        walks=walks,
        captures=kept,
        bodies=[await evidence.raw(files, each.capture) for each in kept],
        left_out=sorted({*wanted} - {each.capture.id for each in kept}),
        is_theirs=is_theirs,
        sealed=await _sealed(session, facts, led),
    )


async def _walks(
    session: AsyncSession,
    found: SeenDuty,
    counting: Sequence[PublicationFact],
    judged: Judgement,
) -> Sequence[WalkedList]:
    """The walks that prove the absence by which the duty is judged, if it is by one."""
    since = None
    if judged.reason is Reason.PROVEN_ABSENT:
        since = found.basis.walked_at
    elif judged.reason is Reason.ABSENT_AFTER_DUE:
        of_duty = duty_rules.counting(counting)
        sightings = [each for each in of_duty if each.kind is FactKind.SIGHTING]
        first = min(sightings, key=lambda each: each.observed_at, default=None)
        since = None if first is None else first.last_absent_at
    if since is None:
        return []
    return await queries.walks(session, found.duty.unit_code, since)


async def _sealed(
    session: AsyncSession, *facts: Sequence[tuple[PublicationFact, bool]]
) -> FactPaths | None:
    """How the facts lead to a report that was signed."""
    ids = [fact.id for some in facts for fact, _ in some if fact.id is not None]
    return await paths_of(session, ids) if ids else None


def _wanted(
    facts: Sequence[tuple[PublicationFact, bool]], walks: Sequence[WalkedList]
) -> list[UUID]:
    """The captures that facts name, and then those of the walks."""
    named = [fact.evidence_id for fact, _ in facts if fact.evidence_id is not None]
    of_lists = [capture for walk in walks for capture in walk.captures]
    return list(dict.fromkeys([*named, *of_lists]))


async def _linked(session: AsyncSession, wanted: Sequence[UUID]) -> list[LinkedCapture]:
    """The first of them, in their order."""
    place = {capture_id: at for at, capture_id in enumerate(wanted)}
    captures = await linked(session, wanted[:MOST_CAPTURES])
    return sorted(captures, key=lambda each: place[each.capture.id])


def _within(captures: Sequence[LinkedCapture]) -> list[LinkedCapture]:
    """As many of them as make no more than the most bytes."""
    kept, room = [], MOST_BYTES
    for each in captures:
        if each.capture.size <= room:
            room -= each.capture.size
            kept.append(each)
    return kept


async def _days(
    session: AsyncSession,
    found: SeenDuty,
    facts: Sequence[tuple[PublicationFact, bool]],
    now: datetime,
) -> Sequence[WorkCalendarDay]:
    """The days between the duty's formation and the last one that its verdict goes by."""
    span = span_of(found, [fact for fact, _ in facts], now)
    return [] if span is None else await calendars.days(session, found.duty.region, *span)


def span_of(
    found: SeenDuty, facts: Sequence[PublicationFact], now: datetime
) -> tuple[date, date] | None:
    """From which day to which the calendar is part of the proof; None of what was not formed.

    Where an end is not known, all that are loaded: that they do not reach it is the proof.
    """
    duty, standing, loaded_until = found.duty, found.standing, found.calendar.last_day
    if duty.formed_on is None:
        return None
    ends = [found.due_on(duty.due_ord) or loaded_until]
    if standing.keep is not None and standing.is_seen:
        stays = (standing.stay_least_day, standing.stay_most_day)
        ends += [loaded_until if n is None else EPOCH + timedelta(days=n) for n in stays]
    named = [(fact.observed_at, fact.claimed_at, fact.last_absent_at) for fact in facts]
    moments = [moment for each in named for moment in each if moment is not None]
    first = min([duty.formed_on, today(now), *ends])
    return first, max([*ends, today(now), *map(today, moments)])
