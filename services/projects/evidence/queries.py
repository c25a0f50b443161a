"""SQL of the evidence room."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence.models import Capture, EvidenceDay, EvidenceMark


async def last_of_chain(session: AsyncSession, chain: str) -> tuple[int, str | None]:
    """Number and hash of the newest capture of a portal, 0 and None before the first.

    The runner's lock on its run keeps a second writer of the chain away.
    """
    found = select(col(Capture.seq), col(Capture.hash)).where(col(Capture.chain) == chain)
    last = (await session.exec(found.order_by(col(Capture.seq).desc()).limit(1))).first()
    return (last[0], last[1]) if last else (0, None)


async def by_id(session: AsyncSession, capture_id: UUID) -> Capture | None:
    return (await session.exec(select(Capture).where(col(Capture.id) == capture_id))).first()


async def by_ids(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Capture]:
    """These captures, by chain and number."""
    found = select(Capture).where(col(Capture.id).in_(ids))
    return (await session.exec(found.order_by(col(Capture.chain), col(Capture.seq)))).all()


async def at_places(session: AsyncSession, places: Sequence[tuple[str, int]]) -> Sequence[Capture]:
    """The captures at these numbers of chains, as far as there are any."""
    here = tuple_(col(Capture.chain), col(Capture.seq))
    return (await session.exec(select(Capture).where(here.in_(places)))).all()


async def newest_of_url(session: AsyncSession, chain: str, url: str) -> Capture | None:
    found = (
        select(Capture)
        .where(col(Capture.chain) == chain, col(Capture.url) == url)
        .order_by(col(Capture.seq).desc())
    )
    return (await session.exec(found.limit(1))).first()


async def received(session: AsyncSession, capture: Capture) -> Capture | None:
    """The newest capture before this one in which the portal sent its bytes for its address."""
    found = (
        select(Capture)
        .where(
            col(Capture.chain) == capture.chain,
            col(Capture.url) == capture.url,
            col(Capture.sha256) == capture.sha256,
            col(Capture.seq) < capture.seq,
            col(Capture.status) != capture.status,
        )
        .order_by(col(Capture.seq).desc())
    )
    return (await session.exec(found.limit(1))).first()


async def of_chain(session: AsyncSession, chain: str, ids: Collection[UUID]) -> Sequence[Capture]:
    """Those of these captures that are of one portal."""
    found = select(Capture).where(col(Capture.chain) == chain, col(Capture.id).in_(ids))
    return (await session.exec(found)).all()


async def of_day(session: AsyncSession, chain: str, day: date) -> Sequence[Capture]:
    found = (
        select(Capture)
        .where(col(Capture.chain) == chain, col(Capture.captured_on) == day)
        .order_by(col(Capture.seq))
    )
    return (await session.exec(found)).all()


async def hashes_of_day(session: AsyncSession, day: date) -> list[str]:
    """The leaves of a day's tree, in their order."""
    found = (
        select(Capture.hash)
        .where(col(Capture.captured_on) == day)
        .order_by(col(Capture.chain), col(Capture.seq))
    )
    return list((await session.exec(found)).all())


async def place_in_day(session: AsyncSession, capture: Capture) -> int:
    """How many captures of its day stand before `capture` in the tree."""
    before = (col(Capture.chain) < capture.chain) | (
        (col(Capture.chain) == capture.chain) & (col(Capture.seq) < capture.seq)
    )
    counted = (
        select(func.count())
        .select_from(Capture)
        .where(col(Capture.captured_on) == capture.captured_on, before)
    )
    return (await session.exec(counted)).one()


async def unsealed_days(session: AsyncSession, before: date) -> list[date]:
    sealed = select(col(EvidenceDay.day))
    found = (
        select(col(Capture.captured_on))
        .where(col(Capture.captured_on) < before, col(Capture.captured_on).not_in(sealed))
        .distinct()
        .order_by(col(Capture.captured_on))
    )
    return list((await session.exec(found)).all())


async def sealed_day(session: AsyncSession, day: date) -> EvidenceDay | None:
    return (await session.exec(select(EvidenceDay).where(col(EvidenceDay.day) == day))).first()


async def roots_of(session: AsyncSession, days: Collection[date]) -> dict[date, str]:
    """The roots of those of the days that are sealed."""
    found = select(col(EvidenceDay.day), col(EvidenceDay.root)).where(
        col(EvidenceDay.day).in_(days)
    )
    return dict((await session.exec(found)).all())


async def sealed_days(session: AsyncSession, until: date) -> list[EvidenceDay]:
    found = select(EvidenceDay).where(col(EvidenceDay.day) <= until).order_by(col(EvidenceDay.day))
    return list((await session.exec(found)).all())


async def seal(session: AsyncSession, day: EvidenceDay) -> None:
    """Keep a day's root; the first one stands."""
    await session.execute(insert(EvidenceDay).values(day.model_dump()).on_conflict_do_nothing())


async def chains(session: AsyncSession) -> list[str]:
    found = select(Capture.chain).distinct().order_by(col(Capture.chain))
    return list((await session.exec(found)).all())


async def walk_chain(session: AsyncSession, chain: str, batch: int = 500) -> AsyncIterator[Capture]:
    """Every capture of a portal in order, read in batches."""
    after = 0
    while True:
        found = (
            select(Capture)
            .where(col(Capture.chain) == chain, col(Capture.seq) > after)
            .order_by(col(Capture.seq))
            .limit(batch)
        )
        captures = (await session.exec(found)).all()
        for capture in captures:
            yield capture
        if len(captures) < batch:
            return
        after = captures[-1].seq


async def mark(session: AsyncSession) -> EvidenceMark | None:
    return (await session.exec(select(EvidenceMark))).first()


async def keep_mark(session: AsyncSession, now: datetime) -> EvidenceMark:
    """The first one stands, whoever made it."""
    new = EvidenceMark(marked_at=now).model_dump()
    await session.execute(insert(EvidenceMark).values(new).on_conflict_do_nothing())
    return (await session.exec(select(EvidenceMark))).one()


async def ends(session: AsyncSession, count: int) -> tuple[Sequence[str], Sequence[str]]:
    """The names of the bytes of so many of the first captures, and of the last."""
    day, chain, seq = col(Capture.captured_on), col(Capture.chain), col(Capture.seq)
    names = select(Capture.sha256).limit(count)
    first = (await session.exec(names.order_by(day, chain, seq))).all()
    newest = names.order_by(day.desc(), chain.desc(), seq.desc())
    return first, (await session.exec(newest)).all()


async def by_their_ids(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[Capture]:
    """The next captures by their ids."""
    found = select(Capture).order_by(col(Capture.id)).limit(limit)
    if after is not None:
        found = found.where(col(Capture.id) > after)
    return (await session.exec(found)).all()
