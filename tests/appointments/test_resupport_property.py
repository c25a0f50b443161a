"""Whatever happens to rules, closures, windows: nobody lacks a time that exists and is free."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deploy.postgres import Urls
from tests.appointments.played_office import Steps, playing

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


@pytest.fixture(scope="module")
def play(timeless: Urls) -> Iterator[Callable[[Steps], None]]:
    with playing(timeless) as played:
        yield played


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
