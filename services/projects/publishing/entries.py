"""What all entries of the register share: what they refer to, where they stand, event and log."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties.rules import UnknownReference
from services.projects.publishing import queries
from services.projects.publishing.events import PublicationReleased
from services.projects.publishing.models import (
    RegisteredRelease,
    RegisteredReleaseState,
    ReleasePlace,
)
from services.projects.publishing.schemas import PlaceInput, ReleaseSubject
from shared.clock import today
from shared.errors import NotFound, Text
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.identity import Caller


async def ensure_known(
    session: AsyncSession,
    subject: ReleaseSubject,
    places: Sequence[PlaceInput],
    now: datetime,
    caller: Caller,
) -> None:
    """Raises NotFound for a unit that is not the caller's own, UnknownReference for a unit, an
    item, a duty or a carrier that is not there. A project may be registered later."""
    unit = subject.unit_code
    if not caller.at(unit):
        raise NotFound
    codes = _carriers(places)
    known = await queries.basis(
        session, unit, subject.item_code, subject.duty_id, codes, today(now)
    )
    faults = (
        (known.has_unit, "unit_code", "公开主体", "unit"),
        (known.has_item, "item_code", "公开事项", "catalogue item"),
        (known.has_duty, "duty_id", "公开义务", "duty"),
        (not known.unknown_carriers, "places", "公开载体", "carrier of the unit"),
    )
    for is_known, name, zh, en in faults:
        if not is_known:
            raise _unknown(name, zh, en)


async def ensure_carriers(
    session: AsyncSession,
    release: RegisteredRelease,
    places: Sequence[PlaceInput],
    now: datetime,
) -> None:
    """Raises UnknownReference for a carrier that is not the unit's. What the entry itself refers to
    was known when it was written."""
    codes = _carriers(places)
    known = await queries.basis(
        session, release.unit_code, release.item_code, release.duty_id, codes, today(now)
    )
    if known.unknown_carriers:
        raise _unknown("places", "公开载体", "carrier of the unit")


def _carriers(places: Sequence[PlaceInput]) -> set[str]:
    return {place.carrier_code for place in places if place.carrier_code is not None}


def _unknown(name: str, zh: str, en: str) -> UnknownReference:
    detail = Text(f"没有这个{zh}，请核对", f"No such {en}; please check it")
    return UnknownReference(detail, pointer=f"/body/{name}")


def places_of(release_id: UUID, places: Collection[PlaceInput]) -> list[ReleasePlace]:
    """The rows of these places, each once."""
    each = dict.fromkeys((place.carrier_code, place.url) for place in places)
    return [ReleasePlace(release_id=release_id, carrier_code=c, url=url) for c, url in each]


async def announce(
    session: AsyncSession, release: RegisteredRelease, places: Sequence[ReleasePlace]
) -> None:
    """What is published of it: the unit's own word."""
    assert release.claimed_at is not None
    assert release.released_at is not None
    event = PublicationReleased(
        release_id=release.id,
        unit_code=release.unit_code,
        project_code=release.project_code,
        item_code=release.item_code,
        duty_id=release.duty_id,
        register_no=release.register_no,
        url=next((place.url for place in places if place.url is not None), None),
        claimed_at=release.claimed_at,
        released_at=release.released_at,
        is_contradicted=release.state is RegisteredReleaseState.CONTRADICTED,
    )
    await outbox.record(session, event, scope=release.unit_code, subject=str(release.id))


async def note(
    session: AsyncSession, release: RegisteredRelease, action: str, now: datetime, sub: str
) -> None:
    """A line in the audit log."""
    details = {"unit_code": release.unit_code}
    await audit_log.write(session, sub, action, f"release:{release.id}", now, details)
