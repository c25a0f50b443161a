"""Answers of the database that are lost on their way, once all was written."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from asyncpg.connection import Connection


async def asked_twice(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """What the request is answered the second time: the first answer of the database to a statement
    that keeps an answer is lost.

    Fails where the first is not told to come back, or the second is not what the first did.
    """
    fetch, lost = Connection.fetch, list[str]()

    async def unheard(connection: Connection, sql: str, *values: Any, **others: Any) -> Any:
        rows = await fetch(connection, sql, *values, **others)
        if "INSERT INTO idempotency" in sql:
            lost.append(sql)
            raise asyncpg.ConnectionDoesNotExistError("connection was closed")
        return rows

    with pytest.MonkeyPatch.context() as cut:
        cut.setattr(Connection, "fetch", unheard)
        first = await ask()
    assert (first.status_code, first.headers.get("retry-after")) == (503, "2"), first.text
    assert len(lost) == 1, "written once"
    again = await ask()
    assert again.headers.get("idempotent-replayed") == "true", again.text
    return again
