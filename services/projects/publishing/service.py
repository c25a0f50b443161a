"""Use cases of the release register: drafts go from hand to hand, and out."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import service as duties
from services.projects.evidence.files import EvidenceStore
from services.projects.publishing import documents, entries, queries, rules
from services.projects.publishing.models import (
    RegisteredRelease,
    RegisteredReleaseState,
    ReleaseOrigin,
    ReleasePlace,
)
from services.projects.publishing.queries import SeenRelease as SeenRelease
from services.projects.publishing.schemas import (
    ReleaseDraft,
    ReleaseOrder,
    ReleaseRemark,
    ReleaseUpload,
    ReleaseVerification,
    SecrecyCheck,
)
from services.projects.publishing.workflow import (
    WORKFLOW,
    RegisteredReleaseAction,
    ReleaseStep,
)
from shared.clock import today
from shared.database.deciding import DecidingSession
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.security.identity import Caller
from shared.web import versions
from shared.web.steps import StepTaker
from shared.workflow import refuse

_ATTACHED = Text(
    "文件已经上传；发布之后不能更换",
    "Its document is here already; once it is out it is not replaced",
)
_NO_DOCUMENT = Text(
    "请先上传要公开的文件：保密审查和审批看的就是它",
    "Please upload the document first: it is what is checked and approved",
)
_APPROVED_WITHOUT = Text(
    "这份文件没有经过保密审查和审批，不能补传；请另行登记",
    "Nobody checked or approved that document, so it is not added now; please register it anew",
)
READERS = ("officer", "reviewer", "auditor", "supervisor", "admin")
_S, _A = RegisteredReleaseState, RegisteredReleaseAction


async def draft(
    session: DecidingSession, wanted: ReleaseDraft, now: datetime, caller: Caller
) -> SeenRelease:
    """A new entry of the register. Raises NotFound for another unit, UnknownReference."""
    await entries.ensure_known(session, wanted, (), now, caller)
    release = RegisteredRelease(
        **wanted.model_dump(),
        origin=ReleaseOrigin.REGISTER,
        state=_S.DRAFT,
        created_at=now,
        created_by=caller.sub,
        authors=[caller.sub],
    )
    queries.add(session, release, ())
    await entries.note(session, release, "release.drafted", now, caller.sub)
    return SeenRelease(release, [])


async def revise(
    session: DecidingSession, release_id: UUID, wanted: ReleaseDraft, by: StepTaker
) -> SeenRelease:
    """The draft as it shall be; one that was rejected is a draft again, and checked anew."""
    found, step = await _begin(session, release_id, _A.REVISE, by)
    await entries.ensure_known(session, wanted, (), by.now, by.caller)
    fresh = ("checked_at", "checked_by", "check_basis", "rejection")
    changes = {**wanted.model_dump(), **dict.fromkeys(fresh)}
    return await _take(session, found, step, by, changes)


async def submit(session: DecidingSession, release_id: UUID, by: StepTaker) -> SeenRelease:
    """On to whoever checks it for secrets."""
    found, step = await _begin(session, release_id, _A.SUBMIT, by)
    return await _take(session, found, step, by, {})


async def check(
    session: DecidingSession, release_id: UUID, order: SecrecyCheck, by: StepTaker
) -> SeenRelease:
    """Nothing in it must be kept back. Raises FourEyes for an author."""
    found, step = await _begin(session, release_id, _A.CHECK, by)
    changes = {"checked_at": by.now, "checked_by": by.caller.sub, "check_basis": order.basis}
    return await _take(session, found, step, by, changes)


async def approve(session: DecidingSession, release_id: UUID, by: StepTaker) -> SeenRelease:
    """It may go out, under its registration number. Raises FourEyes for an author or who checked
    it."""
    found, step = await _begin(session, release_id, _A.APPROVE, by)
    unit, year = found.release.unit_code, today(by.now).year
    seq = await queries.next_number(session, unit, year)
    numbered = {
        "register_year": year,
        "register_seq": seq,
        "register_no": rules.register_no(unit, year, seq),
    }
    changes = {"approved_at": by.now, "approved_by": by.caller.sub}
    return await _take(session, found, step, by, {**changes, **numbered})


async def reject(
    session: DecidingSession, release_id: UUID, order: ReleaseRemark, by: StepTaker
) -> SeenRelease:
    """Back to its authors; what a unit says that nobody finds is dismissed."""
    found, step = await _begin(session, release_id, _A.REJECT, by)
    return await _take(session, found, step, by, {"rejection": order.reason})


async def withdraw(
    session: DecidingSession, release_id: UUID, order: ReleaseRemark, by: StepTaker
) -> SeenRelease:
    """It does not go out."""
    found, step = await _begin(session, release_id, _A.WITHDRAW, by)
    return await _take(session, found, step, by, {"rejection": order.reason})


async def release(
    session: DecidingSession, release_id: UUID, order: ReleaseOrder, by: StepTaker
) -> SeenRelease:
    """It is out, there. Raises UnknownReference for a carrier that is not the unit's."""
    found, step = await _begin(session, release_id, _A.RELEASE, by)
    await entries.ensure_carriers(session, found.release, order.places, by.now)
    changes = {"claimed_at": by.now, "released_at": by.now, "released_by": by.caller.sub}
    places = entries.places_of(found.release.id, order.places)
    session.add_all(places)
    done = await _take(session, found, step, by, changes)
    await entries.announce(session, done.release, places)
    return SeenRelease(done.release, places)


async def verify(
    session: DecidingSession, release_id: UUID, order: ReleaseVerification, by: StepTaker
) -> SeenRelease:
    """A person has looked where the collector cannot, at the places that they name. It moves no
    verdict: the clock of a duty ends by what is collected.

    What is verified already gets further places, and keeps who verified it first. Raises FourEyes
    for the unit's own people, Invalid for a place that is not registered.
    """
    found, step = await _begin(session, release_id, _A.VERIFY, by)
    seen = rules.looked_at(found.places, order.places)
    changes: dict[str, Any] = {"verification": found.release.verification or order.reason}
    if step.state is not _S.VERIFIED:
        changes |= {"verified_at": by.now, "verified_by": by.caller.sub}
    await queries.note_places(session, seen, by.now)
    done = await _take(session, found, step, by, changes)
    places = [_found_by(each, by.now) if each.id in seen else each for each in found.places]
    return SeenRelease(done.release, places)


async def attach(
    session: DecidingSession,
    files: EvidenceStore,
    release_id: UUID,
    given: ReleaseUpload,
    by: StepTaker,
) -> SeenRelease:
    """Its document, kept as evidence; once it is out it is not replaced by another one, and of what
    was approved here none comes that nobody checked.

    Raises Invalid for what is too large or of another kind.
    """
    found, step = await _begin(session, release_id, _A.ATTACH, by)
    old = found.release
    if old.origin is ReleaseOrigin.REGISTER and not step.of_register:
        refuse(old.state, old.version, _APPROVED_WITHOUT)
    if not step.of_register and old.document is not None:
        refuse(old.state, old.version, _ATTACHED)
    uploaded = await asyncio.to_thread(documents.read, given)
    sha256 = await files.put(uploaded.body)
    document = {"name": given.name, "kind": str(uploaded.kind), "size": len(uploaded.body)}
    return await _take(session, found, step, by, {"document": {**document, "sha256": sha256}})


async def document_of(
    session: AsyncSession, files: EvidenceStore, release_id: UUID, caller: Caller
) -> documents.Stored:
    """Raises NotFound, EvidenceDamaged where the bytes are not those that were uploaded."""
    found = await find(session, release_id, caller)
    if found.release.document is None:
        raise NotFound
    return await documents.stored(files, found.release.document)


async def with_documents(
    session: AsyncSession, after: UUID | None, limit: int
) -> list[tuple[UUID, str]]:
    """Entries with a document by their ids, each with the hash under which it is kept."""
    return await queries.with_documents(session, after, limit)


def _found_by(place: ReleasePlace, now: datetime) -> ReleasePlace:
    """The place as it is once somebody has found it by then."""
    return ReleasePlace(**{**place.model_dump(), "seen_at": place.seen_at or now})


async def _begin(
    session: DecidingSession, release_id: UUID, action: RegisteredReleaseAction, by: StepTaker
) -> tuple[SeenRelease, ReleaseStep]:
    """The entry and the row of the table. Raises NotFound, StateConflict, Forbidden, FourEyes."""
    found = await find(session, release_id, by.caller)
    release = found.release
    versions.ensure(by.expected, version=release.version, state=release.state)
    step = WORKFLOW.take(release.state, release.version, action, by.caller.roles)
    if not (step.not_by_unit or by.caller.at(release.unit_code)):
        raise NotFound
    rules.ensure_another(
        release,
        by.caller,
        not_by_author=step.not_by_author,
        not_by_checker=step.not_by_checker,
        not_by_unit=step.not_by_unit,
    )
    if step.needs_document and release.document is None:
        refuse(release.state, release.version, _NO_DOCUMENT)
    return found, step


async def _take(
    session: DecidingSession,
    found: SeenRelease,
    step: ReleaseStep,
    by: StepTaker,
    changes: Mapping[str, Any],
) -> SeenRelease:
    sub, authors = by.caller.sub, found.release.authors
    if step.writes and sub not in authors:
        authors = [*authors, sub]
    moved = {"state": step.to, "authors": authors, **changes}
    changed = await swap(session, found.release, moved)
    await entries.note(session, changed, step.audited, by.now, sub)
    return SeenRelease(changed, found.places)


async def find(session: AsyncSession, release_id: UUID, caller: Caller) -> SeenRelease:
    """Raises NotFound, also for one of a unit that is not the caller's."""
    found = await queries.find(session, release_id)
    if found is None or not duties.may_see(caller, found.release.unit_code):
        raise NotFound
    return found


async def listed(
    session: AsyncSession,
    caller: Caller,
    *,
    unit: str | None,
    state: RegisteredReleaseState | None,
    mine: bool,
    planned_before: datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[SeenRelease]:
    """Entries that the caller may see; `mine`: that wait for them. Raises NotFound."""
    units = duties.visible_units(caller, unit)
    waiting = _waiting(caller) if mine else None
    wanted = queries.ReleaseFilter(state, planned_before, waiting)
    return await queries.page(session, units, wanted, after, limit)


def _waiting(caller: Caller) -> queries.Waiting:
    """In which states the caller may take the step that leads on."""
    rows = [row for row in WORKFLOW.rows if row.leads_on and not row.roles.isdisjoint(caller.roles)]
    return queries.Waiting(
        caller.sub,
        sorted({row.state for row in rows}),
        sorted({row.state for row in rows if row.not_by_author or row.not_by_unit}),
        sorted({row.state for row in rows if row.not_by_checker}),
    )
