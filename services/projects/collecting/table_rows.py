"""A page that publishes many: each row of its tables is a publication, kept as a page below it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting import pairing, queries, row_rules
from services.projects.collecting.models import DetailState, PortalPage
from services.projects.collecting.workflow import PAGES, PageAction
from services.projects.reading.claims import Flag
from services.projects.reading.faults import Fault
from services.projects.reading.tables import Record


async def note_rows(
    session: AsyncSession,
    unit_code: str,
    page: PortalPage,
    records: Sequence[Record],
    at: datetime,
    checked_before: datetime | None,
) -> None:
    """The rows that the page holds now; those that it held before and holds no more are gone.

    Where all are, the page may have another form now, and where several that are alike say
    something else, nobody knows which is which: a person looks whether they are there.

    `page` as it was just read; `checked_before` when it was read before, if it was.
    """
    known = await queries.hold_rows(session, page.id)
    paired, lost, unclear = pairing.pair(known, records)
    fresh = [record for record, row in zip(records, paired, strict=True) if row is None]
    addresses = iter(await _addresses(session, page, fresh))
    stands = any(row is not None and row.detail_state is DetailState.READ for row in paired)
    kinds, new = row_rules.kinds(known), []
    for record, row in zip(records, paired, strict=True):
        if row is None:
            bracket = row_rules.bracket(page, at, checked_before, has_rows=record.is_prose in kinds)
            row = row_rules.new_row(page, next(addresses), bracket)
            new.append(row)
        row_rules.take_over(row, page, record)
        _read(row, at)
    pairing.date_back(new, unclear)
    # A sentence may be said otherwise now.
    in_doubt = [row for row in lost if not stands or Flag.IN_PROSE in row.flags]
    for row in [*in_doubt, *unclear]:
        _doubt(row, at)
    for row in lost:
        if row.detail_state is DetailState.READ:
            _lose(row, at)
    await _recognise(session, unit_code, new)
    session.add_all(new)
    await session.flush()


async def _addresses(session: AsyncSession, page: PortalPage, fresh: Sequence[Record]) -> list[str]:
    """For each new row one that none has: also none of a document that stood here before."""
    if not fresh:
        return []
    start = row_rules.beginning(page.url)
    taken = await queries.row_addresses(session, page.portal_id, start)
    return row_rules.addresses(page.url, fresh, taken)


async def rows_now(session: AsyncSession, page_ids: Sequence[UUID]) -> dict[UUID, list[PortalPage]]:
    """The rows that stand on these pages now, by page."""
    found: dict[UUID, list[PortalPage]] = defaultdict(list)
    for row in await queries.rows_of(session, page_ids):
        if row.parent_id is not None and row.detail_state is DetailState.READ:
            found[row.parent_id].append(row)
    return found


async def note_rows_unchanged(session: AsyncSession, page: PortalPage, at: datetime) -> None:
    """The page is as it was read before, and so are its rows."""
    for row in await queries.hold_rows(session, page.id):
        if row.detail_state is DetailState.READ:
            row.checked_at = at


async def lose_rows(session: AsyncSession, page: PortalPage, at: datetime) -> None:
    """The page is gone, and its rows with it."""
    for row in await queries.hold_rows(session, page.id):
        _lose(row, at)


async def _recognise(session: AsyncSession, unit_code: str, new: Sequence[PortalPage]) -> None:
    """A row that stood on another page of the unit was published when it was there."""
    texts = [row.text_sha256 for row in new if row.text_sha256 is not None]
    earlier = {
        each.text_sha256: each for each in await queries.rows_alike(session, unit_code, texts)
    }
    for row in new:
        found = earlier.get(row.text_sha256)
        if found is not None and found.content_seen_at < row.content_seen_at:
            row.content_seen_at = found.content_seen_at
            row.content_absent_at = found.content_absent_at


def _read(row: PortalPage, at: datetime) -> None:
    if row.detail_state is DetailState.GONE:
        again = PAGES.find(row.detail_state, row.version, PageAction.LIST_ANEW)
        row.detail_state, row.gone_at = again.to, None
        row.match_wanted = row.match_wanted or again.is_matched
    step = PAGES.find(row.detail_state, row.version, PageAction.READ)
    row.detail_state, row.fault = step.to, None
    row.match_wanted = row.match_wanted or step.is_matched
    row.checked_at = row.last_listed_at = at
    row.version += 1


def _doubt(row: PortalPage, at: datetime) -> None:
    """A person says whether the row is there; until then it counts as it was seen."""
    if row.detail_state is not DetailState.READ:
        return
    step = PAGES.find(row.detail_state, row.version, PageAction.FAIL)
    row.detail_state, row.fault, row.checked_at = step.to, Fault.UNREADABLE, at
    row.match_wanted = row.match_wanted or step.is_matched
    row.version += 1


def _lose(row: PortalPage, at: datetime) -> None:
    if row.gone_at is not None:
        return
    step = PAGES.find(row.detail_state, row.version, PageAction.LOSE)
    row.detail_state, row.gone_at, row.checked_at = step.to, at, at
    row.match_wanted = row.match_wanted or step.is_matched
    row.version += 1
