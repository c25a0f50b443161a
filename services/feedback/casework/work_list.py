"""The staff's work list: narrowed down, searched by words, in the order that is wanted.

Titles and bodies are sealed, and no index of their words is kept: one that is good enough to search
by would give them away with the database. So words are looked for by opening letters, a bounded
number for each page; where that ends before the page is full, its cursor goes on from there.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework import views
from services.feedback.casework.schemas import LetterView
from services.feedback.letters import own
from services.feedback.letters import service as letters
from services.feedback.letters.models import Letter
from services.feedback.letters.schemas import LetterFilter, LetterOrder
from services.feedback.letters.service import ListedLetter
from services.feedback.redaction.characters import fold
from services.feedback.redaction.rules import Known, mask
from services.feedback.redaction.spans import Own
from shared.security import audit_log
from shared.security.crypto import CannotOpen, Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, encode, page

log = structlog.get_logger()

READ_AT_A_TIME, MOST_READ = 200, 1000
"""Letters opened together, and for one page."""


async def page_of(
    session: AsyncSession,
    keyring: Keyring,
    caller: Caller,
    wanted: LetterFilter,
    paging: PageRequest,
    now: datetime,
    *besides: ColumnElement[bool],
) -> Page[LetterView]:
    """A page of the caller's letters."""
    after = _after(wanted, paging)
    rows = await letters.listed(session, caller, wanted, after, paging.limit + 1, *besides)
    shown = await _shown(session, keyring, rows, caller, now)
    return page(rows, paging, lambda r: _place(wanted, r), lambda r: shown[r.letter.id])


async def search(
    session: AsyncSession,
    keyring: Keyring,
    caller: Caller,
    wanted: LetterFilter,
    terms: Sequence[str],
    paging: PageRequest,
    now: datetime,
    *besides: ColumnElement[bool],
) -> Page[LetterView]:
    """A page of those whose number, title or body holds every word, as the caller may read them.

    It may hold less than was asked for, and its cursor goes on all the same.
    """
    after, found, read, more = _after(wanted, paging), list[ListedLetter](), 0, True
    while more and read < MOST_READ and len(found) <= paging.limit:
        rows = await letters.listed(session, caller, wanted, after, READ_AT_A_TIME, *besides)
        read, more = read + len(rows), len(rows) == READ_AT_A_TIME
        found += await _matching(session, keyring, caller, rows, terms)
        after = _place(wanted, rows[-1]) if rows else after
    rows = found[: paging.limit]
    if len(found) > paging.limit:
        after, more = _place(wanted, rows[-1]), True
    shown = await _shown(session, keyring, rows, caller, now)
    return Page(
        items=[shown[row.letter.id] for row in rows],
        next_cursor=encode(after) if more and after is not None else None,
    )


async def by_phone(
    session: AsyncSession,
    keyring: Keyring,
    caller: Caller,
    phone: str,
    paging: PageRequest,
    now: datetime,
) -> Page[LetterView]:
    """The letters of one phone number that the caller may see; the search is in the audit log."""
    wanted = LetterFilter(contact=letters.phone_forms(keyring, phone))
    found = await page_of(session, keyring, caller, wanted, paging, now)
    details = {"found": len(found.items)}
    await audit_log.write(session, caller.sub, "letter.searched_by_phone", "letter", now, details)
    return found


def _after(wanted: LetterFilter, paging: PageRequest) -> tuple[Any, ...] | None:
    by_due = wanted.order is LetterOrder.DUE_ON
    return paging.key(date if by_due else datetime, UUID)


def _place(wanted: LetterFilter, row: ListedLetter) -> tuple[Any, ...]:
    by_due = wanted.order is LetterOrder.DUE_ON
    return (row.due_on if by_due else row.letter.received_at, row.letter.id)


async def _shown(
    session: AsyncSession,
    keyring: Keyring,
    rows: Sequence[ListedLetter],
    caller: Caller,
    now: datetime,
) -> dict[UUID, LetterView]:
    found = [row.letter for row in rows]
    return {view.id: view for view in await views.many(session, keyring, found, caller, now)}


async def _matching(
    session: AsyncSession,
    keyring: Keyring,
    caller: Caller,
    rows: Sequence[ListedLetter],
    terms: Sequence[str],
) -> list[ListedLetter]:
    """Those in which every word stands, and in what of them is shown: else the name or number of a
    sender could be tried out, where looking for one is written to the audit log.
    """
    held = await asyncio.to_thread(_holding, keyring, rows, terms)
    secrets = await own.secrets_from(session, keyring, [row.letter for row in held], caller)
    return await asyncio.to_thread(_showing, keyring, secrets, held, terms)


def _holding(
    keyring: Keyring, rows: Sequence[ListedLetter], terms: Sequence[str]
) -> list[ListedLetter]:
    return _in_which_stand(terms, rows, lambda letter: _texts(keyring, letter))


def _showing(
    keyring: Keyring,
    secrets: dict[UUID, frozenset[Own]],
    rows: Sequence[ListedLetter],
    terms: Sequence[str],
) -> list[ListedLetter]:
    def masked(letter: Letter) -> list[str]:
        known = Known(letters.personal_of(keyring, letter) | secrets[letter.id])
        return [mask(text, known) for text in _texts(keyring, letter)]

    return _in_which_stand(terms, [row for row in rows if row.letter.id in secrets], masked)


def _in_which_stand(
    terms: Sequence[str], rows: Sequence[ListedLetter], texts_of: Callable[[Letter], list[str]]
) -> list[ListedLetter]:
    """One that cannot be opened has lost its key or was damaged: that hides it, and no other."""
    found = []
    for row in rows:
        try:
            texts = texts_of(row.letter)
        except CannotOpen:
            log.error("letter_cannot_be_opened", letter=str(row.letter.id))
            continue
        if _all_in(terms, row.letter, texts):
            found.append(row)
    return found


def _texts(keyring: Keyring, letter: Letter) -> list[str]:
    return [letters.open_title(keyring, letter), letters.open_body(keyring, letter)]


def _all_in(terms: Sequence[str], letter: Letter, texts: Sequence[str]) -> bool:
    hay = "\n".join(fold(text, caseless=True).text for text in (letter.reg_no, *texts))
    return all(term in hay for term in terms)
