"""Pre-checks as the API gives them."""

from uuid import UUID

from services.appointments.pre_checks import queries
from services.appointments.pre_checks.models import PreCheckState
from services.appointments.pre_checks.queries import SeenPreCheck
from services.appointments.pre_checks.schemas import CheckedMaterial, PreCheckFileView, PreCheckView
from services.appointments.pre_checks.service import ANSWER, HALL_STAFF, NOTE
from shared.database.engine import DirectPool
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

_SHOWN = PreCheckView.model_fields.keys() - {
    "item_name",
    "department_code",
    "materials",
    "files",
    "note",
    "answer_note",
}


async def listed(
    direct: DirectPool,
    keyring: Keyring,
    caller: Caller,
    paging: PageRequest,
    *,
    hall: str | None,
    state: PreCheckState | None,
    appointment: UUID | None,
    ticket: UUID | None,
) -> Page[PreCheckView]:
    """The caller's own; for staff those of their halls and departments. The oldest first."""
    staff = caller.has("officer", "admin", *HALL_STAFF)
    everywhere = caller.has("admin") or "*" in caller.places
    (after,) = paging.key(UUID) or (None,)
    rows = await queries.listed(
        direct,
        owner=None if staff else caller.sub,
        places=None if everywhere or not staff else sorted(caller.places),
        hall=hall,
        state=state,
        appointment=appointment,
        ticket=ticket,
        after=after,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda row: (row.one.id,), lambda row: view_of(row, keyring))


def view_of(found: SeenPreCheck, keyring: Keyring) -> PreCheckView:
    """The pre-check, with the materials of its guide."""
    one, row = found.one, str(found.one.id)
    return PreCheckView(
        **{name: getattr(one, name) for name in _SHOWN},
        item_name=found.item_name,
        department_code=found.department_code,
        materials=[
            CheckedMaterial(**material._asdict(), number=number, is_ready=number in one.ready)
            for number, material in enumerate(found.materials, 1)
        ],
        files=[PreCheckFileView(**file._asdict()) for file in found.files],
        note=one.note_sealed and keyring.open(one.note_sealed, where=NOTE, row=row),
        answer_note=one.answer_sealed and keyring.open(one.answer_sealed, where=ANSWER, row=row),
    )
