"""SQL of the collecting room."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, or_, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.models import (
    GIVEN_UP_AFTER,
    NEVER,
    UNTIL,
    CollectorRun,
    DetailState,
    PortalPage,
    RunKind,
    RunState,
)
from services.projects.collecting.statement import CLAIM, RELEASE
from services.projects.collecting.workflow import PAGES, PageAction
from services.projects.portals.models import Portal

LEASE_SECONDS = 180
ENTRIES_A_STATEMENT = 200


async def run_underway(session: AsyncSession, portal_id: str) -> CollectorRun | None:
    """The portal's run that waits or is under way: it has one at a time."""
    underway = select(CollectorRun).where(
        col(CollectorRun.portal_id) == portal_id,
        col(CollectorRun.state).in_([RunState.QUEUED, RunState.RUNNING]),
    )
    return (await session.exec(underway)).first()


async def run(session: AsyncSession, run_id: UUID) -> CollectorRun | None:
    return (await session.exec(select(CollectorRun).where(col(CollectorRun.id) == run_id))).first()


async def runs(
    session: AsyncSession, portal_id: str, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[CollectorRun]:
    """Runs of a portal, newest first."""
    key = tuple_(CollectorRun.requested_at, CollectorRun.id)
    found = select(CollectorRun).where(col(CollectorRun.portal_id) == portal_id)
    if after is not None:
        found = found.where(key < tuple_(*after))
    newest_first = (col(CollectorRun.requested_at).desc(), col(CollectorRun.id).desc())
    return (await session.exec(found.order_by(*newest_first).limit(limit))).all()


async def claim_run(session: AsyncSession, runner: UUID) -> UUID | None:
    """Take the oldest run that waits or lost its runner and on whose host nobody is; leases go by
    the database's clock."""
    taken = await session.execute(CLAIM, {"runner": runner, "lease": LEASE_SECONDS})
    found: UUID | None = taken.scalar_one_or_none()
    return found


async def hold_run(session: AsyncSession, run_id: UUID, runner: UUID) -> CollectorRun | None:
    """The run, locked and prolonged; None when another runner has taken it over."""
    held = (
        update(CollectorRun)
        .where(
            col(CollectorRun.id) == run_id,
            col(CollectorRun.runner) == runner,
            col(CollectorRun.state) == RunState.RUNNING,
        )
        .values(lease_until=func.now() + timedelta(seconds=LEASE_SECONDS))
        .returning(CollectorRun)
        .execution_options(populate_existing=True)
    )
    found: CollectorRun | None = (await session.execute(held)).scalar_one_or_none()
    return found


async def release_run(session: AsyncSession, run_id: UUID, runner: UUID, pause: float) -> None:
    """Let another runner go on where this one stopped, after `pause` seconds."""
    await session.execute(RELEASE, {"id": run_id, "runner": runner, "pause": pause})


async def list_entries(session: AsyncSession, pages: Sequence[PortalPage]) -> int:
    """Note that `pages` (each address once) are listed now; returns how many were new.

    A known page whose entry changed, or that was gone, is read again. A statement takes a limited
    number of values, so long pages go in parts; the run's lock keeps other walks away. Locked in
    the order of their addresses, as by whatever else locks pages of a portal that are listed.
    """
    ordered = sorted(pages, key=lambda page: page.url)
    parts = [
        ordered[at : at + ENTRIES_A_STATEMENT] for at in range(0, len(ordered), ENTRIES_A_STATEMENT)
    ]
    return sum([await _list_entries(session, part) for part in parts])


async def _list_entries(session: AsyncSession, pages: Sequence[PortalPage]) -> int:
    fresh = insert(PortalPage).values([page.model_dump() for page in pages])
    again = fresh.excluded
    own_title = case((col(PortalPage.content_sha256).is_not(None), PortalPage.title))
    differs = or_(
        again.title.is_distinct_from(func.coalesce(PortalPage.listed_title, PortalPage.title)),
        again.listed_on.is_distinct_from(PortalPage.listed_on),
        col(PortalPage.gone_at).is_not(None),
    )
    # A page that now stands on another site is not asked for, whatever its entry says.
    to_read = and_(differs, again.detail_state == DetailState.PENDING)
    listed_anew = [step for step in PAGES.rows if step.action is PageAction.LIST_ANEW]
    state = case(
        *(
            (and_(to_read, col(PortalPage.detail_state) == step.state), step.to)
            for step in listed_anew
        ),
        else_=PortalPage.detail_state,
    )
    merged = fresh.on_conflict_do_update(
        index_elements=["portal_id", "url"],
        set_={
            **_first_seen(again),
            "last_listed_at": again.last_listed_at,
            "gone_at": None,
            # A page that was read keeps its title, by which its document is known again.
            "title": func.coalesce(own_title, again.title),
            "listed_title": again.title,
            "listed_on": again.listed_on,
            "column_name": again.column_name,
            "detail_state": state,
            "match_wanted": or_(col(PortalPage.match_wanted), differs),
            "version": PortalPage.version + 1,
        },
    ).returning(text("(xmax = 0) AS is_new"))
    return sum(bool(is_new) for (is_new,) in (await session.execute(merged)).all())


def _first_seen(again: Any) -> dict[str, Any]:
    """What its unit named before any list showed it is seen first where a list shows it first."""
    is_named = and_(col(PortalPage.last_listed_at) == NEVER, col(PortalPage.evidence_id).is_(None))
    names = ("first_seen_at", "content_seen_at")
    return {n: case((is_named, again[n]), else_=getattr(PortalPage, n)) for n in names}


async def pages_to_read(
    session: AsyncSession,
    run: CollectorRun,
    *,
    recheck_before: datetime,
    moved_on: Collection[date],
    limit: int,
) -> Sequence[PortalPage]:
    """Pages whose own page this run has yet to read: new ones, failed ones, then old ones.

    Any run looks again at pages that bear a mark of one of the days `moved_on`, a full run also at
    pages asked for before `recheck_before`, also those that led to another site then; those that
    the list no longer shows come first, for they may be gone.
    """
    started = run.started_at or run.requested_at
    unread = col(PortalPage.detail_state).in_([DetailState.PENDING, DetailState.UNREADABLE])
    unasked = or_(col(PortalPage.checked_at).is_(None), col(PortalPage.checked_at) < started)
    marked_on = func.date(func.timezone("Asia/Shanghai", PortalPage.cms_at))
    is_void = and_(col(PortalPage.detail_state) == DetailState.READ, marked_on.in_(moved_on))
    wanted = and_(or_(unread, is_void), unasked)
    if run.kind is RunKind.FULL:
        old = col(PortalPage.checked_at) < recheck_before
        # What is elsewhere by its own address was never asked for, and has no moment of it.
        again = col(PortalPage.detail_state).in_([DetailState.READ, DetailState.ELSEWHERE])
        wanted = or_(wanted, and_(again, old))
    found = (
        select(PortalPage)
        .where(
            col(PortalPage.portal_id) == run.portal_id, col(PortalPage.parent_id).is_(None), wanted
        )
        .order_by(
            unread.desc(),
            col(PortalPage.last_listed_at) >= started,
            col(PortalPage.checked_at),
            col(PortalPage.id),
        )
    )
    return (await session.exec(found.limit(limit))).all()


async def page(session: AsyncSession, page_id: UUID) -> PortalPage:
    return (await session.exec(select(PortalPage).where(col(PortalPage.id) == page_id))).one()


async def whole_walk_before(
    session: AsyncSession, run: CollectorRun, until: datetime, since: datetime | None
) -> CollectorRun | None:
    """The newest whole walk of the run's portal that began before it, until a moment.

    By the same rule, and since the portal is read where it is read now.
    """
    found = select(CollectorRun).where(
        col(CollectorRun.portal_id) == run.portal_id,
        col(CollectorRun.id) != run.id,
        col(CollectorRun.rule_version) == run.rule_version,
        col(CollectorRun.proves_absence),
        col(CollectorRun.started_at) <= until,
    )
    if since is not None:
        found = found.where(col(CollectorRun.started_at) >= since)
    newest_first = found.order_by(col(CollectorRun.started_at).desc(), col(CollectorRun.id).desc())
    return (await session.exec(newest_first.limit(1))).first()


async def gone_since(session: AsyncSession, portal_id: str, moment: datetime) -> int:
    """How many pages of the portal are known to have gone since."""
    counted = (
        select(func.count())
        .select_from(PortalPage)
        .where(
            col(PortalPage.portal_id) == portal_id,
            col(PortalPage.parent_id).is_(None),
            col(PortalPage.gone_at) >= moment,
        )
    )
    return (await session.exec(counted)).one()


async def same_looking(
    session: AsyncSession, unit_code: str, page: PortalPage
) -> Sequence[PortalPage]:
    """Other pages of the unit that may be the same document, seen before it; the oldest first."""
    alike = [
        col(PortalPage.text_sha256) == page.text_sha256,
        col(PortalPage.content_sha256) == page.content_sha256,
    ]
    if page.doc_no is not None:
        alike.append(col(PortalPage.doc_no) == page.doc_no)
    found = (
        select(PortalPage)
        .join(Portal, col(Portal.id) == col(PortalPage.portal_id))
        .where(
            or_(*alike),
            col(Portal.unit_code) == unit_code,
            col(PortalPage.id) != page.id,
            col(PortalPage.parent_id).is_(None),
            col(PortalPage.content_seen_at) < page.content_seen_at,
        )
        .order_by(col(PortalPage.content_seen_at), col(PortalPage.id))
    )
    return (await session.exec(found.limit(5))).all()


async def rows_of(session: AsyncSession, page_ids: Sequence[UUID]) -> Sequence[PortalPage]:
    """The rows of these pages, those that are gone too, the oldest first."""
    found = select(PortalPage).where(col(PortalPage.parent_id).in_(page_ids))
    return (await session.exec(found.order_by(col(PortalPage.id)))).all()


async def hold_rows(session: AsyncSession, page_id: UUID) -> Sequence[PortalPage]:
    """The same of one page, locked: nobody matches them meanwhile."""
    found = select(PortalPage).where(col(PortalPage.parent_id) == page_id)
    locked = found.order_by(col(PortalPage.id)).with_for_update()
    return (await session.exec(locked.execution_options(populate_existing=True))).all()


async def row_addresses(session: AsyncSession, portal_id: str, start: str) -> Sequence[str]:
    """The addresses of rows of the portal, those that are gone too, that begin so."""
    found = select(PortalPage.url).where(
        col(PortalPage.portal_id) == portal_id,
        col(PortalPage.parent_id).is_not(None),
        col(PortalPage.url).startswith(start, autoescape=True),
    )
    return (await session.exec(found)).all()


async def rows_alike(
    session: AsyncSession, unit_code: str, texts: Sequence[str]
) -> Sequence[PortalPage]:
    """Rows of the unit's pages that say the same, the oldest last."""
    found = (
        select(PortalPage)
        .join(Portal, col(Portal.id) == col(PortalPage.portal_id))
        .where(
            col(PortalPage.text_sha256).in_(texts),
            col(PortalPage.parent_id).is_not(None),
            col(Portal.unit_code) == unit_code,
        )
    )
    oldest_last = (col(PortalPage.content_seen_at).desc(), col(PortalPage.id).desc())
    return (await session.exec(found.order_by(*oldest_last))).all()


async def listed_by(session: AsyncSession, run: CollectorRun) -> tuple[int, int]:
    """How many pages this run found listed, and how many of them, and of rows, were not read and
    may be yet: what was given up is before a person, and keeps open what its title is about."""
    failed_for = col(PortalPage.checked_at) - col(PortalPage.unread_since)
    may_be_read = func.coalesce(failed_for < GIVEN_UP_AFTER, True)
    is_failed = and_(col(PortalPage.detail_state) == DetailState.UNREADABLE, may_be_read)
    is_unread = or_(col(PortalPage.detail_state) == DetailState.PENDING, is_failed)
    is_entry = and_(col(PortalPage.parent_id).is_(None), col(PortalPage.url).not_like(f"%{UNTIL}%"))
    counted = select(func.count().filter(is_entry), func.count().filter(is_unread)).where(
        col(PortalPage.portal_id) == run.portal_id,
        col(PortalPage.last_listed_at) >= run.started_at,
    )
    return (await session.exec(counted)).one()
