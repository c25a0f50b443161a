"""Penalties as their person and the staff of their hall may see them."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import views as booking
from services.appointments.booking.models import Penalty
from services.appointments.booking.schemas import MaskedPerson
from services.appointments.directory import service as directory
from services.appointments.penalties import queries
from services.appointments.penalties.schemas import PenaltyView
from services.appointments.penalties.service import APPEAL, REASON
from services.appointments.people import service as people
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

STAFF = ("clerk", "hall_manager")


async def listed(
    session: AsyncSession,
    caller: Caller,
    keyring: Keyring,
    paging: PageRequest,
    hall: str | None,
) -> Page[PenaltyView]:
    """The caller's own penalties; for staff those of their hall. Newest first.

    Raises Invalid where staff name no hall, NotFound for a hall that is not theirs.
    """
    staff = caller.has(*STAFF)
    if staff:
        hall = await directory.named_hall(session, hall, caller)
    (before,) = paging.key(UUID) or (None,)
    rows = await queries.listed(
        session,
        hall=hall,
        me=None if staff else await people.of_account(session, caller.sub),
        before=before,
        limit=paging.limit + 1,
    )
    views = await _views(session, rows, caller, keyring)
    return page(views, paging, lambda one: (one.id,), lambda one: one)


async def view_of(
    session: AsyncSession, penalty: Penalty, caller: Caller, keyring: Keyring
) -> PenaltyView:
    """The penalty; staff also see the person's masked name and phone."""
    return (await _views(session, [penalty], caller, keyring))[0]


async def _views(
    session: AsyncSession, penalties: Sequence[Penalty], caller: Caller, keyring: Keyring
) -> list[PenaltyView]:
    named: dict[UUID, MaskedPerson | None] = {}
    if caller.has(*STAFF):
        missed = {one.appointment_id for one in penalties}
        named = await booking.masked_contacts(session, missed, keyring)
    return [_view(one, named.get(one.appointment_id), keyring) for one in penalties]


def _view(one: Penalty, person: MaskedPerson | None, keyring: Keyring) -> PenaltyView:
    words = {"appeal": (one.appeal_sealed, APPEAL), "lift_reason": (one.lift_reason_sealed, REASON)}
    opened = {
        name: keyring.open(sealed, where=where, row=str(one.id)) if sealed else None
        for name, (sealed, where) in words.items()
    }
    known = one.model_dump(include=set(PenaltyView.model_fields) - {*words, "citizen"})
    return PenaltyView(**known, **opened, citizen=person)
