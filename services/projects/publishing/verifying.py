"""The register held against what the collector reads: in the matcher's turn, and for it.

A page that agrees with an entry about its duty stands for when it came online (trust 5, where both
name the day); an entry whose page was read is verified, one that two walks missed is for a person.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar import service as calendars
from services.projects.collecting.models import PortalPage
from services.projects.publishing import queries, rules
from services.projects.publishing.rules import UnitClaim
from services.projects.publishing.workflow import WORKFLOW, RegisteredReleaseAction
from shared.security import audit_log
from shared.workdays import Workdays

_SEEN = WORKFLOW.of(RegisteredReleaseAction.SEE)[0].audited
_MISSED = WORKFLOW.of(RegisteredReleaseAction.MISS)[0].audited


class RegisterClaims:
    """What the register says of some duties, by which their pages are read; `coverage_only` are the
    portals of which nothing ends a clock."""

    def __init__(
        self, claims: Sequence[UnitClaim], coverage_only: Collection[str], calendar: Workdays
    ) -> None:
        self._coverage_only, self._calendar = coverage_only, calendar
        self._of_duty: dict[UUID, list[UnitClaim]] = defaultdict(list)
        for claim in claims:
            self._of_duty[claim.duty_id].append(claim)

    def ends_clock(self, page: PortalPage) -> bool:
        """Whether what stands there is published; else it only reaches one more carrier."""
        return page.portal_id not in self._coverage_only

    def of(self, page: PortalPage, duty_id: UUID) -> UnitClaim | None:
        """What stands for when the page came online; None where the register does not say."""
        return rules.believed(self._of_duty[duty_id], page, self._calendar)


async def claims_about(
    session: AsyncSession, duties: Collection[UUID], pages: Collection[PortalPage]
) -> RegisterClaims:
    """What the register says of these duties, for these pages."""
    portals = {page.portal_id for page in pages}
    found = await queries.claims(session, duties, portals)
    return RegisterClaims(*found, await calendars.load(session))


async def coverage_only(session: AsyncSession, pages: Collection[PortalPage]) -> set[str]:
    """The portals of these pages of which nothing ends a clock."""
    return await queries.coverage_only(session, {page.portal_id for page in pages})


async def take_up(session: AsyncSession) -> int:
    """Have pages at addresses that were released since they were read matched again."""
    return await queries.want_places(session)


async def want_again(session: AsyncSession, duties: Collection[UUID]) -> None:
    """Have the pages that the register names for these duties matched again."""
    if duties:
        await queries.want_again(session, duties)


async def tied_duties(
    session: AsyncSession, pages: Sequence[PortalPage]
) -> list[tuple[PortalPage, UUID]]:
    """The pages that show the document which the register names for a duty of which nothing was
    seen, with that duty: the unit's own word, for a person to look at."""
    readable = {page.id: page for page in pages if rules.is_readable(page)}
    tied = await queries.tied_to(session, [*readable]) if readable else []
    found = {
        (each.page_id, each.duty_id)
        for each in tied
        if rules.is_same_document(each.title, each.doc_no, readable[each.page_id])
    }
    return [(readable[page_id], duty_id) for page_id, duty_id in sorted(found)]


async def note_seen(
    session: AsyncSession, pages: Sequence[PortalPage], now: datetime, *, actor: str
) -> None:
    """Entries whose document stands on one of these pages are verified."""
    readable = {page.id: page for page in pages if rules.is_readable(page)}
    if not readable:
        return
    found = {
        sought.place_id: sought
        for sought in await queries.sought_on(session, [*readable])
        if rules.is_same_document(sought.title, sought.doc_no, readable[sought.page_id])
    }
    if found:
        verified = await queries.note_seen(session, found, now, actor=actor)
        await _note(session, verified, _SEEN, now, actor)


async def note_missed(session: AsyncSession, now: datetime, *, actor: str) -> int:
    """Entries that two walks did not find are for a person; how many."""
    missed = await queries.note_missed(session)
    await _note(session, missed, _MISSED, now, actor)
    return len(missed)


async def _note(
    session: AsyncSession, releases: Sequence[UUID], action: str, now: datetime, actor: str
) -> None:
    entries: list[tuple[str, dict[str, object]]] = [(f"release:{each}", {}) for each in releases]
    if entries:
        await audit_log.write_many(session, actor, action, entries, now)
