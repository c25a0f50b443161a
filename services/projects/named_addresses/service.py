"""A unit names an address: it is noted, and its unit is told what will become of it."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.named_addresses import queries, rules
from services.projects.named_addresses.models import NamedAddress
from services.projects.named_addresses.rules import Recapture


async def name(session: AsyncSession, unit_code: str, url: str, now: datetime) -> Recapture:
    """Have the address read by the collector, which is asked for it within seconds."""
    address = rules.address_of(url)
    session.add(NamedAddress(unit_code=unit_code, url=address, named_at=now))
    portal = await queries.portal_of(session, unit_code, address)
    if portal is None or not portal.has_list:
        return Recapture(None, None)
    return Recapture(portal.id, portal.name)
