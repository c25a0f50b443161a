"""SQL of the matching room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, delete, func, literal, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import Standing, Verdict
from services.projects.catalogue.models import CatalogueItem
from services.projects.collecting.models import DetailState, PortalPage
from services.projects.duties.models import Duty, FullWalk
from services.projects.matching import statement
from services.projects.matching.models import MATCHER, MatchRefusal, MatchState, PageMatch
from services.projects.matching.refusals import Refusals
from services.projects.matching.rules import Candidate
from services.projects.matching.statement import MatchRow as MatchRow
from services.projects.matching.statement import PageMarks as PageMarks
from services.projects.matching.statement import TakenPage as TakenPage
from services.projects.portals.models import Portal
from services.projects.reading.faults import Fault

MATCHES_A_STATEMENT = 1000
"""A statement takes a limited number of values, and a file may be of any duty of its item."""

READY = (DetailState.READ, DetailState.UNREADABLE, DetailState.GONE, DetailState.ELSEWHERE)


async def waiting_pages(session: AsyncSession, limit: int) -> Sequence[tuple[PortalPage, Portal]]:
    """Pages to be matched, locked; a page that is still to be read waits for that.

    Those that are gone wait until none waits that is there: what they published may have moved.
    """
    there = await _waiting_pages(session, col(PortalPage.gone_at).is_(None), limit)
    return there or await _waiting_pages(session, col(PortalPage.gone_at).is_not(None), limit)


async def _waiting_pages(
    session: AsyncSession, kind: ColumnElement[bool], limit: int
) -> Sequence[tuple[PortalPage, Portal]]:
    found = (
        select(PortalPage, Portal)
        .join(Portal, col(Portal.id) == col(PortalPage.portal_id))
        .where(col(PortalPage.match_wanted), col(PortalPage.detail_state).in_(READY), kind)
        .order_by(col(PortalPage.portal_id), col(PortalPage.id))
        .limit(limit)
        .with_for_update(of=PortalPage, skip_locked=True)
    )
    return (await session.exec(found)).all()


async def want_seen_again(session: AsyncSession) -> int:
    """Have pages matched that were seen again from the last day of a display on; how many."""
    found: Any = await session.execute(statement.SEEN_AGAIN)
    return int(found.rowcount)


async def settle_pages(session: AsyncSession, pages: Sequence[PortalPage]) -> None:
    """These pages need no matching until they change; their rows are locked by the caller."""
    ids = [page.id for page in pages]
    await session.execute(
        update(PortalPage).where(col(PortalPage.id).in_(ids)).values(match_wanted=False)
    )


async def pages_waiting_of(session: AsyncSession, unit_code: str) -> bool:
    """Whether a page of the unit's portals is still to be read or matched."""
    read_for_it = (col(Portal.unit_code) == unit_code, col(Portal.enabled))
    found = select(PortalPage.id).join(Portal, col(Portal.id) == col(PortalPage.portal_id))
    found = found.where(*read_for_it, col(PortalPage.match_wanted))
    return (await session.exec(found.limit(1))).first() is not None


async def duties_of_copies(session: AsyncSession, page_ids: Sequence[UUID]) -> list[UUID]:
    """The duties that pages with the same document publish, or did before it moved."""
    return list((await session.execute(statement.COPIES, {"pages": list(page_ids)})).scalars())


async def still_published(session: AsyncSession, duty_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the duties that a page which is there publishes."""
    return set(
        (await session.execute(statement.STANDING_PAGES, {"duties": list(duty_ids)})).scalars()
    )


async def in_rows(session: AsyncSession, match_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the matches of pages whose duty a row of the page publishes, or did."""
    return set((await session.execute(statement.IN_ROWS, {"matches": list(match_ids)})).scalars())


_ACCEPTED = select(PageMatch.page_id).where(col(PageMatch.state) == MatchState.ACCEPTED)


async def pages_marked(
    session: AsyncSession, codes: Sequence[str], documents: Sequence[str]
) -> Sequence[UUID]:
    """Pages of any unit that bear one of these codes or numbers and publish nothing yet."""
    found = select(PortalPage.id).where(
        or_(col(PortalPage.project_code).in_(codes), col(PortalPage.doc_no).in_(documents)),
        col(PortalPage.id).not_in(_ACCEPTED),
    )
    return (await session.exec(found)).all()


async def untaken_pages(session: AsyncSession, unit_code: str) -> list[PageMarks]:
    """The pages of the unit that publish nothing yet, or may publish several by their title or in
    words that nobody has read: those of its portals, and those that name it as their source.
    """
    return [
        PageMarks(*row) for row in await session.execute(statement.UNTAKEN, {"unit": unit_code})
    ]


async def taken_besides(session: AsyncSession, duty_ids: Sequence[UUID]) -> list[TakenPage]:
    """Pages that publish another duty of the same project as one of these that was not seen."""
    found = await session.execute(statement.TAKEN_BESIDES, {"duties": list(duty_ids)})
    return [TakenPage(**row) for row in found.mappings()]


async def want_pages(session: AsyncSession, page_ids: Sequence[UUID]) -> None:
    """Have these pages matched."""
    ids = any_(literal(list(page_ids), ARRAY(Uuid())))  # one parameter, however many there are
    wanted = update(PortalPage).where(col(PortalPage.id) == ids)
    await session.execute(wanted.values(match_wanted=True))


async def want_pages_from(session: AsyncSession, sources: Sequence[str]) -> None:
    """Have the pages that name one of these sources, and publish nothing yet, matched."""
    await _want_untaken(session, col(PortalPage.source_name).in_(sources))


async def want_pages_of(session: AsyncSession, portal_ids: Sequence[str]) -> None:
    """Have the pages of these portals that publish nothing yet matched."""
    await _want_untaken(session, col(PortalPage.portal_id).in_(portal_ids))


async def _want_untaken(session: AsyncSession, which: ColumnElement[bool]) -> None:
    wanted = update(PortalPage).where(which, col(PortalPage.id).not_in(_ACCEPTED))
    await session.execute(wanted.values(match_wanted=True))


async def exact_candidates(
    session: AsyncSession, codes: Sequence[str], documents: Sequence[str]
) -> list[Candidate]:
    """Duties of these projects or under these document numbers, of any unit."""
    wanted = {"codes": list(codes), "documents": list(documents)}
    return [Candidate(*row) for row in await session.execute(statement.EXACT, wanted)]


async def candidates(session: AsyncSession, duty_ids: Sequence[UUID]) -> list[Candidate]:
    """These duties."""
    return [
        Candidate(*row) for row in await session.execute(statement.CHOSEN, {"ids": list(duty_ids)})
    ]


async def elements_of(session: AsyncSession, duty_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The content elements that each duty's catalogue item asks for."""
    found = (
        select(col(Duty.id), col(CatalogueItem.content_elements))
        .join(CatalogueItem, col(CatalogueItem.id) == col(Duty.item_id))
        .where(col(Duty.id).in_(duty_ids))
    )
    return dict((await session.exec(found)).all())


async def verdicts(session: AsyncSession, duty_ids: Sequence[UUID]) -> dict[UUID, Verdict | None]:
    """How these duties stand."""
    found = select(Standing.duty_id, col(Standing.verdict)).where(
        col(Standing.duty_id).in_(duty_ids)
    )
    return dict((await session.exec(found)).all())


async def matches_of(
    session: AsyncSession, page_ids: Sequence[UUID], *, lock: bool = False
) -> Sequence[PageMatch]:
    """What there is of these pages; locked by one who has the turn, as whoever decides has."""
    found = select(PageMatch).where(col(PageMatch.page_id).in_(page_ids))
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(found.order_by(col(PageMatch.id)))).all()


async def accepted_of(
    session: AsyncSession, duty_ids: Sequence[UUID]
) -> Sequence[tuple[PageMatch, PortalPage]]:
    """What publishes these duties, with its pages."""
    found = (
        select(PageMatch, PortalPage)
        .join(PortalPage, col(PortalPage.id) == col(PageMatch.page_id))
        .where(col(PageMatch.duty_id).in_(duty_ids), col(PageMatch.state) == MatchState.ACCEPTED)
    )
    return (await session.exec(found.order_by(col(PageMatch.id)))).all()


async def note_unreadable(
    session: AsyncSession,
    page_ids: Sequence[UUID],
    unjudged: Sequence[PageMatch],
    passing: Sequence[Fault],
    now: datetime,
) -> None:
    """Note of accepted pages that they, or what is asked of them, cannot be read, or can again.

    Not where the fault is of a kind that passes, which says nothing about the page, and not again
    where a person has said already that it is there although it cannot be read.
    """
    about = {"pages": list(page_ids), "unjudged": [match.id for match in unjudged], "now": now}
    await session.execute(statement.UNREADABLE, {**about, "passing": [str(f) for f in passing]})


async def mark_claims(session: AsyncSession, matches: Sequence[PageMatch]) -> None:
    """Put accepted matches before a person, because their pages claim another day since."""
    await session.execute(statement.MARK_CLAIMS, {"matches": [match.id for match in matches]})


async def ask_another(session: AsyncSession, matches: Sequence[PageMatch], now: datetime) -> None:
    """Ask another person about accepted matches whose pages are gone, as if whoever accepted them
    had said so: they do not make their duties withdrawn on that one's word."""
    if matches:
        given = {"matches": [match.id for match in matches], "now": now}
        await session.execute(statement.ASK_ANOTHER, given)


async def mark_refused(session: AsyncSession, matches: Sequence[PageMatch]) -> None:
    """Say of accepted matches that the day which their pages claim now was refused."""
    await session.execute(statement.MARK_REFUSED, {"matches": [match.id for match in matches]})


async def reopen(session: AsyncSession, matches: Sequence[PageMatch]) -> None:
    """Put rejected matches before a person again, because their pages say something else since."""
    if matches:
        await session.execute(statement.REOPEN, {"matches": [match.id for match in matches]})


async def refusals(session: AsyncSession, page_ids: Sequence[UUID]) -> Refusals:
    """What persons refused of these pages."""
    found = select(MatchRefusal).where(col(MatchRefusal.page_id).in_(page_ids))
    return Refusals((await session.exec(found.order_by(col(MatchRefusal.id)))).all())


async def put_matches(session: AsyncSession, matches: Sequence[PageMatch]) -> None:
    """Keep these matches; a pair that is known already stays as it was decided."""
    for at in range(0, len(matches), MATCHES_A_STATEMENT):
        values = [match.model_dump() for match in matches[at : at + MATCHES_A_STATEMENT]]
        await session.execute(insert(PageMatch).values(values).on_conflict_do_nothing())


async def drop_matches(session: AsyncSession, matches: Sequence[PageMatch]) -> Sequence[PageMatch]:
    """Take back proposals that no person has looked at, for the page means something else now.

    Returns those that were dropped: a person may have decided since they were read.
    """
    dropped = set[UUID]()
    if matches:
        is_proposed = and_(
            col(PageMatch.state) == MatchState.REVIEW, col(PageMatch.first_by).is_(None)
        )
        untouched = delete(PageMatch).where(
            col(PageMatch.id).in_([match.id for match in matches]),
            or_(is_proposed, col(PageMatch.decided_by) == MATCHER),
        )
        found = await session.execute(untouched.returning(col(PageMatch.id)))
        dropped = set(found.scalars())
    return [match for match in matches if match.id in dropped]


async def duties_in_review(session: AsyncSession, duty_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the duties of which nothing is said while a candidate waits for a person."""
    return set((await session.execute(statement.KEPT_OPEN, {"duties": list(duty_ids)})).scalars())


async def unmarked(session: AsyncSession) -> Sequence[UUID]:
    """Some duties that something in words nobody has read keeps open, and that are not marked so:
    their limit was moved since it was found, past a day on which it was not there."""
    return (await session.execute(statement.UNMARKED)).scalars().all()


async def noted_walk(session: AsyncSession, unit_code: str) -> datetime | None:
    """The newest full walk that the duties of the unit know of."""
    found = select(func.max(FullWalk.walked_at)).where(col(FullWalk.unit_code) == unit_code)
    return (await session.exec(found)).one()


async def views(
    session: AsyncSession,
    *,
    state: MatchState,
    units: list[str] | None,
    after: UUID | None,
    limit: int,
) -> list[MatchRow]:
    """Matches with their page and duty, oldest first."""
    wanted = {"state": state.value, "units": units, "after": after, "limit": limit}
    return [MatchRow(**row) for row in (await session.execute(statement.LIST, wanted)).mappings()]
