"""Named addresses on their way to the collector, each on a portal of its unit."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.named import service as named
from services.projects.named_addresses import queries, rules
from services.projects.named_addresses.models import NamedAddress
from services.projects.portals.models import PortalRule

READER = "named-addresses"
BATCH = 50


async def place(session: AsyncSession, now: datetime) -> int:
    """Put some addresses before the collector, and what is to be read again; how many were new."""
    waiting = await queries.unplaced(session, BATCH)
    for address in waiting:
        await _place(session, address, now)
    await session.flush()
    due = await queries.due(session, now, BATCH)
    await named.queue_pages(session, due, READER, now)
    await queries.hurry(session, now)
    return len(waiting)


async def _place(session: AsyncSession, address: NamedAddress, now: datetime) -> None:
    """Put the address on the portal that takes it in, made where there is none."""
    columns = await queries.columns(session, address.unit_code)
    known = await queries.portal_of(session, address.unit_code, address.url)
    if known is not None:
        portal_id = known.id
    else:
        portal = rules.portal_without_list(address.unit_code, address.url, now)
        rule = rules.reading_rule(judges_elements=columns.judge_elements)
        stored = PortalRule(
            portal_id=portal.id,
            version=1,
            rule=rule.model_dump(mode="json"),
            created_at=now,
            created_by=READER,
        )
        await queries.add_portal(session, portal, stored)
        portal_id = portal.id
    address.page_id = await named.name_page(
        session, portal_id, address.url, address.named_at, columns.proven_at
    )
