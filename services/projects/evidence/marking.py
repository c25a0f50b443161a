"""The mark by which the store is known in which the evidence lies.

A store that was switched, or a disk that is not mounted, looks like an empty one. So a few bytes
are kept in the store whose name the database knows, first of all and, after a move, last of all.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import queries
from services.projects.evidence.files import EvidenceStore, ReadThrough
from services.projects.evidence.models import EvidenceMark
from services.projects.evidence.rules import content_hash
from shared.database.engine import Sessions
from shared.database.faults import DATABASE_FAULTS, Kinds

LOOKED_FOR = 8
"""Captures of each end of time: one of them alone may be damaged."""
MOST_SECONDS = 5.0
CANNOT_BE_ASKED: Kinds = (*DATABASE_FAULTS, SQLAlchemyError)
IS_ELSEWHERE = (
    "所设的存证库里没有已存的证据 | the evidence that was kept is not in the store of the settings:"
    " mount the one that has it; to move, let PROJECTS_EVIDENCE_FORMER name it and run"
    " python -m services.projects.copy_evidence"
)

log = structlog.get_logger()


class EvidenceElsewhere(RuntimeError):
    """The store of the settings is not the one that holds the evidence."""


async def ensure_here(sessions: Sessions, store: EvidenceStore, now: datetime) -> None:
    """Raises EvidenceElsewhere. Of a database or a store that cannot be had nothing is known: the
    service starts, and says so when it is asked for evidence."""
    try:
        async with asyncio.timeout(MOST_SECONDS), sessions() as session, session.begin():
            is_here = await _is_here(session, store, now)
    except CANNOT_BE_ASKED as error:
        log.warning("evidence_store_not_checked", error=type(error).__name__)
        return
    if not is_here:
        raise EvidenceElsewhere(IS_ELSEWHERE)


async def mark(session: AsyncSession, store: EvidenceStore, now: datetime) -> None:
    """The store is one that holds the evidence; of two that are read, the former is."""
    found = await queries.mark(session) or await queries.keep_mark(session, now)
    holder = store.former if isinstance(store, ReadThrough) else store
    await holder.put(_body(found))


async def _is_here(session: AsyncSession, store: EvidenceStore, now: datetime) -> bool:
    found = await queries.mark(session)
    if found is not None and await store.get(content_hash(_body(found))) == _body(found):
        return True
    first, last = await queries.ends(session, LOOKED_FOR)
    # Of before there was a mark: there is one from now on.
    may_mark = not first if found else await _has_any(store, first) and await _has_any(store, last)
    if may_mark:
        await mark(session, store, now)
    return may_mark


async def _has_any(store: EvidenceStore, names: Sequence[str]) -> bool:
    """Whether one of them is there; of none nothing is missing."""
    for sha256 in names:
        if await store.get(sha256) is not None:
            return True
    return not names


def _body(found: EvidenceMark) -> bytes:
    return f"OneDoor: evidence {found.name}\n".encode()
