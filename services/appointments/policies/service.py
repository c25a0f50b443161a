"""The booking policy in force at a hall, and its next version."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.guides import service as guides
from services.appointments.policies import queries
from services.appointments.policies.models import BookingPolicy
from services.appointments.policies.rules import DEFAULT, HoldTerms
from services.appointments.policies.schemas import NewBookingPolicy, PolicyTerms
from shared.cache import Cache
from shared.database.engine import DirectPool, memory_of
from shared.errors import Invalid, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions

_NO_ITEM = Text("没有这个事项", "There is no such item")


class _Remembered:
    """What the bookings of a process know of the policies."""

    def __init__(self) -> None:
        self.terms = Cache[str, HoldTerms](seconds=5, most=5_000)


async def in_force(session: AsyncSession, hall: str, now: datetime) -> BookingPolicy:
    """The hall's policy; version 0, with the defaults, while none was laid down."""
    return await queries.latest(session, hall) or default(hall, now)


def default(hall: str, now: datetime) -> BookingPolicy:
    """What holds while none was laid down."""
    return BookingPolicy(hall_code=hall, version=0, created_by="system", created_at=now)


async def of_version(
    session: AsyncSession, hall: str, version: int, now: datetime
) -> BookingPolicy:
    """The policy by which something was decided; version 0, the defaults, where there was none."""
    found = await queries.numbered(session, hall, version)
    return found or default(hall, now)


async def of_hall(session: AsyncSession, hall: str, now: datetime) -> BookingPolicy:
    """The same for anybody who asks. Raises NotFound for an unknown hall."""
    await directory.get_hall(session, hall)
    return await in_force(session, hall, now)


async def hold_terms(direct: DirectPool, hall: str) -> HoldTerms:
    """What the hall's policy says about a new booking, at most five seconds old."""

    async def ask() -> HoldTerms:
        return await queries.hold_terms(direct, hall) or DEFAULT

    return await memory_of(direct, _Remembered).terms.get(hall, ask)


async def lay_down(
    session: AsyncSession, hall: str, wanted: NewBookingPolicy, caller: Caller, now: datetime
) -> BookingPolicy:
    """The next version of the hall's policy; what was decided under earlier ones stays so.

    Raises NotFound for a hall that is not the caller's, Invalid for terms of an item that there is
    not, StateConflict for an outdated version.
    """
    await directory.managed_hall(session, hall, caller)
    if unknown := await guides.unknown_items(session, list(wanted.items)):
        raise Invalid(_NO_ITEM, pointer=f"/body/items/{min(unknown)}")
    present = await in_force(session, hall, now)
    versions.ensure(wanted.version, version=present.version, state="in_force")
    terms = wanted.model_dump(include=set(PolicyTerms.model_fields))
    policy = BookingPolicy(
        hall_code=hall, version=present.version + 1, created_by=caller.sub, created_at=now, **terms
    )
    session.add(policy)
    await session.flush()
    memory_of(session, _Remembered).terms.clear()
    await audit_log.write(
        session, caller.sub, "booking_policy.laid_down", f"hall:{hall}", now, terms
    )
    return policy
