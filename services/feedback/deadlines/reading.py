"""Clocks as they are now, with the policies and calendars that they go by.

What they go by is read with them as numbers; what stands behind the numbers, the process remembers.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar import service as calendar
from services.feedback.calendar.models import Edition
from services.feedback.deadlines import queries, statement
from services.feedback.deadlines.basis import Basis, Limit
from services.feedback.deadlines.clock_set import ClockSet, show
from services.feedback.deadlines.models import COUNTRY, Deadline, PolicyKind, SubjectKind
from services.feedback.deadlines.statement import GoesBy
from shared.cache import Cache
from shared.clock import today
from shared.database.engine import memory_of

_KEPT = 5


class _Limits(Cache[str, tuple[Limit, ...]]):
    """All policy rows, by which there are."""

    def __init__(self) -> None:
        super().__init__(most=_KEPT)


async def to_change(
    session: AsyncSession,
    kind: SubjectKind,
    ids: Collection[UUID],
    *,
    by: str,
    now: datetime,
    region: str = COUNTRY,
) -> ClockSet:
    """All clocks of these subjects, for what somebody does to them; those of `region` may start."""
    found = await statement.to_change(session, kind, ids)
    regions = {region, *(clock.region for clock in found.clocks)}
    basis = await _basis(session, found.goes_by, regions)
    return ClockSet(found.clocks, basis, by=by, now=now)


async def shown(
    session: AsyncSession, kind: SubjectKind, ids: Collection[UUID]
) -> Collection[Deadline]:
    """All clocks of these subjects, oldest first, due as the newest calendar has it."""
    clocks, goes_by = await _read(session, kind, ids)
    show(clocks, goes_by)
    return clocks


async def in_hand(
    session: AsyncSession, kind: SubjectKind, ids: Collection[UUID], now: datetime
) -> dict[UUID, ClockSet]:
    """The same of each subject, with what they go by: to be looked at, and not to be changed."""
    clocks, goes_by = await _read(session, kind, ids)
    found: dict[UUID, list[Deadline]] = {subject: [] for subject in ids}
    for clock in clocks:
        found[clock.subject_id].append(clock)
    return {one: ClockSet(own, goes_by, by="", now=now) for one, own in found.items()}


async def _read(
    session: AsyncSession, kind: SubjectKind, ids: Collection[UUID]
) -> tuple[Collection[Deadline], Basis]:
    """As they are stored, with what they go by."""
    found = await statement.of_subjects(session, kind, ids)
    regions = {clock.region for clock in found.clocks}
    return found.clocks, await _basis(session, found.goes_by, regions)


async def basis(session: AsyncSession, regions: Iterable[str]) -> Basis:
    """What limits go by in these regions."""
    return await _basis(session, await statement.goes_by(session), regions)


async def policy(
    session: AsyncSession, kind: PolicyKind, now: datetime, region: str = COUNTRY
) -> Limit:
    """The policy row in force today. Raises LookupError where none was ever loaded."""
    goes_by = await basis(session, ())
    return goes_by.in_force([kind], region, today(now))[kind]


async def _basis(session: AsyncSession, found: GoesBy, regions: Iterable[str]) -> Basis:
    kept = memory_of(session, _Limits)
    limits = kept.peek(found.policies)
    if limits is None:
        limits = tuple(await queries.limits(session))
        kept.put(found.policies, limits)
    calendars = {
        region: await calendar.load(session, region, found.editions.get(region, Edition()))
        for region in regions
    }
    return Basis(limits, calendars)
