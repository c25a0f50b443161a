"""What a walk notes of the list: its entries as listed now, its pages as evidence, its moves."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting import queries, rules
from services.projects.collecting.answers import KeptAnswer, keep_before
from services.projects.collecting.models import CollectorRun, PortalPage
from services.projects.evidence import service as evidence
from services.projects.portals import service as portals
from services.projects.portals.models import Portal
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.lists import ListPage


async def note_list_page(
    session: AsyncSession, run: CollectorRun, portal: Portal, page: ListPage, kept: KeptAnswer
) -> None:
    """Keep a list page as evidence and its entries as listed now; moves the run's progress on."""
    seen = kept.capture
    listed, new = await _note_entries(session, portal, page, kept)
    if rules.counts_otherwise(run, page):
        note_shift(run, seen.url)
    run.declared_pages = run.declared_pages or page.pages
    run.declared_items = page.total if run.declared_items is None else run.declared_items
    run.list_marks = [*run.list_marks, rules.list_mark(page)]
    run.pages += 1
    run.takeovers = 0
    run.items += listed
    run.new_items += new
    run.known_pages = 0 if new else run.known_pages + 1
    if portal.layout is None and page.layout:
        await portals.note_layout(session, portal, page.layout)
    elif page.layout and page.layout != portal.layout:
        note_error(run, seen.url, SourceFault(Fault.REDESIGNED, "the layout has changed"))
    if page.lacks:
        note_error(run, seen.url, SourceFault(Fault.REDESIGNED, "entries are missing on the page"))


async def note_shifted_page(
    session: AsyncSession, run: CollectorRun, portal: Portal, page: ListPage, kept: KeptAnswer
) -> None:
    """A page of the list holds other entries than when it was read first: the list moved."""
    _, new = await _note_entries(session, portal, page, kept)
    run.new_items += new
    note_shift(run, kept.capture.url)


def note_shift(run: CollectorRun, url: str) -> None:
    """The list moved while it was read, so that an entry may have been on none of its pages."""
    run.is_shifted = True
    note_error(run, url, SourceFault(Fault.SHIFTED, "the list changed while it was read"))


def note_listed(run: CollectorRun, listed: int) -> None:
    """How many different entries a walk met at its end, if the list says that it has more."""
    if rules.are_too_few(run, listed):
        few = f"{listed} of {run.declared_items} entries were listed"
        note_error(run, "", SourceFault(Fault.REDESIGNED, few))


async def _note_entries(
    session: AsyncSession, portal: Portal, page: ListPage, kept: KeptAnswer
) -> tuple[int, int]:
    """Keep the page as evidence and its entries as listed; how many there are, how many new."""
    seen = kept.capture
    await keep_before(session, portal, kept)
    await evidence.record(session, portal.id, seen, is_public=portal.is_public)
    # What is named twice counts as it is named first; ids rise in the order of the list.
    first = {entry.url: entry for entry in reversed(page.entries)}
    entries = [first[url] for url in dict.fromkeys(entry.url for entry in page.entries)]
    listed = [
        PortalPage(
            portal_id=portal.id,
            url=entry.url,
            title=entry.title[:500],
            listed_title=entry.title[:500],
            listed_on=entry.listed_on,
            column_name=entry.column[:100] if entry.column else None,
            first_seen_at=seen.fetched_at,
            last_absent_at=portal.proven_at,
            content_seen_at=seen.fetched_at,
            content_absent_at=portal.proven_at,
            last_listed_at=seen.fetched_at,
            detail_state=rules.first_state(entry.url, portal.start_url),
        )
        for entry in entries
    ]
    return len(listed), await queries.list_entries(session, listed) if listed else 0


def note_error(run: CollectorRun, url: str, fault: SourceFault) -> None:
    """One more of the run's errors; the first ones are kept."""
    run.error_count += 1
    if len(run.errors) < rules.ERRORS_KEPT:
        error = {"url": url, "fault": fault.fault.value, "detail": fault.detail[:200]}
        run.errors = [*run.errors, error]


def note_stopped(run: CollectorRun, error: OSError) -> None:
    """That the run stopped because evidence could not be kept: said once, and no fault of the
    portal, so that it is not counted, and neither is who takes the run over."""
    run.takeovers = 0
    stop = {"url": "", "fault": "evidence_not_kept", "detail": type(error).__name__}
    if stop not in run.errors:
        run.errors = [*run.errors, stop]
