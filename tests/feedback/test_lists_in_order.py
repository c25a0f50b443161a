"""Lists are read in the order of an index: no page of them sorts a table, or reads all of it."""

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import queries as deadlines
from services.feedback.deadlines.models import ClockState
from services.feedback.letters import queries as letters
from services.feedback.letters.models import LetterKind, LetterState
from services.feedback.letters.schemas import LetterFilter, LetterOrder
from services.feedback.letters.statement import NEVER_DUE
from services.feedback.ratings import queries as ratings
from services.feedback.ratings.models import Grade, RatingState
from shared.security.identity import Caller
from tests.feedback.isolated_service import at

OFFICE = Caller(sub="chief", roles=frozenset({"supervisor"}), places=frozenset({"*"}))
OFFICER = Caller(sub="li", roles=frozenset({"officer"}), places=frozenset({"D01"}))
AN_ID = UUID(int=5)
MOMENT, DAY = (at("2025-06-01 10:00"), AN_ID), (date(2025, 6, 1), AN_ID)
TWO = (LetterState.MERGED, LetterState.HANDLING)
WANTED: tuple[tuple[dict[str, Any], Any], ...] = (
    ({}, None),
    ({}, MOMENT),
    ({"states": (LetterState.CLOSED,)}, MOMENT),
    ({"states": TWO}, MOMENT),
    ({"order": LetterOrder.DUE_ON}, None),
    ({"order": LetterOrder.DUE_ON}, DAY),
    ({"order": LetterOrder.DUE_ON}, (NEVER_DUE, AN_ID)),
)
Read = Callable[[AsyncSession], Awaitable[Any]]


def of_letters(caller: Caller, fields: dict[str, Any], after: Any) -> Read:
    return lambda session: letters.work_list(session, caller, LetterFilter(**fields), after, 51)


def of_deadlines(caller: Caller, state: ClockState | None, after: Any) -> Read:
    everybody = caller is OFFICE
    return lambda session: deadlines.work_list(
        session,
        departments=None if everybody else ["D01"],
        own=[] if everybody else ["D01"],
        accusations=everybody,
        state=state,
        after=after,
        limit=51,
    )


def of_ratings(state: RatingState | None, grades: list[Grade] | None, after: Any) -> Read:
    return lambda session: ratings.page(
        session, places=None, state=state, grades=grades, after=after, limit=51
    )


LISTS = {
    **{
        f"letters of {caller.sub} {fields} after {after}": of_letters(caller, fields, after)
        for caller in (OFFICE, OFFICER)
        for fields, after in WANTED
    },
    "letters of a kind": of_letters(OFFICE, {"kind": LetterKind.HELP}, MOMENT),
    **{
        f"deadlines of {caller.sub} {state} after {after}": of_deadlines(caller, state, after)
        for caller in (OFFICE, OFFICER)
        for state in (None, *ClockState)
        for after in (None, DAY)
    },
    "ratings": of_ratings(None, None, None),
    "bad ratings": of_ratings(None, [Grade.DISSATISFIED], MOMENT),
    "ratings in a state": of_ratings(RatingState.VERIFYING, None, MOMENT),
}


async def plans(session: AsyncSession, read: Read) -> list[str]:
    """How each statement of `read` is run where an index is taken if there is one."""
    seen: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, sql: str, values: Any, ___: Any, ____: Any) -> None:
        seen.append((sql, values))

    connection = await session.connection()
    sync: Connection = connection.sync_connection  # type: ignore[assignment]
    event.listen(sync, "before_cursor_execute", note)
    try:
        await read(session)
    finally:
        event.remove(sync, "before_cursor_execute", note)
    for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
        await session.execute(text(f"SET LOCAL {setting} = off"))
    found = []
    for sql, values in seen:
        rows = await connection.exec_driver_sql(f"EXPLAIN {sql}", values)
        found.append("\n".join(rows.scalars()))
    return found


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_is_read_in_its_order(session: AsyncSession, name: str) -> None:
    for plan in await plans(session, LISTS[name]):
        assert not re.search(r"Seq Scan on (letter|deadline|rating)\b", plan), plan
        if "Append" not in plan:  # the first ones of several states are a few, and sorted
            assert not re.search(r"(?<!Incremental )Sort  ", plan), plan
