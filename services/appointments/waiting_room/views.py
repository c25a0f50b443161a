"""Releases and places in line as people and the staff of the hall see them."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import views as booking
from services.appointments.booking.schemas import MaskedPerson
from services.appointments.people import service as people
from services.appointments.releases import rules
from services.appointments.releases.models import ReleaseEntryState, ReleaseState
from services.appointments.releases.service import how_it_stands
from services.appointments.waiting_room import announcing, queries
from services.appointments.waiting_room.queries import SeenEntry
from services.appointments.waiting_room.schemas import DrawnEntry, ReleaseEntryView, ReleaseView
from services.appointments.waiting_room.service import STAFF
from shared.database.engine import DirectPool
from shared.errors import Invalid, NotFound, Text
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

_SHOWN = ReleaseEntryView.model_fields.keys() - {
    "state",
    "ahead",
    "expected_minutes",
    "citizen",
}
_WHICH = Text("请写明哪次放号", "Name the release")
_NO_RELEASE = Text("没有找到这次放号", "There is no such release")


async def releases(
    session: AsyncSession, paging: PageRequest, *, hall: str | None, state: ReleaseState | None
) -> Page[ReleaseView]:
    """Newest first."""
    (before,) = paging.key(UUID) or (None,)
    rows = await queries.releases_of(
        session, hall=hall, state=state, before=before, limit=paging.limit + 1
    )
    return page(rows, paging, lambda one: (one.id,), ReleaseView.model_validate)


async def drawn(direct: DirectPool, release: UUID, paging: PageRequest) -> Page[DrawnEntry]:
    """The ids of the draw in their order; none before it was drawn."""
    (after,) = paging.key(int) or (0,)
    rows = await queries.drawn(direct, release, after, paging.limit + 1)
    return page(
        rows, paging, lambda one: (one[0],), lambda one: DrawnEntry(number=one[0], entry_id=one[1])
    )


async def entries(
    session: AsyncSession,
    caller: Caller,
    keyring: Keyring,
    paging: PageRequest,
    *,
    release: UUID | None,
    state: ReleaseEntryState | None,
    now: datetime,
) -> Page[ReleaseEntryView]:
    """The caller's own; for staff those of a release of their hall. In the order of joining.

    Raises Invalid where staff name no release, NotFound for one of another hall.
    """
    staff = caller.has(*STAFF)
    if staff:
        await _ensure_theirs(session, caller, release)
    found = await queries.entries_of(
        session,
        release=release,
        me=None if staff else await people.of_account(session, caller.sub),
        state=state,
        after=paging.key(datetime, UUID),
        limit=paging.limit + 1,
    )
    named: dict[str, MaskedPerson] = {}
    if staff:
        keys = {one.entry.citizen_key for one in found}
        named = await booking.masked_people(session, keys, keyring)
    return page(
        found,
        paging,
        lambda one: (one.entry.joined_at, one.entry.id),
        lambda one: entry_view(one, now, named.get(one.entry.citizen_key)),
    )


async def _ensure_theirs(session: AsyncSession, caller: Caller, release: UUID | None) -> None:
    if release is None:
        raise Invalid(_WHICH, pointer="/query/release")
    if not caller.at((await announcing.find(session, release)).hall_code):
        raise NotFound(_NO_RELEASE)


def entry_view(
    found: SeenEntry, now: datetime, person: MaskedPerson | None = None
) -> ReleaseEntryView:
    """How it stands, with how many come before while it waits."""
    entry, release = found
    state = how_it_stands(entry, now)
    ahead = minutes = None
    if state is ReleaseEntryState.WAITING and entry.number is not None:
        ahead = rules.ahead(entry.number, release.called_through)
        minutes = rules.expected_minutes(entry.number, release)
    known = {name: getattr(entry, name) for name in _SHOWN}
    if release.drawn_at is None:  # while numbers are given, nobody is told theirs before others
        known["number"] = None
    return ReleaseEntryView(
        **known, state=state, ahead=ahead, expected_minutes=minutes, citizen=person
    )
