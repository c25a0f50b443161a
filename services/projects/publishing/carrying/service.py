"""Carriers: where units publish, which of them end a clock, and which a duty has reached."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import service as duties
from services.projects.duties.rules import UnknownReference
from services.projects.portals import service as portals
from services.projects.publishing import queries as entries
from services.projects.publishing.carrying import queries
from services.projects.publishing.carrying.queries import DutyCarrier
from services.projects.publishing.models import Carrier
from services.projects.publishing.schemas import CarrierInput
from services.projects.register import service as register
from shared.clock import today
from shared.database.versioned import swap
from shared.errors import Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

_REGISTERED = Text(
    "这个载体已经登记；要修改它，请带上读到的版本号",
    "This carrier is registered already; to change it, send the version that you have read",
)
_NO_UNIT = Text("没有这个公开主体，请核对", "No such unit; please check it")
_TAKEN = Text(
    "这个栏目已属于另一个载体", "That portal is another carrier's already; please check it"
)
_NO_PORTAL = Text("没有这个采集栏目，请核对", "No such portal; please check it")


async def listed(session: AsyncSession, after: str | None, limit: int) -> Sequence[Carrier]:
    """Carriers in the order of their codes."""
    return await queries.carriers(session, after, limit)


async def find(session: AsyncSession, code: str) -> Carrier:
    """Raises NotFound."""
    found = await session.get(Carrier, code)
    if found is None:
        raise NotFound
    return found


async def put(
    session: AsyncSession, code: str, wanted: CarrierInput, now: datetime, sub: str
) -> tuple[Carrier, bool]:
    """The carrier as wanted, and whether it is new. Raises UnknownReference, Invalid,
    StateConflict."""
    await _ensure_known(session, code, wanted, now)
    fields = wanted.model_dump(exclude={"version"})
    new = Carrier(code=code, updated_at=now, **fields)
    is_new = await queries.add_carrier(session, new)
    carrier = await find(session, code)
    if not is_new:
        if wanted.version is None:
            refuse(carrier.state, carrier.version, _REGISTERED)
        versions.ensure(wanted.version, version=carrier.version, state=carrier.state)
        carrier = await swap(session, carrier, {**fields, "updated_at": now})
    details = {"is_statutory": carrier.is_statutory, "must_for": carrier.must_for}
    await audit_log.write(session, sub, "carrier.put", f"carrier:{code}", now, details)
    return carrier, is_new


async def hand_over(
    session: AsyncSession, unit: str, into: str, now: datetime, *, actor: str
) -> tuple[int, int]:
    """The carriers of a unit, and what it has not had approved yet, are another one's: how many
    carriers and how many entries of the register."""
    carriers, releases = await entries.hand_over(session, unit, into, now)
    moved = [f"carrier:{code}" for code in carriers] + [f"release:{each}" for each in releases]
    audited = [(each, {"unit_code": into}) for each in moved]
    await audit_log.write_many(session, actor, "unit.handed_over", audited, now)
    return len(carriers), len(releases)


async def _ensure_known(
    session: AsyncSession, code: str, wanted: CarrierInput, now: datetime
) -> None:
    unit, portal = wanted.unit_code, wanted.portal_id
    if unit is not None and not await register.has_unit(session, unit, today(now)):
        raise UnknownReference(_NO_UNIT, pointer="/body/unit_code")
    if portal is None:
        return
    try:
        await portals.find(session, portal)
    except NotFound:
        raise UnknownReference(_NO_PORTAL, pointer="/body/portal_id") from None
    if (await queries.carrier_of_portal(session, portal)) not in (None, code):
        raise Invalid(_TAKEN, pointer="/body/portal_id")


async def of_duty(session: AsyncSession, duty_id: UUID, caller: Caller) -> Sequence[DutyCarrier]:
    """The carriers on which the duty may appear, those on which it must in front.

    Raises NotFound, also for a duty of another unit.
    """
    found = await queries.carriers_of_duty(session, duty_id)
    if found is None or not duties.may_see(caller, found[0]):
        raise NotFound
    return found[1]
