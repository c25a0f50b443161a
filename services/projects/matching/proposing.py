"""Which duties each waiting page may publish: what is known of it, gathered for the rules."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting import table_rows
from services.projects.collecting.models import NEVER, DetailState, PortalPage
from services.projects.duties import service as duties
from services.projects.matching import queries, rules
from services.projects.matching.models import MATCHER, MatchState, PageMatch, ReviewReason
from services.projects.matching.naming import (
    is_in_row,
    may_be_of_another,
    no_longer_sure,
    propose_again,
    propose_besides,
    propose_by_names,
)
from services.projects.matching.rules import Candidate, PageFacts, Proposal, Row
from services.projects.matching.unread import is_unread, propose_unread
from services.projects.portals import service as portals
from services.projects.portals.models import Portal
from services.projects.reading.claims import Flag
from services.projects.reading.cues import own_words
from services.projects.reading.rule import CollectorRule
from services.projects.register import service as register


@dataclass(frozen=True)
class Proposed:
    """What pages may publish, and which matches of the matcher's own do not stand any more: by what
    is known now it would have asked a person, or have found another duty of the project.
    """

    pairs: Sequence[tuple[PortalPage, Proposal]]
    undone: Sequence[PageMatch]


@dataclass
class _Taken:
    """What is decided of one page: the matches that stand, their duties, and those rejected."""

    accepted: dict[UUID, PageMatch] = field(default_factory=dict)
    duties: list[Candidate] = field(default_factory=list)
    rejected: set[UUID] = field(default_factory=set)

    @property
    def projects(self) -> set[str]:
        return {duty.about for duty in self.duties}

    def undone(self, again: Sequence[Proposal]) -> list[PageMatch]:
        """The matcher's own matches that it would leave to a person, or give to another duty."""
        matches = [self.accepted[duty.duty_id] for duty in no_longer_sure(self.duties, again)]
        return [match for match in matches if match.decided_by == MATCHER]


async def proposals(
    session: AsyncSession, waiting: Sequence[tuple[PortalPage, Portal]], known: Sequence[PageMatch]
) -> Proposed:
    """The duties that each page may publish; `known` are the matches that there are already."""
    pages = [page for page, _ in waiting]
    codes = sorted({page.project_code for page in pages if page.project_code})
    documents = sorted({page.doc_no for page in pages if page.doc_no})
    exact = await queries.exact_candidates(session, codes, documents)
    copies = await queries.duties_of_copies(session, [page.id for page in pages])
    exact += await queries.candidates(session, copies)
    sources = {page.source_name for page in pages if page.source_name}
    units = await register.units_named(session, sources)
    standing = await table_rows.rows_now(session, [page.id for page in pages])
    rows = {
        page_id: [Row(row.project_code, row.project_name) for row in of_page]
        for page_id, of_page in standing.items()
    }
    proposer = _Proposer(session, exact, units, await _taken(session, known), rows)
    pairs = [
        (page, proposal) for page, portal in waiting for proposal in await proposer.of(page, portal)
    ]
    return Proposed(pairs, proposer.undone)


async def _taken(session: AsyncSession, known: Sequence[PageMatch]) -> dict[UUID, _Taken]:
    """What is decided of each page that is known to publish a duty."""
    accepted = [match for match in known if match.state is MatchState.ACCEPTED]
    found = await queries.candidates(session, [match.duty_id for match in accepted])
    by_id = {duty.duty_id: duty for duty in found}
    taken: dict[UUID, _Taken] = defaultdict(_Taken)
    for match in accepted:
        taken[match.page_id].accepted[match.duty_id] = match
        taken[match.page_id].duties.append(by_id[match.duty_id])
    for match in known:
        if match.state is MatchState.REJECTED and match.page_id in taken:
            taken[match.page_id].rejected.add(match.duty_id)
    return taken


@dataclass
class _Proposer:
    """What one turn knows; a portal's rule and a unit's duties are read once."""

    session: AsyncSession
    exact: Sequence[Candidate]
    units: Mapping[str, str]
    taken: Mapping[UUID, _Taken]
    rows: Mapping[UUID, Sequence[Row]]
    undone: list[PageMatch] = field(default_factory=list)
    _unseen: dict[str, list[Candidate]] = field(default_factory=dict)
    _rules: dict[str, CollectorRule] = field(default_factory=dict)

    async def of(self, page: PortalPage, portal: Portal) -> list[Proposal]:
        """What the page may publish; of one that was never read, for a person, because only the
        list speaks of it, and what it leads to may be anything.
        """
        found = await self._of(page, portal)
        if is_unread(page):
            cues = (await self._rule(portal)).items
            candidates = await self._candidates(portal.unit_code)
            found += propose_unread(page, portal.unit_code, cues, candidates, found)
        if Flag.IN_PROSE in page.flags:
            found = [replace(p, reason=p.reason or ReviewReason.SEVERAL_PROJECTS) for p in found]
        if page.detail_state is DetailState.UNREADABLE and page.content_sha256 is None:
            found = [replace(p, reason=p.reason or ReviewReason.PAGE_UNREADABLE) for p in found]
        return [_by_its_word(proposal, page, portal) for proposal in found]

    async def _of(self, page: PortalPage, portal: Portal) -> list[Proposal]:
        """What the page may publish; of one that publishes something, what it may publish besides,
        also of the same project: which of its duties are known first makes no difference.
        """
        facts = await self._facts(page, portal)
        taken = self.taken.get(page.id)
        if taken is None:
            return await self._fresh(page, portal, facts, [])
        candidates = self._besides_rows(page, facts, await self._candidates(portal.unit_code))
        besides = propose_besides(facts, candidates, taken.projects)
        fresh = await self._fresh(page, portal, facts, taken.duties)
        settled = taken.accepted.keys() | taken.rejected
        again = propose_again(facts, fresh, taken.duties, settled)
        self.undone += taken.undone(again)
        return besides + again

    async def _fresh(
        self, page: PortalPage, portal: Portal, facts: PageFacts, known: Sequence[Candidate]
    ) -> list[Proposal]:
        """What the page may publish of its portal's unit, or else of the unit it names."""
        candidates = await self._candidates(portal.unit_code, known)
        own = propose_by_names(facts, self._besides_rows(page, facts, candidates))
        named = self.units.get(page.source_name or "", portal.unit_code)
        if named == portal.unit_code or not may_be_of_another(own):
            return own
        theirs = replace(facts, unit_code=named)
        others = self._besides_rows(page, facts, await self._candidates(named, known))
        return propose_by_names(theirs, others) or own

    def _besides_rows(
        self, page: PortalPage, facts: PageFacts, candidates: Sequence[Candidate]
    ) -> list[Candidate]:
        """Without what a row of the page publishes: that is not asked of the page once more."""
        rows = self.rows.get(page.id, ())
        return [each for each in candidates if not is_in_row(each, facts, rows)]

    async def _candidates(self, unit: str, known: Sequence[Candidate] = ()) -> list[Candidate]:
        if unit not in self._unseen:
            owed = await duties.unseen(self.session, unit)
            self._unseen[unit] = [Candidate(**duty._asdict()) for duty in owed]
        each = [*self.exact, *self._unseen[unit], *known]
        return list({candidate.duty_id: candidate for candidate in each}.values())

    async def _rule(self, portal: Portal) -> CollectorRule:
        if portal.id not in self._rules:
            self._rules[portal.id] = await portals.rule_in_force(self.session, portal.id)
        return self._rules[portal.id]

    async def _facts(self, page: PortalPage, portal: Portal) -> PageFacts:
        title_above = None if page.parent_id is None else page.listed_title or ""
        words = page.title if title_above is None else f"{title_above} {page.title}"
        cues = (await self._rule(portal)).items
        items = rules.item_codes(cues, page.column_name, words)
        return PageFacts(
            unit_code=portal.unit_code,
            title=page.title,
            project_code=page.project_code,
            project_name=page.project_name,
            doc_no=page.doc_no,
            formed_on=page.formed_on,
            item_codes=items,
            title_above=title_above,
            own_words=own_words(cues, items),
        )


def is_same(known: PageMatch | None, match: PageMatch) -> bool:
    """Whether a proposal that waits for a person says the same already."""
    return known is not None and (known.state, known.reason, known.method) == (
        match.state,
        match.reason,
        match.method,
    )


def _by_its_word(proposal: Proposal, page: PortalPage, portal: Portal) -> Proposal:
    """Nobody has agreed on a place without a list, nor does it say the item: whatever stands there
    is for a person, and until then it keeps nothing from being said, or a unit would have a red
    light put out by any page. So it is with what is in doubt at an address that no list has shown.
    """
    if portal.has_list and (page.last_listed_at != NEVER or proposal.reason is None):
        return proposal
    return replace(proposal, reason=ReviewReason.NAMED_BY_UNIT)


def new_match(
    page: PortalPage, proposal: Proposal, now: datetime, *, makes_late: bool
) -> PageMatch:
    """The match that is proposed: for a person, or accepted where it is sure and blames nobody."""
    duty = proposal.candidate
    reason = proposal.reason or (ReviewReason.MAKES_LATE if makes_late else None)
    return PageMatch(
        page_id=page.id,
        duty_id=duty.duty_id,
        unit_code=duty.unit_code,
        method=proposal.method,
        score=proposal.score,
        state=MatchState.REVIEW if reason else MatchState.ACCEPTED,
        reason=reason,
        found_at=now,
        decided_at=None if reason else now,
        decided_by=None if reason else MATCHER,
    )
