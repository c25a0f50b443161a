"""What was collected is matched again once something that matching goes by is known otherwise.

A duty that is recorded after its page was collected, a project's new name or code, a portal's new
cue or unit: each asks for it by a mark on its own row, so that whoever changes it waits for nobody.
Here the marks are taken, and the pages that may be concerned are put among those that wait.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import service as duties
from services.projects.matching import queries, rules
from services.projects.matching.queries import PageMarks
from services.projects.matching.rules import Candidate, PageFacts
from services.projects.portals import service as portals
from services.projects.publishing import verifying
from services.projects.reading.rule import ItemCue
from services.projects.register import service as register

DUTIES_A_TURN = 200
PAGES_A_BREATH = 100
"""After so many pages are looked through, others of the process get their turn."""


async def take_up(session: AsyncSession, now: datetime, *, actor: str) -> int:
    """Take some of the marks, and want the pages concerned matched; returns how many were taken."""
    renamed = await register.take_renamed(session)
    if renamed:
        await duties.rematch(session, renamed, now, actor=actor)
    units = await register.take_renamed_units(session)
    if units:
        await queries.want_pages_from(session, [name for names in units.values() for name in names])
        await duties.rematch_units(session, [*units], now, actor=actor)
    changed = await portals.take_rematched(session)
    if changed:
        await queries.want_pages_of(session, changed)
    wanted = await duties.to_rematch(session, DUTIES_A_TURN)
    if wanted:
        # Thought through before the turn to judge is taken, for which all others wait.
        await _want_pages(session, await queries.candidates(session, [*wanted]))
        await verifying.want_again(session, [*wanted])
        await duties.settle_rematched(session, wanted)
    return len(renamed) + len(units) + len(changed) + len(wanted)


async def _want_pages(session: AsyncSession, wanted: Sequence[Candidate]) -> None:
    codes = sorted({code for duty in wanted for code in duty.codes})
    documents = sorted({rules.normal_document_no(d.doc_no) for d in wanted if d.doc_no})
    pages = set(await queries.pages_marked(session, codes, documents))
    pages |= await _taken_besides(session, [duty.duty_id for duty in wanted])
    by_unit: dict[str, list[Candidate]] = defaultdict(list)
    for duty in wanted:
        by_unit[duty.unit_code].append(duty)
    for unit_code, of_unit in by_unit.items():
        untaken = await queries.untaken_pages(session, unit_code)
        pages |= await _tied(untaken, unit_code, of_unit)
        pages |= await _unread(session, [page for page in untaken if page.is_unread], of_unit)
    await queries.want_pages(session, sorted(pages))


async def _taken_besides(session: AsyncSession, wanted: Sequence[UUID]) -> set[UUID]:
    """The pages that publish a duty of the same project already and may publish one of these: of
    the same item, or of one that their portal's cues name as well.
    """
    taken = await queries.taken_besides(session, wanted)
    cues = await _cues(session, {page.portal_id for page in taken})
    found = set()
    for page in taken:
        items = rules.item_codes(cues[page.portal_id], page.column_name, page.words)
        if page.is_same or page.item_code in items:
            found.add(page.id)
    return found


async def _unread(
    session: AsyncSession, pages: Sequence[PageMarks], wanted: Sequence[Candidate]
) -> set[UUID]:
    """Those of the pages in words that nobody has read whose portal's cues name an item of these
    duties, as `propose_unread` goes by.
    """
    cues = await _cues(session, {page.portal_id for page in pages})
    items = {duty.item_code for duty in wanted}
    found = set()
    for page in pages:
        title = page.listed_title or page.title
        if items & rules.item_codes(cues[page.portal_id], page.column_name, title):
            found.add(page.id)
    return found


async def _cues(session: AsyncSession, portal_ids: Iterable[str]) -> dict[str, list[ItemCue]]:
    """Of each of the portals, by what it names items."""
    return {each: (await portals.rule_in_force(session, each)).items for each in portal_ids}


async def _tied(
    pages: Sequence[PageMarks], unit_code: str, wanted: Sequence[Candidate]
) -> set[UUID]:
    """The pages that are tied to one of the duties of their unit."""
    found = set()
    for at, page in enumerate(pages):
        if at % PAGES_A_BREATH == PAGES_A_BREATH - 1:
            await asyncio.sleep(0)
        facts = PageFacts(
            unit_code=unit_code,
            title=page.title,
            project_code=page.project_code,
            project_name=page.project_name,
            doc_no=page.doc_no,
            formed_on=None,
            item_codes=frozenset(),
        )
        if rules.may_publish(facts, wanted):
            found.add(page.id)
    return found
