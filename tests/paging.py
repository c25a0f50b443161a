"""Lists read to their end."""

from typing import Any

from httpx import AsyncClient


async def walked(
    client: AsyncClient, path: str, headers: dict[str, str] | None = None, **params: Any
) -> list[dict[str, Any]]:
    """What every page of a list shows, one page after the other."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get(path, params={**params, **cursor}, headers=headers)
        assert answer.status_code == 200, answer.text
        shown = answer.json()
        assert len(shown["items"]) <= params["limit"]
        found += shown["items"]
        if shown["next_cursor"] is None:
            return found
        cursor = {"cursor": shown["next_cursor"]}
