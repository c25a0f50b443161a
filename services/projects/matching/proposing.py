"""Which duties each waiting page may publish: what is known of it, gathered for the rules."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting import table_rows
from services.projects.collecting.models import DetailState, PortalPage
from services.projects.duties import service as duties
from services.projects.matching import queries, rules
from services.projects.matching.models import MatchState, PageMatch, ReviewReason
from services.projects.matching.naming import (
    is_in_row,
    may_be_of_another,
    propose_besides,
    propose_by_names,
)
from services.projects.matching.rules import Candidate, PageFacts, Proposal, Row
from services.projects.portals import service as portals
from services.projects.portals.models import Portal
from services.projects.reading.cues import own_words
from services.projects.reading.rule import CollectorRule
from services.projects.register import service as register


async def proposals(
    session: AsyncSession, waiting: Sequence[tuple[PortalPage, Portal]], known: Sequence[PageMatch]
) -> list[tuple[PortalPage, Proposal]]:
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
    return [
        (page, proposal) for page, portal in waiting for proposal in await proposer.of(page, portal)
    ]


async def _taken(session: AsyncSession, known: Sequence[PageMatch]) -> dict[UUID, set[str]]:
    """The projects of which a page is known to publish a duty, by page."""
    accepted = [match for match in known if match.state is MatchState.ACCEPTED]
    found = await queries.candidates(session, [match.duty_id for match in accepted])
    project_of = {duty.duty_id: duty.project_code for duty in found}
    taken: dict[UUID, set[str]] = defaultdict(set)
    for match in accepted:
        taken[match.page_id].add(project_of[match.duty_id])
    return taken


@dataclass
class _Proposer:
    """What one turn knows; a portal's rule and a unit's duties are read once."""

    session: AsyncSession
    exact: Sequence[Candidate]
    units: Mapping[str, str]
    taken: Mapping[UUID, set[str]]
    rows: Mapping[UUID, Sequence[Row]]
    _unseen: dict[str, list[Candidate]] = field(default_factory=dict)
    _rules: dict[str, CollectorRule] = field(default_factory=dict)

    async def of(self, page: PortalPage, portal: Portal) -> list[Proposal]:
        """What the page may publish; of one that was never read, for a person, because only the
        list speaks of it, and what it leads to may be anything.
        """
        found = await self._of(page, portal)
        if page.detail_state is not DetailState.UNREADABLE or page.content_sha256 is not None:
            return found
        return [
            replace(proposal, reason=proposal.reason or ReviewReason.PAGE_UNREADABLE)
            for proposal in found
        ]

    async def _of(self, page: PortalPage, portal: Portal) -> list[Proposal]:
        """What the page may publish of its portal's unit, or else of the unit it names."""
        facts = await self._facts(page, portal)
        candidates = self._besides_rows(page, facts, await self._candidates(portal.unit_code))
        if page.id in self.taken:
            return propose_besides(facts, candidates, self.taken[page.id])
        own = propose_by_names(facts, candidates)
        named = self.units.get(page.source_name or "", portal.unit_code)
        if named == portal.unit_code or not may_be_of_another(own):
            return own
        theirs = replace(facts, unit_code=named)
        others = self._besides_rows(page, facts, await self._candidates(named))
        return propose_by_names(theirs, others) or own

    def _besides_rows(
        self, page: PortalPage, facts: PageFacts, candidates: Sequence[Candidate]
    ) -> list[Candidate]:
        """Without what a row of the page publishes: that is not asked of the page once more."""
        rows = self.rows.get(page.id, ())
        return [each for each in candidates if not is_in_row(each, facts, rows)]

    async def _candidates(self, unit: str) -> list[Candidate]:
        if unit not in self._unseen:
            owed = await duties.unseen(self.session, unit)
            self._unseen[unit] = [Candidate(**duty._asdict()) for duty in owed]
        each = [*self.exact, *self._unseen[unit]]
        return list({candidate.duty_id: candidate for candidate in each}.values())

    async def _facts(self, page: PortalPage, portal: Portal) -> PageFacts:
        if portal.id not in self._rules:
            self._rules[portal.id] = await portals.rule_in_force(self.session, portal.id)
        title_above = None if page.parent_id is None else page.listed_title or ""
        words = page.title if title_above is None else f"{title_above} {page.title}"
        cues = self._rules[portal.id].items
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
