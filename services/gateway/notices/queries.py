"""The SQL of notices."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, null, update
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.notices.models import (
    Notice,
    NoticeChannel,
    NoticeDelivery,
    NoticePreference,
    NoticeState,
)
from services.gateway.notices.workflow import Outcome

AT_ONCE = 20
"""How many are taken at a time."""
LEASE = timedelta(minutes=2)
"""Whoever took one has it so long; then it is anybody's again."""
FAILURES = 100

_FRESH = {"populate_existing": True, "synchronize_session": False}


class DueDelivery(NamedTuple):
    """A delivery, and the notice that it carries."""

    delivery: NoticeDelivery
    notice: Notice


class FigureRow(NamedTuple):
    """How many stand how."""

    kind: str
    channel: NoticeChannel | None
    state: NoticeState
    total: int
    oldest_at: datetime


class FailureRow(NamedTuple):
    """One that was given up."""

    notice_id: UUID
    kind: str
    channel: NoticeChannel | None
    attempts: int
    reason: str | None
    created_at: datetime


async def add(session: AsyncSession, notice: Notice) -> None:
    """The notice, unless it is there already: each message once."""
    row = insert(Notice).values(notice.model_dump())
    await session.execute(row.on_conflict_do_nothing())


async def take_notices(session: AsyncSession, now: datetime) -> Sequence[Notice]:
    """Up to AT_ONCE that are due, for LEASE; each attempt is counted as it begins."""
    return await _take(session, Notice, now)


async def take_deliveries(
    session: AsyncSession, channel: NoticeChannel, now: datetime
) -> Sequence[DueDelivery]:
    """The same of deliveries by a channel, with what they carry."""
    by_it = col(NoticeDelivery.channel) == channel
    taken = await _take(session, NoticeDelivery, now, by_it)
    carried = {each.notice_id for each in taken}
    rows = await session.exec(select(Notice).where(col(Notice.id).in_(carried)))
    notices = {notice.id: notice for notice in rows}
    return [DueDelivery(each, notices[each.notice_id]) for each in taken]


async def _take(
    session: AsyncSession, table: Any, now: datetime, *which: ColumnElement[bool]
) -> Sequence[Any]:
    """What is urgent before what is not, then what has been due longest."""
    due = (
        select(table.id)
        .where(*which, col(table.state) == NoticeState.WAITING, col(table.next_at) <= now)
        .order_by(col(table.priority), col(table.next_at))
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(table)
        .where(col(table.id).in_(due))
        .values(attempts=col(table.attempts) + 1, next_at=now + LEASE)
        .returning(table)
    )
    return (await session.scalars(taken, execution_options=_FRESH)).all()


async def settle_delivery(
    session: AsyncSession, seen: NoticeDelivery, outcome: Outcome, values: dict[str, Any]
) -> None:
    """If it waited still, and nobody had taken it anew."""
    changes = {**values, "reason": outcome.reason}
    if outcome.to is not None:
        changes["state"] = outcome.to
    if outcome.again_at is not None:
        changes["next_at"] = outcome.again_at
    settled = (
        update(NoticeDelivery)
        .where(
            col(NoticeDelivery.id) == seen.id,
            col(NoticeDelivery.state) == NoticeState.WAITING,
            col(NoticeDelivery.attempts) == seen.attempts,
        )
        .values(changes)
    )
    await session.execute(settled, execution_options=_FRESH)


async def add_deliveries(session: AsyncSession, rows: Sequence[NoticeDelivery]) -> None:
    """On their way; a channel that carries the notice already carries it once."""
    if rows:
        wanted = insert(NoticeDelivery).values([row.model_dump() for row in rows])
        await session.execute(wanted.on_conflict_do_nothing())


async def inbox(
    session: AsyncSession, account: UUID, after: UUID | None, limit: int, *, unread: bool
) -> Sequence[Notice]:
    """Up to `limit` of an account, the newest first, behind `after`."""
    rows = select(Notice).where(col(Notice.account_id) == account)
    if unread:
        rows = rows.where(col(Notice.read_at).is_(None))
    if after is not None:
        rows = rows.where(col(Notice.id) < after)
    return (await session.exec(rows.order_by(col(Notice.id).desc()).limit(limit))).all()


async def mark_read(
    session: AsyncSession, account: UUID, notice_id: UUID, now: datetime
) -> Notice | None:
    """The notice, read: at the first time that it was. None if it is not the account's."""
    marked = (
        update(Notice)
        .where(col(Notice.id) == notice_id, col(Notice.account_id) == account)
        .values(read_at=func.coalesce(col(Notice.read_at), now))
        .returning(Notice)
    )
    return (await session.scalars(marked, execution_options=_FRESH)).one_or_none()


async def preference(
    session: AsyncSession, account: UUID, *, for_change: bool = False
) -> NoticePreference | None:
    """What the account chose; `for_change`: as it stays until what follows is written."""
    rows = select(NoticePreference).where(col(NoticePreference.account_id) == account)
    return (await session.exec(rows.with_for_update() if for_change else rows)).one_or_none()


async def made_since(session: AsyncSession, kind: str, about: UUID, since: datetime) -> int:
    """How many notices of a kind about one thing came since then."""
    rows = columns(func.count()).where(
        col(Notice.kind) == kind, col(Notice.about_id) == about, col(Notice.created_at) > since
    )
    return int((await session.execute(rows)).scalar_one())


async def preferences(
    session: AsyncSession, accounts: Collection[UUID]
) -> Sequence[NoticePreference]:
    """What those of the accounts chose that did."""
    rows = select(NoticePreference).where(col(NoticePreference.account_id).in_(accounts))
    return (await session.exec(rows)).all() if accounts else []


async def put_preference(
    session: AsyncSession, wanted: NoticePreference, expected: int | None
) -> NoticePreference | None:
    """What holds from now on; None if it is not at the version expected any more."""
    values = wanted.model_dump(exclude={"version"})
    changed = {name: value for name, value in values.items() if name != "account_id"}
    put = insert(NoticePreference).values({**values, "version": 1})
    version = col(NoticePreference.version)
    statement = put.on_conflict_do_update(
        index_elements=["account_id"],
        set_={**changed, "version": version + 1},
        where=None if expected is None else version == expected,
    ).returning(NoticePreference)
    return (await session.scalars(statement, execution_options=_FRESH)).one_or_none()


async def figures(session: AsyncSession, since: datetime) -> Sequence[FigureRow]:
    """How notices stand that came since then, by kind, channel and state."""
    unaddressed = columns(
        col(Notice.kind),
        null().label("channel"),
        col(Notice.state),
        func.count(),
        func.min(col(Notice.created_at)),
    ).where(col(Notice.created_at) >= since, col(Notice.state) != NoticeState.DONE)
    carried = (
        columns(
            col(Notice.kind),
            col(NoticeDelivery.channel),
            col(NoticeDelivery.state),
            func.count(),
            func.min(col(Notice.created_at)),
        )
        .join(Notice, col(Notice.id) == NoticeDelivery.notice_id)
        .where(col(Notice.created_at) >= since)
    )
    found = [
        *await session.execute(unaddressed.group_by(col(Notice.kind), col(Notice.state))),
        *await session.execute(
            carried.group_by(
                col(Notice.kind), col(NoticeDelivery.channel), col(NoticeDelivery.state)
            )
        ),
    ]
    return sorted((FigureRow(*row) for row in found), key=lambda row: (row.kind, str(row.channel)))


async def failures(session: AsyncSession, since: datetime) -> Sequence[FailureRow]:
    """What was given up since then, the newest first, up to FAILURES."""
    kept = col(Notice.created_at) >= since
    unaddressed = columns(
        col(Notice.id),
        col(Notice.kind),
        null(),
        col(Notice.attempts),
        col(Notice.reason),
        col(Notice.created_at),
    ).where(kept, col(Notice.state) == NoticeState.FAILED)
    carried = (
        columns(
            col(Notice.id),
            col(Notice.kind),
            col(NoticeDelivery.channel),
            col(NoticeDelivery.attempts),
            col(NoticeDelivery.reason),
            col(Notice.created_at),
        )
        .join(Notice, col(Notice.id) == NoticeDelivery.notice_id)
        .where(kept, col(NoticeDelivery.state) == NoticeState.FAILED)
    )
    found: list[FailureRow] = []
    for rows in (unaddressed, carried):
        newest = rows.order_by(col(Notice.created_at).desc()).limit(FAILURES)
        found += [FailureRow(*row) for row in await session.execute(newest)]
    return sorted(found, key=lambda row: row.created_at, reverse=True)[:FAILURES]
