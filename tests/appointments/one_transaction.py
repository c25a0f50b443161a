"""A use case that decides by one statement, in a transaction of which nothing is committed."""

from collections.abc import Sequence
from typing import Any, cast

from shared.database.engine import DirectPool, RoomSession
from shared.database.rows import fetch_in
from shared.database.swap_statement import SwapStatement


class _Reading:
    """The direct pool of whoever reads in the transaction that all steps are taken in."""

    def __init__(self, session: RoomSession) -> None:
        self.session, self.info = session, session.info

    async def fetch(self, sql: str, *args: Any) -> Sequence[Any]:
        return await fetch_in(self.session, sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        return next(iter(await self.fetch(sql, *args)), None)


def in_transaction(session: RoomSession) -> SwapStatement:
    """What the use case decides by; whoever asks for it writes it in the same session."""

    async def begin() -> RoomSession:
        return session

    swap = SwapStatement(cast(DirectPool, _Reading(session)))
    swap.begin = begin
    return swap
