"""Pre-checks: submitted, answered once and for all, submitted again. One read, one statement."""

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

from services.appointments.booking import service as booking
from services.appointments.booking.workflow import LIVE
from services.appointments.pre_checks import files, queries, rules
from services.appointments.pre_checks.events import PreCheckEvent, PreCheckSubmitted
from services.appointments.pre_checks.models import FileKind, PreCheck, PreCheckFile
from services.appointments.pre_checks.queries import AddedFile, SeenPreCheck
from services.appointments.pre_checks.schemas import (
    PreCheckAgain,
    PreCheckAnswer,
    PreCheckFileIn,
    PreCheckIn,
    PreCheckWithdrawal,
)
from services.appointments.pre_checks.workflow import WORKFLOW, PreCheckAction
from shared import clock
from shared.database.deciding import DecidingSession
from shared.database.engine import DirectPool
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.errors import Invalid, NotFound, Text
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions

NOTE, ANSWER, CONTENT = "pre_check.note", "pre_check.answer", "pre_check_file.content"
_NO_FILE = Text("没有这个文件", "There is no such file")
HALL_STAFF = ("clerk", "hall_manager")
_UNKNOWN = Text("没有找到这份预审", "There is no such pre-check")
_NOT_HERE = Text("这个大厅现在不办理这个事项", "This hall does not deal with the item now")
_OVER = Text("这个预约已经结束", "This appointment is over")


def may_see(caller: Caller, found: SeenPreCheck) -> bool:
    """The person, the officers of the item's department, and the staff of the hall."""
    return (
        found.one.owner == caller.sub
        or may_answer(caller, found)
        or (caller.has(*HALL_STAFF) and caller.at(found.one.hall_code))
    )


def may_answer(caller: Caller, found: SeenPreCheck) -> bool:
    """Of who may see it: an officer of another department, who works in the hall too, may not."""
    return caller.has("admin") or (caller.has("officer") and caller.at(found.department_code))


async def visible(direct: DirectPool, pre_check_id: UUID, caller: Caller) -> SeenPreCheck:
    """Raises NotFound, as for one that is not the caller's to see."""
    found = await queries.find(direct, pre_check_id)
    if found is None or not may_see(caller, found):
        raise NotFound(_UNKNOWN)
    return found


async def submit(
    swap: SwapStatement, keyring: Keyring, wanted: PreCheckIn, caller: Caller, now: datetime
) -> SeenPreCheck:
    """A new one. Raises Invalid, NotFound, AlreadySubmitted."""
    hall, item, version = await _matter_of(swap.direct, wanted, caller)
    found = await queries.matter(swap.direct, item, hall, version, clock.today(now), caller.sub)
    if found is None:
        raise Invalid(_NOT_HERE, pointer="/body/item_code")
    if found.open_id is not None:
        raise rules.AlreadySubmitted(pre_check_id=str(found.open_id))
    rules.ensure_listed(wanted.ready, found.materials)
    new = new_id()
    one = PreCheck(
        id=new,
        hall_code=hall,
        item_code=item,
        guide_version=found.guide_version,
        appointment_id=wanted.appointment_id,
        owner=caller.sub,
        ready=sorted(wanted.ready),
        note_sealed=_sealed(keyring, wanted.note, NOTE, new),
        submitted_at=now,
    )
    swap.insert(one)
    swap.refusing("uq_pre_check_open", Overtaken)  # then it is found, and named
    seen = SeenPreCheck(one, found.item_name, found.department_code, found.materials, [])
    outbox.promise(swap, _event(PreCheckSubmitted, seen))
    return seen


async def _matter_of(
    direct: DirectPool, wanted: PreCheckIn, caller: Caller
) -> tuple[str, str, int]:
    """Hall, item and the version of the guide, 0 for that in force."""
    if wanted.appointment_id is None:
        return wanted.hall_code or "", wanted.item_code or "", 0
    booked = (await booking.seen_by(direct, str(wanted.appointment_id), caller)).appointment
    if booked.state not in LIVE:
        raise Invalid(_OVER, pointer="/body/appointment_id")
    return booked.hall_code, booked.item_code, booked.guide_version


async def answer(
    swap: SwapStatement,
    keyring: Keyring,
    pre_check_id: UUID,
    given: PreCheckAnswer,
    caller: Caller,
    now: datetime,
) -> SeenPreCheck:
    """What an officer of the item's department says to it. Raises NotFound, StateConflict."""
    found = await visible(swap.direct, pre_check_id, caller)
    if not may_answer(caller, found):
        raise NotFound(_UNKNOWN)
    values = {
        "missing": given.missing,
        "refer_to": given.refer_to,
        "answer_sealed": _sealed(keyring, given.note, ANSWER, pre_check_id),
        "answered_at": now,
        "answered_by": caller.sub,
    }
    return _take(swap, found, PreCheckAction(given.outcome), given.version, caller, values)


async def resubmit(
    swap: SwapStatement,
    keyring: Keyring,
    pre_check_id: UUID,
    given: PreCheckAgain,
    caller: Caller,
    now: datetime,
) -> SeenPreCheck:
    """The same with what is ready now; what was missing stays to be read until the next answer.

    Raises NotFound, StateConflict, Invalid.
    """
    found = await visible(swap.direct, pre_check_id, caller)
    rules.ensure_listed(given.ready, found.materials)
    values = {"ready": sorted(given.ready), "submitted_at": now, "answered_at": None}
    if given.note is not None:
        values["note_sealed"] = _sealed(keyring, given.note, NOTE, pre_check_id)
    action = PreCheckAction.RESUBMIT
    return _take(swap, found, action, given.version, caller, values)


async def withdraw(
    swap: SwapStatement, pre_check_id: UUID, given: PreCheckWithdrawal, caller: Caller
) -> SeenPreCheck:
    """The same, which nobody need answer any more; its files go, for nobody looks at them.

    Raises NotFound, StateConflict.
    """
    found = await visible(swap.direct, pre_check_id, caller)
    done = _take(swap, found, PreCheckAction.WITHDRAW, given.version, caller, {})
    swap.also(queries.REMOVE_ALL, pre_check=pre_check_id)
    return done._replace(files=[])


async def add_file(
    swap: SwapStatement,
    keyring: Keyring,
    pre_check_id: UUID,
    given: PreCheckFileIn,
    caller: Caller,
    now: datetime,
) -> SeenPreCheck:
    """The pre-check with a further file. Raises NotFound, StateConflict, Invalid."""
    found = await _changeable(swap, pre_check_id, caller)
    content, kind = files.read(given.content)
    rules.ensure_listed([given.material], found.materials, "/body/material")
    number, new = files.next_number([one.number for one in found.files]), new_id()
    sealed = keyring.seal(given.content, where=CONTENT, row=str(new))
    facts = {"number": number, "material": given.material, "size_bytes": len(content)}
    swap.insert(
        PreCheckFile(
            id=new,
            pre_check_id=pre_check_id,
            kind=kind,
            content_sealed=sealed,
            added_at=now,
            **facts,
        )
    )
    swap.refusing("uq_pre_check_file_pre_check_id_number", Overtaken)
    added = AddedFile(id=new, kind=kind, added_at=now, **facts)
    return found._replace(files=[*found.files, added])


async def remove_file(
    swap: SwapStatement, pre_check_id: UUID, file_id: UUID, caller: Caller
) -> SeenPreCheck:
    """The pre-check without the file. Raises NotFound, StateConflict."""
    found = await _changeable(swap, pre_check_id, caller)
    left = [one for one in found.files if one.id != file_id]
    if len(left) == len(found.files):
        raise NotFound(_NO_FILE)
    swap.also(queries.REMOVE, pre_check=pre_check_id, file=file_id)
    return found._replace(files=left)


async def _changeable(swap: SwapStatement, pre_check_id: UUID, caller: Caller) -> SeenPreCheck:
    """One of the caller's own that can still be submitted or answered, and stays so meanwhile.

    Its files count as its versions do: whoever withdraws or answers it has seen all of them.
    """
    found = await visible(swap.direct, pre_check_id, caller)
    one = found.one
    if one.owner != caller.sub:
        raise NotFound(_UNKNOWN)
    WORKFLOW.take(one.state, one.version, PreCheckAction.WITHDRAW, caller.roles)
    swap.swap(one, {}, follows=True)
    return found


async def file_content(
    session: DecidingSession,
    keyring: Keyring,
    pre_check_id: UUID,
    file_id: UUID,
    caller: Caller,
    now: datetime,
) -> tuple[bytes, FileKind]:
    """What the file holds; who reads another's is noted in the audit log. Raises NotFound."""
    direct = session.statement.direct
    found = await visible(direct, pre_check_id, caller)
    kept = await queries.content(direct, pre_check_id, file_id)
    if kept is None:
        raise NotFound(_NO_FILE)
    kind, sealed = kept
    if found.one.owner != caller.sub:
        what, file = f"pre_check:{pre_check_id}", {"file_id": str(file_id)}
        audit_log.promise(session.statement, caller.sub, "pre_check.file_read", what, now, file)
    opened = keyring.open(sealed, where=CONTENT, row=str(file_id))
    return base64.b64decode(opened), FileKind(kind)


def _take(
    swap: SwapStatement,
    found: SeenPreCheck,
    action: PreCheckAction,
    version: int | None,
    caller: Caller,
    values: dict[str, Any],
) -> SeenPreCheck:
    one = found.one
    if version is None:
        swap.wait_for(one)
    versions.ensure(version, version=one.version, state=one.state)
    row = WORKFLOW.take(one.state, one.version, action, caller.roles)
    swap.swap(one, {"state": row.to, **values})
    outbox.promise(swap, _event(row.event, found))
    return found


def _event(kind: type[PreCheckEvent], found: SeenPreCheck) -> Addressed:
    one = found.one
    made = kind(
        pre_check_id=one.id,
        hall_code=one.hall_code,
        item_code=one.item_code,
        department_code=found.department_code,
        appointment_id=one.appointment_id,
        state=one.state,
        version=one.version,
    )
    return Addressed(made, one.hall_code, str(one.id))


def _sealed(keyring: Keyring, text: str | None, where: str, row: UUID) -> str | None:
    return None if text is None else keyring.seal(text, where=where, row=str(row))
