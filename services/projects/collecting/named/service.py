"""Have pages read that no list shows, as pages of a portal of their unit."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.hosts import queries as hosts
from services.projects.collecting.models import NEVER, CollectorRun, PortalPage, RunKind
from services.projects.collecting.named import queries
from services.projects.portals.models import Portal


async def name_page(
    session: AsyncSession, portal_id: str, url: str, at: datetime, absent_at: datetime | None
) -> UUID:
    """Have the address read as a page of the portal, also where it was read before; its id.

    `absent_at`: when it was proven to be nowhere that its unit publishes.
    """
    page = PortalPage(
        portal_id=portal_id,
        url=url,
        title=url[:500],
        first_seen_at=at,
        last_absent_at=absent_at,
        last_listed_at=NEVER,
        content_seen_at=at,
        content_absent_at=absent_at,
        match_wanted=False,
    )
    return await queries.put_page(session, page)


async def queue_pages(
    session: AsyncSession, among: Sequence[Portal], by: str, now: datetime
) -> None:
    """Queue runs that read pages of these portals and no list, for they have none."""
    runs = [
        CollectorRun(
            portal_id=portal.id,
            rule_version=portal.rule_version or 1,
            kind=RunKind.FULL,
            requested_at=now,
            requested_by=by,
            list_complete=True,
        )
        for portal in among
    ]
    await hosts.queue(session, runs)
