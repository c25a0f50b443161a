"""SQL of the board of sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.portals.models import PortalHealth
from services.projects.reading.faults import Fault
from services.projects.source_health.statement import SOURCES, SUMMARY

HOSTS_SHOWN = 20
DUTIES_SHOWN = 20


class SourceTally(NamedTuple):
    """How many portals are in a state, by class of error where `is_by_fault`."""

    enabled: bool
    health: PortalHealth
    fault: Fault | None
    is_by_fault: bool
    portals: int
    units: int
    since: datetime | None


class HostBehind(NamedTuple):
    """A host of which `behind` of its portals wait for longer than they should."""

    host: str
    portals: int
    behind: int
    since: datetime


class Summary(NamedTuple):
    """What is counted of all sources; the hosts that wait for longest come first."""

    tallies: Sequence[SourceTally]
    waiting_duties: int
    unproven: int
    behind: Sequence[HostBehind]


class SourceRow(NamedTuple):
    """A portal with its unit, and the duties that cannot be judged as long as it is not read."""

    id: str
    name: str
    unit_code: str
    unit_name: str
    host: str
    health: PortalHealth
    fault: Fault | None
    since: datetime
    walked_at: datetime | None
    proven_at: datetime | None
    read_at: datetime | None
    run_id: UUID | None
    unproven_since: datetime | None
    next_run_at: datetime
    waiting_duties: int
    duties: list[dict[str, Any]] | None


class Wanted(NamedTuple):
    """Which portals, and after which one; without a state those that need somebody."""

    health: PortalHealth | None
    fault: Fault | None
    unit: str | None
    unproven_since: datetime
    after: tuple[datetime, str] | None
    limit: int


async def summary(
    session: AsyncSession, behind_since: datetime, unproven_since: datetime
) -> Summary:
    """All that is counted, with the hosts that have portals which were due before a moment, and
    how many portals have proven nothing since another.
    """
    asked = {"since": behind_since, "limit": HOSTS_SHOWN, "unproven_since": unproven_since}
    tallies, waiting, unproven, behind = (await session.execute(SUMMARY, asked)).one()
    return Summary(
        [SourceTally(**_dated(each)) for each in tallies or []],
        waiting,
        unproven,
        [HostBehind(**_dated(each)) for each in behind or []],
    )


async def sources(session: AsyncSession, wanted: Wanted) -> Sequence[SourceRow]:
    after, after_id = wanted.after or (None, None)
    values = {
        "health": wanted.health,
        "fault": wanted.fault,
        "unit": wanted.unit,
        "unproven_since": wanted.unproven_since,
        "after": after,
        "after_id": after_id,
        "limit": wanted.limit,
        "shown": DUTIES_SHOWN,
    }
    return [SourceRow(*row) for row in await session.execute(SOURCES, values)]


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no moments."""
    since = row["since"]
    return row | {"since": None if since is None else datetime.fromisoformat(since)}
