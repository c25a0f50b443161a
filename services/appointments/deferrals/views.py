"""Promises as the API gives them."""

from uuid import UUID

from services.appointments.deferrals import queries
from services.appointments.deferrals.models import Deferral, DeferralState
from services.appointments.deferrals.schemas import DeferralView
from services.appointments.deferrals.service import REASON, STAFF
from shared.database.engine import DirectPool
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

_SHOWN = DeferralView.model_fields.keys() - {"reason"}


async def listed(
    direct: DirectPool,
    keyring: Keyring,
    caller: Caller,
    paging: PageRequest,
    *,
    hall: str | None,
    state: DeferralState | None,
) -> Page[DeferralView]:
    """The caller's own; for staff those of their halls. The oldest first."""
    staff = caller.has(*STAFF)
    (after,) = paging.key(UUID) or (None,)
    rows = await queries.listed(
        direct,
        owner=None if staff else caller.sub,
        halls=sorted(caller.places) if staff and "*" not in caller.places else None,
        hall=hall,
        state=state,
        after=after,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda one: (one.id,), lambda one: view_of(one, keyring))


def view_of(one: Deferral, keyring: Keyring) -> DeferralView:
    sealed = one.reason_sealed
    return DeferralView(
        **{name: getattr(one, name) for name in _SHOWN},
        reason=sealed and keyring.open(sealed, where=REASON, row=str(one.id)),
    )
