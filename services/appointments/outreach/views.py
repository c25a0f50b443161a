"""The outreach as citizens and staff may see it."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.outreach import gatherings, queries, rules, service
from services.appointments.outreach.models import (
    Gathering,
    OutreachVisit,
    Registration,
    VisitOutcome,
)
from services.appointments.outreach.queries import VisitFilter as VisitFilter
from services.appointments.outreach.schemas import (
    GatheringDetail,
    GatheringView,
    OutreachVisitDetail,
    OutreachVisitView,
    RegistrationView,
)
from shared.clock import today
from shared.errors import NotFound
from shared.security import audit_log
from shared.security.crypto import Keyring, rating_key
from shared.security.identity import Caller
from shared.security.personal import mask_name, mask_phone
from shared.web.pagination import Page, PageRequest, page

_TEAM = ("leaves_at", "travellers", "carries")


async def visits(
    session: AsyncSession,
    *,
    caller: Caller,
    wanted: VisitFilter,
    paging: PageRequest,
    now: datetime,
) -> Page[OutreachVisitView]:
    """A citizen's own; for staff those of their halls. Newest first."""
    (before,) = paging.key(UUID) or (None,)
    found = await queries.visits(
        session,
        owner=None if caller.has(*rules.STAFF) else caller.sub,
        places=None if "*" in caller.places else caller.places,
        wanted=wanted,
        today=today(now),
        before=before,
        limit=paging.limit + 1,
    )
    return page(found, paging, lambda one: (one.id,), lambda one: _visit(one, today(now)))


async def read_visit(
    session: AsyncSession, visit_id: UUID, caller: Caller, keyring: Keyring, now: datetime
) -> OutreachVisitDetail:
    """The whole of it; that staff read it is logged. Raises NotFound."""
    visit = await service.visible(session, visit_id, caller)
    return await visit_detail(session, visit, caller, keyring, now)


async def visit_detail(
    session: AsyncSession, visit: OutreachVisit, caller: Caller, keyring: Keyring, now: datetime
) -> OutreachVisitDetail:
    """The whole of it, to whoever took a step as well; of others than who asked it is logged."""
    if visit.owner != caller.sub:
        what = f"outreach_visit:{visit.id}"
        await audit_log.write(session, caller.sub, "outreach_visit.read", what, now)
    texts = {
        name: _opened(getattr(visit, f"{name}_sealed"), service.place_of(name), visit.id, keyring)
        for name in service.SEALED
    }
    is_own, is_done = visit.owner == caller.sub, visit.outcome is VisitOutcome.DONE
    return OutreachVisitDetail(
        **_visit(visit, today(now)).model_dump(),
        **texts,
        leaves_at=None if is_own else visit.leaves_at,
        travellers=[] if is_own else visit.travellers,
        carries=visit.carries,
        text=_opened(visit.words_sealed, service.WORDS, visit.id, keyring),
        rating_key=rating_key(keyring, visit.id) if is_own and is_done else None,
    )


def _visit(visit: OutreachVisit, day: date) -> OutreachVisitView:
    known = visit.model_dump(include=set(OutreachVisitView.model_fields) - {"overdue"})
    return OutreachVisitView(**known, overdue=rules.is_overdue(visit, day))


async def coming(
    session: AsyncSession, hall: str | None, paging: PageRequest, now: datetime
) -> Page[GatheringView]:
    """Outreach events that are not over, the next one first."""
    after = paging.key(datetime, UUID)
    found = await queries.gatherings(
        session,
        hall=hall,
        since=now,
        after=(after[0], after[1]) if after else None,
        limit=paging.limit + 1,
    )
    return page(found, paging, lambda one: (one.ends_at, one.id), gathering_view)


async def one_gathering(session: AsyncSession, event_id: UUID) -> GatheringView:
    """Raises NotFound."""
    return gathering_view(await gatherings.find(session, event_id))


def gathering_view(one: Gathering) -> GatheringView:
    known = one.model_dump(include=set(GatheringView.model_fields) - {"free", "text"})
    return GatheringView(**known, free=one.places - one.taken, text=one.words)


def gathering_detail(one: Gathering) -> GatheringDetail:
    team = {name: getattr(one, name) for name in _TEAM}
    return GatheringDetail(**gathering_view(one).model_dump(), **team)


async def registrations(
    session: AsyncSession, event_id: UUID, caller: Caller, keyring: Keyring, paging: PageRequest
) -> Page[RegistrationView]:
    """All for the hall's staff, their own for others. Raises NotFound."""
    gathering = await gatherings.find(session, event_id)
    is_staff = rules.is_staff(caller, gathering.hall_code)
    if not is_staff and caller.has(*rules.STAFF):
        raise NotFound(rules.NO_GATHERING)
    (after,) = paging.key(UUID) or (None,)
    owner = None if is_staff else caller.sub
    found = await queries.registrations(session, event_id, owner, after, paging.limit + 1)
    return page(found, paging, lambda one: (one.id,), lambda one: registration_view(one, keyring))


def registration_view(one: Registration, keyring: Keyring) -> RegistrationView:
    same = {"id", "event_id", "people", "item_code", "state", "version", "registered_at"}
    row = str(one.id)
    return RegistrationView(
        **one.model_dump(include=same),
        name=mask_name(keyring.open_or_note(one.name_sealed, where=gatherings.NAME, row=row)),
        phone=mask_phone(keyring.open_or_note(one.phone_sealed, where=gatherings.PHONE, row=row)),
    )


def _opened(sealed: str | None, where: str, row: UUID, keyring: Keyring) -> str | None:
    return keyring.open(sealed, where=where, row=str(row)) if sealed else None
