"""Use cases of collecting: keep portals and rules, order runs, and note what a run finds."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting import documents, queries, rules, table_rows, what_is_read
from services.projects.collecting.hosts import queries as hosts
from services.projects.collecting.list_notes import note_error, note_listed
from services.projects.collecting.models import (
    CollectorRun,
    DetailState,
    PortalPage,
    RunKind,
)
from services.projects.collecting.named import rules as named
from services.projects.collecting.workflow import PAGES, RUNS, PageAction, RunAction, action_of
from services.projects.duties import service as duties
from services.projects.portals import service as portals
from services.projects.portals.models import Portal
from services.projects.reading.claims import claim_of
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.rule import CollectorRule
from shared.errors import NotFound

SCHEDULE = "schedule"


async def queue_due(session: AsyncSession, now: datetime) -> int:
    """Queue a run for portals whose time has come; returns for how many."""
    due = await hosts.due(session, now, limit=rules.QUEUED_AT_ONCE)
    units = sorted({portal.unit_code for portal in due})
    needed = await duties.proof_needed_since(session, units, now)
    runs = [
        _run_of(portal, rules.kind_due(portal, now, needed.get(portal.unit_code)), SCHEDULE, now)
        for portal in due
    ]
    await hosts.queue(session, runs)
    return len(due)


async def start_run(
    session: AsyncSession, portal_id: str, kind: RunKind, sub: str, now: datetime
) -> CollectorRun:
    """The queued run of a portal, or the one already underway. Raises NotFound or rules.NoRule."""
    wanted = _run_of(await portals.find(session, portal_id), kind, sub, now)
    await hosts.queue(session, [wanted])
    return await queries.run_underway(session, portal_id) or wanted


def _run_of(portal: Portal, kind: RunKind, sub: str, now: datetime) -> CollectorRun:
    if portal.rule_version is None:
        raise rules.NoRule
    return CollectorRun(
        portal_id=portal.id,
        rule_version=portal.rule_version,
        kind=kind,
        requested_at=now,
        requested_by=sub,
    )


async def run(session: AsyncSession, run_id: UUID) -> CollectorRun:
    """Raises NotFound."""
    found = await queries.run(session, run_id)
    if found is None:
        raise NotFound
    return found


async def runs(
    session: AsyncSession, portal_id: str, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[CollectorRun]:
    """Runs of a portal, newest first. Raises NotFound."""
    await portals.find(session, portal_id)
    return await queries.runs(session, portal_id, after=after, limit=limit)


async def portal_to_try(
    session: AsyncSession, portal_id: str, wanted: CollectorRule | None
) -> tuple[Portal, CollectorRule]:
    """The portal with the wanted rule, or the one in force. Raises NotFound or rules.NoRule."""
    portal = await portals.find(session, portal_id)
    if wanted is not None:
        return portal, wanted
    if portal.rule_version is None:
        raise rules.NoRule
    return portal, await portals.rule(session, portal_id, portal.rule_version)


async def claim_run(
    session: AsyncSession, runner: UUID, now: datetime
) -> tuple[CollectorRun, Portal, CollectorRule, float] | None:
    """A run to walk, with its portal, its rule and its host's pace in seconds; None if none may.

    One that cannot be walked fails, and the next is taken.
    """
    while (run_id := await queries.claim_run(session, runner)) is not None:
        claimed = await run(session, run_id)
        portal = await portals.find(session, claimed.portal_id)
        pace = await hosts.pace_ms(session, portal.id) / 1000
        try:
            rules.ensure_goes_on(claimed)
            return claimed, portal, await _rule_of(session, claimed), pace
        except SourceFault as fault:
            await fail_run(session, claimed, fault, now)
            await hosts.free(session, claimed.id, pace)
    return None


async def _rule_of(session: AsyncSession, claimed: CollectorRun) -> CollectorRule:
    """Raises SourceFault(redesigned) for one that was stored by a release that knew more."""
    try:
        return await portals.rule(session, claimed.portal_id, claimed.rule_version)
    except ValidationError as error:
        raise SourceFault(Fault.REDESIGNED, "its rule cannot be read any more") from error


async def pages_to_read(
    session: AsyncSession, run: CollectorRun, portal: Portal, *, limit: int
) -> Sequence[PortalPage]:
    """Pages whose own page the run has yet to read."""
    started = run.started_at or run.requested_at
    return await queries.pages_to_read(
        session,
        run,
        recheck_before=started - rules.RECHECK_AFTER,
        moved_on=portal.moved_on,
        limit=limit,
    )


async def note_detail(
    session: AsyncSession,
    run: CollectorRun,
    portal: Portal,
    page: PortalPage,
    item: documents.SeenPage,
    rule: CollectorRule,
) -> PortalPage:
    """Keep an item's page as evidence, read it anew if its bytes changed, and have it matched.

    Another document at the same address is a page of its own, the one given: that before is gone.
    """
    seen, reading = item.capture, rules.without_void_mark(item.read.reading, portal)
    session.add(page)
    if page.content_sha256 and not rules.same_document(page, reading, rule.items):
        await table_rows.lose_rows(session, page, seen.fetched_at)
        page = await documents.succeed(session, page, seen.fetched_at)
    listed_on, header_at, at = page.listed_on, item.answer.last_modified_at, seen.fetched_at
    claim = claim_of(reading, listed_on=listed_on, header_at=header_at, now=at)
    claim = named.believed(claim, portal)
    captured, checked_before = page.evidence_id, page.checked_at
    is_as_before = await documents.keep(session, portal, page, seen)
    is_news = page.evidence_id != captured or page.detail_state is not DetailState.READ
    if is_news or (page.claimed_at, page.cms_at) != (claim.at, claim.cms_at):
        want_match(page)
    what_is_read.take_over(page, reading)
    if captured is None:
        await documents.recognise(session, portal, page, reading, rule)
    what_is_read.claim(page, claim, misdeclared=item.read.decoded.misdeclared)
    documents.note_answer(run, page, item.answer, claim)
    _check(run, page, PageAction.READ, seen.fetched_at)
    before = None if captured is None or is_as_before else checked_before
    await table_rows.note_rows(session, portal.unit_code, page, reading.records, at, before)
    return page


async def note_unchanged(
    session: AsyncSession, run: CollectorRun, page: PortalPage, at: datetime
) -> None:
    """The portal says that the page is as it was read before."""
    session.add(page)
    _check(run, page, PageAction.READ, at)
    await table_rows.note_rows_unchanged(session, page, at)


async def note_unread(
    session: AsyncSession, run: CollectorRun, page: PortalPage, fault: SourceFault, now: datetime
) -> None:
    """The page could not be read: gone, or to be tried again; what the list said still counts."""
    session.add(page)
    _check(run, page, action_of(fault), now)
    if page.gone_at is not None:
        await table_rows.lose_rows(session, page, now)
    page.fault = fault.fault
    if page.text_sha256 is None:
        what_is_read.claim(page, claim_of(None, listed_on=page.listed_on, header_at=None, now=now))
    if named.is_only_named(page):
        page.match_wanted = False
    note_error(run, page.url, fault)


async def finish_run(
    session: AsyncSession, run: CollectorRun, rule: CollectorRule, now: datetime
) -> None:
    """The run is at its end; the portal is up, and perhaps its absences are proven."""
    listed, unread = await queries.listed_by(session, run)
    note_listed(run, listed)
    run.proves_absence = rules.proves_absence(run, rule, unread=unread)
    _move(run, RunAction.FINISH, now)
    proof = await _proof(session, run) if run.proves_absence else portals.Proof()
    unit_code = (await portals.find(session, run.portal_id)).unit_code
    needed = await duties.proof_needed_since(session, [unit_code], now)
    needed_since = needed.get(unit_code)
    may_prove = rule.lists_everything
    await portals.note_up(
        session, run.portal_id, now, proof, needed_since=needed_since, may_prove=may_prove
    )


async def _proof(session: AsyncSession, run: CollectorRun) -> portals.Proof:
    """What a whole walk proves: by itself nothing, but the one before it, if they agree.

    Of the two the older one is the proof: what was published after it was not absent for sure. One
    that began before the portal is read as it is now was a walk of something else.
    """
    portal = await portals.find(session, run.portal_id)
    started_at = run.started_at or run.requested_at
    if portal.read_since is not None and started_at < portal.read_since:
        return portals.Proof()
    gap = await portals.absence_gap(session)
    earlier = await queries.whole_walk_before(session, run, started_at - gap, portal.read_since)
    if earlier is None or earlier.started_at is None:
        return portals.Proof(walked_at=started_at)
    gone = await queries.gone_since(session, run.portal_id, earlier.started_at)
    is_agreed = rules.agree(run, earlier, gone=gone)
    return portals.Proof(walked_at=started_at, proven_at=earlier.started_at if is_agreed else None)


async def fail_run(
    session: AsyncSession, run: CollectorRun, fault: SourceFault, now: datetime
) -> None:
    """The portal could not be read: it is down, which says nothing about what is published."""
    note_error(run, run.next_url or "", fault)
    _move(run, RunAction.FAIL, now)
    await portals.note_down(session, run.portal_id, fault.fault, now)


def _move(run: CollectorRun, action: RunAction, now: datetime) -> None:
    """Take the run's step; the caller holds its lease and its row."""
    step = RUNS.find(run.state, run.version, action)
    run.state = step.to
    if step.is_end:
        run.finished_at = now
    if not step.keeps_lease:
        run.runner = run.lease_until = None
    run.version += 1


def _check(run: CollectorRun, page: PortalPage, action: PageAction, at: datetime) -> None:
    """Take the page's step, after its own page was asked for; the caller holds the run."""
    run.details += 1
    run.takeovers = 0
    step = PAGES.find(page.detail_state, page.version, action)
    page.detail_state, page.checked_at, page.fault = step.to, at, None
    is_unread = step.to is DetailState.UNREADABLE
    page.unread_since = (page.unread_since or at) if is_unread else None
    if step.is_matched:
        want_match(page)
    if step.is_gone:
        page.gone_at = page.gone_at or at
    page.version += 1


def want_match(page: PortalPage) -> None:
    """Have the page matched, whatever became of an earlier wish meanwhile.

    The page was read before its portal was asked. Where it was matched in between, the column holds
    false again, and a value that seems the same as before would not be written.
    """
    page.match_wanted = True
    flag_modified(page, "match_wanted")
