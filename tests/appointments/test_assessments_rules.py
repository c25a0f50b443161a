"""Service times of a person beside others' of the same items: indirect standardisation."""

import math
from random import Random

import pytest

from services.appointments.assessments.rules import (
    ComparisonTerms,
    Times,
    assess,
    others_by_item,
)
from services.appointments.assessments.schemas import NotCompared, TimeReading

TERMS = ComparisonTerms()


def times(*minutes: float) -> Times:
    return Times(len(minutes), sum(minutes), sum(m * m for m in minutes))


def two(item: str, *minutes: float) -> dict[tuple[str, str], Times]:
    """What two others did of an item, each so much."""
    return {("wang", item): times(*minutes), ("zhao", item): times(*minutes)}


def test_who_does_what_is_long_is_not_slow() -> None:
    """李 does long matters only, as fast as the others do: twice the mean over everything."""
    of_hall = {
        ("li", "long"): times(*[28, 32] * 20),
        **two("long", *[29, 31] * 3),
        ("wang", "short"): times(*[4, 6] * 40),
    }
    found = assess("li", of_hall, TERMS)
    assert (found.ratio, found.reading) == (1.0, TimeReading.ALIKE)
    assert found.expected_minutes == found.minutes == 1200


def test_nobody_is_held_against_themselves() -> None:
    """Who does nearly all of an item is compared by what the others took for it, if by anything."""
    of_hall = {("li", "i"): times(*[10, 14] * 50), **two("i", *[5, 7] * 5)}
    assert others_by_item("li", of_hall)["i"].times.mean == 6.0
    assert assess("li", of_hall, TERMS).ratio == 2.0
    few = {**of_hall, ("wang", "i"): times(*[5] * 4), ("zhao", "i"): times(*[5] * 5)}
    found = assess("li", few, TERMS)
    assert (found.cases, found.compared, found.reading) == (100, 0, TimeReading.TOO_FEW)
    assert (found.of_few_people, found.minutes) == (0, None)


def test_what_one_colleague_alone_does_is_not_read_off_the_ratio() -> None:
    """The ratio of an item that 王 alone does as well is 王's mean, for whoever knows their own."""
    own = {("li", "a"): times(*[9, 11] * 20), ("li", "b"): times(*[4, 6] * 20)}
    of_hall = {**own, ("wang", "a"): times(*[9, 11] * 40), **two("b", *[4, 6] * 20)}
    found = assess("li", of_hall, TERMS)
    assert (found.compared, found.of_few_people, found.expected_minutes) == (40, 40, 200)
    others = others_by_item("li", of_hall)
    assert others["a"].not_compared(TERMS) is NotCompared.FEW_PEOPLE
    assert others["b"].not_compared(TERMS) is None
    one_other = {key: done for key, done in of_hall.items() if key != ("zhao", "b")}
    alone = assess("li", one_other, TERMS)
    assert (alone.of_few_people, alone.ratio, alone.reading) == (80, None, TimeReading.TOO_FEW)
    more = TERMS._replace(least_others=3)
    assert assess("li", of_hall, more).of_few_people == 80


@pytest.mark.parametrize(
    ("cases", "reading"), [(29, TimeReading.TOO_FEW), (30, TimeReading.LONGER)]
)
def test_of_fewer_than_the_policy_says_nothing_is_said(cases: int, reading: TimeReading) -> None:
    of_hall = {("li", "i"): times(*[20.0 + n % 2 for n in range(cases)])}
    of_hall |= two("i", *[9, 11] * 15)
    found = assess("li", of_hall, TERMS)
    assert found.reading is reading
    assert (found.ratio is None) == (found.low is None) == (reading is TimeReading.TOO_FEW)


def test_the_interval_is_that_of_two_means_where_there_is_one_item() -> None:
    """By hand: both have the variance 1 (within), 40 against 50 services."""
    of_hall = {("li", "i"): times(*[9, 11] * 20)}
    of_hall |= {("wang", "i"): times(*[9, 11] * 15), ("zhao", "i"): times(*[9, 11] * 10)}
    found = assess("li", of_hall, TERMS)
    variance = (40 + 30 + 20) / (39 + 29 + 19)
    off = math.sqrt(40 * variance + 40**2 * variance / 50) / 400
    assert found.low == pytest.approx(1 - 1.959964 * off)
    assert found.high == pytest.approx(1 + 1.959964 * off)


def test_where_nobody_differs_chance_alone_calls_hardly_anybody_long_or_short() -> None:
    """95 of 100 intervals hold 1, if times are drawn alike: skewed, as services are."""
    rng, outside, tries = Random(7), 0, 400
    for _ in range(tries):
        drawn = {
            (who, item): times(*(rng.gammavariate(2, mean / 2) for _ in range(n)))
            for who, mix in {"li": (40, 10), "wang": (15, 60), "zhao": (30, 30)}.items()
            for (item, mean), n in zip({"a": 6.0, "b": 25.0}.items(), mix, strict=True)
        }
        outside += assess("li", drawn, TERMS).reading is not TimeReading.ALIKE
    assert 0.02 <= outside / tries <= 0.09


def test_a_wish_to_be_surer_makes_the_interval_wider() -> None:
    of_hall = {("li", "i"): times(*[9, 11] * 20), **two("i", *[8, 12] * 12)}
    spans = [
        found.high - found.low
        for percent in (90, 95, 99)
        if (found := assess("li", of_hall, TERMS._replace(confidence_percent=percent))).high
        and found.low is not None
    ]
    assert spans == sorted(spans)
    assert len(spans) == 3
