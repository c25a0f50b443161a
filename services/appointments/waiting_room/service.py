"""Joining the line for a release, and leaving it."""

from datetime import datetime
from uuid import UUID

from services.appointments.booking import rules as booking
from services.appointments.booking import whom
from services.appointments.booking.context import BookingContext
from services.appointments.people import service as people
from services.appointments.people.rules import Person, account_key, person_of
from services.appointments.releases import rules
from services.appointments.releases.events import ReleaseEntryJoined
from services.appointments.releases.models import ReleaseEntry
from services.appointments.releases.service import of_change
from services.appointments.releases.workflow import ENTRIES, ReleaseEntryAction
from services.appointments.waiting_room import queries
from services.appointments.waiting_room.queries import JoiningLine, SeenEntry
from services.appointments.waiting_room.schemas import JoinRequest
from shared.database.engine import DirectPool
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.errors import Forbidden, Invalid, NotFound, Text
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

STAFF = ("clerk", "hall_manager")
_NO_RELEASE = Text("没有找到这次放号", "There is no such release")
_UNKNOWN = Text("没有找到这个排队", "There is no such place in line")
_FOR_YOURSELF = Text("为自己排队时不用填写", "Leave this out when you join for yourself")
_THEIR_OWN = Text("有账号的人由本人退出排队", "Who has an account leaves the line by themselves")
_OVER = Text("这次放号已经结束，不用再排队", "This release is over: there is no line any more")


async def join(
    swap: SwapStatement,
    context: BookingContext,
    release_id: UUID,
    wanted: JoinRequest,
    caller: Caller,
    now: datetime,
) -> SeenEntry:
    """A place in line for the caller, or for whom staff name: in the draw before the release, and
    behind it by arrival from that second on.

    Raises Invalid, NotFound, StateConflict, JoiningNotOpen, AlreadyInLine, BookingBarred.
    """
    found = await _joining(swap, context, release_id, wanted, caller, now)
    _ensure_may_join(found, caller, now)
    release, person = found.release, found.person
    is_drawn = rules.is_drawn(release, now)
    entry = ReleaseEntry(
        release_id=release.id,
        citizen_key=person.citizen_key,
        person_document=person.document,
        person_phone=person.phone,
        joined_by=caller.sub,
        joined_at=now,
        changed_at=now,
        is_drawn=is_drawn,
        persons=wanted.persons,
    )
    if is_drawn:
        # Closing waits for this one; and once it is closed, this is decided anew and late.
        swap.hold(release)
    people.take_seen_turns(swap, person, found.turns)
    swap.insert(entry)
    swap.refusing("uq_release_entry_live", Overtaken)
    outbox.promise(swap, of_change(ReleaseEntryJoined, entry, release.hall_code, is_drawn=is_drawn))
    return SeenEntry(entry, release)


async def _joining(
    swap: SwapStatement,
    context: BookingContext,
    release_id: UUID,
    wanted: JoinRequest,
    caller: Caller,
    now: datetime,
) -> JoiningLine:
    """Who would join, with what stands against it; the contact that staff gave is kept."""
    await whom.bring_over(context, wanted.citizen, caller)
    person = Person(account_key(caller.sub))
    if caller.has(*STAFF):
        named = whom.named_person(wanted.citizen, context.keyring)
        person = named.known
        whom.keep_contact(swap, named, now)
    elif wanted.citizen is not None:
        raise Invalid(_FOR_YOURSELF, pointer="/body/citizen")
    found = await queries.joining(swap.direct, person, release_id, now)
    if found is None or (caller.has(*STAFF) and not caller.at(found.release.hall_code)):
        raise NotFound(_NO_RELEASE)
    return found


def _ensure_may_join(found: JoiningLine, caller: Caller, now: datetime) -> None:
    """Raises StateConflict, JoiningNotOpen, AlreadyInLine or BookingBarred."""
    release = found.release
    if rules.is_over(release, now):
        refuse(release.state, release.version, _OVER)
    if now < release.joins_from:
        raise rules.too_early(release.joins_from)
    if found.present is not None:
        may_see = found.is_own or caller.has(*STAFF)
        raise rules.already_in_line(found.present if may_see else None, found.present_state)
    if found.penalty is not None:
        may_see = booking.may_see(found.person, caller, found.penalty)
        raise booking.barred(found.penalty) if may_see else booking.BookingBarred()


async def visible(direct: DirectPool, key: UUID, caller: Caller) -> SeenEntry:
    """The place in line, if it is the caller's or of a hall where the caller works.

    Raises NotFound.
    """
    found = await queries.entry(direct, key)
    if found is None:
        raise NotFound(_UNKNOWN)
    serves = caller.has(*STAFF) and caller.at(found.release.hall_code)
    if not serves and not await people.owns(direct, caller, found.entry):
        raise NotFound(_UNKNOWN)
    return found


async def leave(
    swap: SwapStatement, key: UUID, expected: int | None, caller: Caller, now: datetime
) -> SeenEntry:
    """Out of line. Who leaves before the release is not in the draw; afterwards it stays as it was
    fixed. Staff take nobody out who joined by themselves, and whom they take out is noted.

    Raises NotFound, StateConflict, Forbidden.
    """
    entry, release = await visible(swap.direct, key, caller)
    if caller.has(*STAFF):
        if person_of(entry).has_account:
            raise Forbidden(_THEIR_OWN)
        about = f"release_entry:{entry.id}"
        audit_log.promise(swap, caller.sub, "release_entry.left", about, now)
    versions.ensure(expected, version=entry.version, state=entry.state)
    row = ENTRIES.take(entry.state, entry.version, ReleaseEntryAction.LEAVE, caller.roles)
    changes = {"state": row.to, "changed_at": now, "expires_at": None}
    if rules.is_drawn(release, now):
        swap.hold(release)
        changes["is_drawn"] = False
    done = swap.swap(entry, changes)
    outbox.promise(swap, of_change(row.event, done, release.hall_code))
    return SeenEntry(done, release)
