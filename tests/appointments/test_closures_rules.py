"""What a closure leaves of a slot, and whom it spares."""

from fractions import Fraction
from typing import Any

import pytest

from services.appointments.schedules.closures import Left, Shut, Slowed, left_of
from tests.appointments.offices import NINE

SERVED = {1: frozenset("XY"), 2: frozenset("X"), 3: frozenset("Z")}


@pytest.mark.parametrize(
    ("shut", "items", "share", "spared"),
    [
        ([{}], "", 0, ""),
        ([{"rule": "R1"}], "", 0, ""),
        ([{"rule": "R2"}], "XY", 1, ""),
        ([{"item": "X"}], "Y", 1, ""),
        ([{"item": "X"}, {"item": "Y"}], "", 1, ""),
        ([{"window": 1}], "X", Fraction(1, 2), ""),
        ([{"window": 2}], "XY", Fraction(1, 2), "Y"),
        ([{"window": 3}], "XY", 1, ""),
        ([{"window": 1}, {"window": 2}], "", 0, ""),
        ([{"window": 1, "item": "X"}], "XY", 1, ""),
        ([{"window": 1, "item": "Y"}], "X", 1, ""),
        ([{"window": 2, "item": "X"}, {"window": 1, "item": "X"}], "Y", Fraction(1, 2), "Y"),
        ([{"window": 1, "rule": "R2"}], "XY", 1, ""),
    ],
)
def test_a_closure_leaves_what_it_does_not_name(
    shut: list[dict[str, Any]], items: str, share: Fraction, spared: str
) -> None:
    starts, ends = NINE, NINE.replace(hour=2)
    closures = [Shut(starts, ends, **one) for one in shut]

    left = left_of("R1", "XY", starts, ends, closures, SERVED)
    assert left == Left(tuple(items), share, frozenset(spared))
    assert left_of("R1", "XY", ends, ends.replace(hour=3), closures, SERVED).share == 1


def test_places_are_rounded_up_and_never_fewer_than_are_promised_to_the_spared() -> None:
    left = Left(("X", "Y"), Fraction(1, 2), frozenset("Y"))
    assert [left.places(n, {}) for n in (1, 2, 3)] == [1, 1, 2]
    assert [left.places(n, {"X": 3}) for n in (1, 2, 3)] == [1, 1, 2]
    assert [left.places(n, {"X": 1, "Y": 2}) for n in (1, 2, 3)] == [1, 2, 2]


@pytest.mark.parametrize(
    ("percents", "shut", "share", "spared"),
    [
        ({2: 50}, [], Fraction(3, 4), "Y"),
        ({2: 200}, [], Fraction(3, 2), "XY"),
        ({3: 10}, [], 1, ""),
        ({1: 50, 2: 50}, [], Fraction(1, 2), ""),
        ({2: 50}, [{"window": 1}], Fraction(1, 4), ""),
        ({2: 50}, [{"window": 2}], Fraction(1, 2), "Y"),
    ],
)
def test_a_window_that_sees_fewer_or_more_people_gives_so_much_of_its_share(
    percents: dict[int, int], shut: list[dict[str, Any]], share: Fraction, spared: str
) -> None:
    slowed = [Slowed(window, Fraction(percent, 100)) for window, percent in percents.items()]
    closures = [Shut(NINE, NINE.replace(hour=2), **one) for one in shut]

    left = left_of("R1", "XY", NINE, NINE.replace(hour=2), closures, SERVED, slowed)

    assert (left.share, left.spared) == (share, frozenset(spared))
    assert left.places(4, {}) == -(-4 * share // 1)
