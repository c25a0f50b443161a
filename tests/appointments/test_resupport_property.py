"""Whatever happens to rules, closures, windows: nobody lacks a time that exists and is free."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.postgres import Urls
from shared.database.engine import RoomSession
from tests.appointments import offices
from tests.appointments.offices import NINE
from tests.appointments.played_office import Office
from tests.appointments.queue_helpers import Clock
from tests.replaying import replaying
from tests.support import connect

PLACE = st.integers(0, 3)
PART = st.sampled_from(["", "item", "rule", "window", "narrow"])
STEPS = st.one_of(
    st.tuples(
        st.just("rule"),
        st.sampled_from(["A", "B"]),
        st.sampled_from([15, 20, 30, 60]),
        st.integers(1, 3),
        st.integers(0, 2),
        st.sampled_from(["first", "second", "both"]),
    ),
    st.tuples(st.just("retire"), st.sampled_from(["A", "B"])),
    st.tuples(st.just("close"), PLACE, st.integers(1, 3), PART),
    st.tuples(st.just("shorten"), PLACE),
    st.tuples(st.just("lift"), PLACE),
    st.tuples(st.just("book"), PLACE, st.integers(1, 2), st.booleans()),
    st.tuples(st.just("cancel"), PLACE),
    st.tuples(st.just("windows"), st.sampled_from(["12", "2-", "-1", "21", "11"])),
)


Steps = Sequence[Sequence[Any]]


async def _play(code: str, items: list[str], steps: Steps, engine: AsyncEngine) -> None:
    """In a transaction that is never committed, so that each sequence starts with nothing."""
    async with RoomSession(engine, info={"memory": {}}) as session:
        office = Office(session, code, items)
        for step in steps:
            await office.play(step)
            await office.ensure_nobody_is_betrayed()
        await session.rollback()


@pytest.fixture(scope="module")
def play(timeless: Urls) -> Iterator[Callable[[Steps], None]]:
    """In a hall with two items and two windows, made once."""

    async def build() -> tuple[str, list[str]]:
        owner: asyncpg.Connection = await connect(timeless.owner)
        clock = Clock()
        clock.at = NINE
        made = await offices.build(None, None, owner, clock)  # type: ignore[arg-type]
        await owner.close()
        return made.code, made.items

    hall = asyncio.run(build())
    with replaying(timeless.service) as run:
        yield lambda steps: run(partial(_play, *hall, steps))


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@example(
    steps=[
        ("rule", "A", 30, 3, 0, "both"),
        *[("book", 0, 1, False), ("book", 0, 1, False), ("book", 0, 2, True)],
        ("rule", "A", 30, 2, 0, "both"),
        ("rule", "A", 20, 2, 0, "both"),
        ("rule", "A", 30, 3, 0, "both"),
        ("close", 0, 2, ""),
        ("lift", 0),
    ]
)
@example(
    steps=[
        ("book", 0, 1, True),
        ("close", 0, 1, "window"),
        ("windows", "12"),
        ("windows", "11"),
        ("lift", 0),
        ("windows", "2-"),
    ]
)
@given(steps=st.lists(STEPS, min_size=4, max_size=16))
def test_an_appointment_is_orphaned_only_while_nothing_that_fits_it_exists_at_its_time(
    play: Callable[[Steps], None], steps: list[tuple[Any, ...]]
) -> None:
    play([("rule", "A", 30, 2, 0, "both"), *steps])
