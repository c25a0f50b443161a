"""The waitlist as the person and the staff of the hall see it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import views as booking
from services.appointments.booking.schemas import MaskedPerson
from services.appointments.directory import service as directory
from services.appointments.offers import queries, rules
from services.appointments.offers.queries import Beside
from services.appointments.offers.schemas import OfferView, WaitlistView
from services.appointments.offers.service import STAFF
from services.appointments.people import service as people
from services.appointments.waitlist.models import WaitlistEntry, WaitlistState
from services.appointments.waitlist.workflow import WORKFLOW
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

_SHOWN = WaitlistView.model_fields.keys() - {"state", "ahead", "offer", "citizen"}


async def listed(
    session: AsyncSession,
    caller: Caller,
    keyring: Keyring,
    paging: PageRequest,
    *,
    hall: str | None,
    state: WaitlistState | None,
    now: datetime,
) -> Page[WaitlistView]:
    """The caller's own; for staff those of their hall. Newest first.

    Raises Invalid where staff name no hall, NotFound for a hall that is not theirs.
    """
    staff = caller.has(*STAFF)
    if staff:
        hall = await directory.named_hall(session, hall, caller)
    (before,) = paging.key(UUID) or (None,)
    rows = await queries.listed_of(
        session,
        hall=hall,
        me=None if staff else await people.of_account(session, caller.sub),
        state=state,
        before=before,
        limit=paging.limit + 1,
    )
    views = await views_of(session, rows, caller, keyring, now)
    return page(views, paging, lambda one: (one.id,), lambda one: one)


async def views_of(
    session: AsyncSession,
    entries: Sequence[WaitlistEntry],
    caller: Caller,
    keyring: Keyring,
    now: datetime,
) -> list[WaitlistView]:
    """Each with its offer and how many are ahead; staff also see masked contacts."""
    beside = await queries.beside(session, [one.id for one in entries])
    named: dict[str, MaskedPerson] = {}
    if caller.has(*STAFF):
        keys = {one.citizen_key for one in entries}
        named = await booking.masked_people(session, keys, keyring)
    return [_view(one, beside[one.id], named.get(one.citizen_key), now) for one in entries]


def joined(entry: WaitlistEntry) -> WaitlistView:
    """The answer to who joins; how many are ahead is told with the list."""
    known = {name: getattr(entry, name) for name in _SHOWN}
    return WaitlistView(**known, state=entry.state, ahead=None, offer=None)


def _view(
    entry: WaitlistEntry, beside: Beside, person: MaskedPerson | None, now: datetime
) -> WaitlistView:
    state, offer = _standing(entry, beside, now)
    known = {name: getattr(entry, name) for name in _SHOWN}
    ahead = beside.ahead if state is WaitlistState.WAITING else None
    return WaitlistView(**known, state=state, ahead=ahead, offer=offer, citizen=person)


def _standing(
    entry: WaitlistEntry, beside: Beside, now: datetime
) -> tuple[WaitlistState, OfferView | None]:
    """How it stands by the appointment, though no job has noted it; the offer while it lasts."""
    if entry.state is not WaitlistState.OFFERED or beside.state is None:
        return entry.state, None
    action = rules.answered(beside.state, beside.version, beside.expires_at, now)
    if action is not None or entry.appointment_id is None or beside.expires_at is None:
        return WORKFLOW[entry.state, action].to if action else entry.state, None
    return entry.state, OfferView(
        appointment_id=entry.appointment_id,
        code=beside.code,
        starts_at=beside.starts_at,
        minutes=beside.minutes,
        expires_at=beside.expires_at,
    )
