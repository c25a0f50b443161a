"""What a process remembers: asked once for all, no failures, no more than it may keep."""

import asyncio

import pytest

from shared.cache import Cache


async def test_a_memory_asks_once_for_all_who_ask_together() -> None:
    memory, asked = Cache[str, int](seconds=60, most=2), 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        return asked

    answers = await asyncio.gather(*(memory.get("key", ask) for _ in range(20)))

    assert answers == [1] * 20
    assert memory.peek("key") == 1


async def test_a_memory_keeps_no_failure_and_forgets_the_oldest() -> None:
    memory = Cache[str, int](seconds=60, most=2)

    async def fail() -> int:
        raise ValueError("not now")

    async def answer() -> int:
        return 1

    with pytest.raises(ValueError, match="not now"):
        await memory.get("key", fail)
    assert [await memory.get(key, answer) for key in ("key", "other", "third")] == [1, 1, 1]
    assert [memory.peek(key) for key in ("key", "other", "third")] == [None, 1, 1]


async def test_what_was_put_meanwhile_is_newer_than_what_was_asked_before() -> None:
    memory, come = Cache[str, int](seconds=60, most=2), asyncio.Event()

    async def late() -> int:
        await come.wait()
        return 1

    asking = asyncio.create_task(memory.get("key", late))
    await asyncio.sleep(0)
    memory.put("key", 2)
    come.set()

    assert await asking == 1
    assert memory.peek("key") == 2
