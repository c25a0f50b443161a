"""How somebody's service times stand beside others' of the same items. Pure.

Indirect standardisation: for each of a person's services, what the others of the hall took for such
an item on average is what was to be expected; the sum of what they took over the sum of that is
their ratio. So nobody looks slow for doing what is long. The others are without the person: who
does most of an item would else be held against themselves. What the others hardly do is left out,
and so is what too few of them do: the mean of one colleague would be read off the ratio.
"""

import math
from collections.abc import Iterable, Mapping
from statistics import NormalDist
from typing import NamedTuple

from services.appointments.assessments.schemas import NotCompared, TimeReading
from services.appointments.others import of_others


class Times(NamedTuple):
    """So many services, the sum of their minutes, and the sum of the squares."""

    cases: int
    minutes: float
    squares: float

    def plus(self, more: "Times") -> "Times":
        return Times(
            self.cases + more.cases, self.minutes + more.minutes, self.squares + more.squares
        )

    @property
    def mean(self) -> float:
        return self.minutes / self.cases

    @property
    def scatter(self) -> float:
        """The sum of the squares of what each was off the mean."""
        return max(self.squares - self.cases * self.mean**2, 0.0)


NO_TIMES = Times(0, 0.0, 0.0)


class ComparisonTerms(NamedTuple):
    """The hall's policy: of fewer of their services nothing is said of a person, of fewer of the
    others', or of fewer others, none of an item; and how sure an interval is to hold what it is
    about. `least_ratings` as of rated services."""

    least_cases: int = 30
    least_of_others: int = 10
    least_others: int = 2
    least_ratings: int = 20
    confidence_percent: int = 95


class Assessment(NamedTuple):
    """`compared` of the services are of items that others do as well; `of_few_people` would be, but
    fewer others than the policy asks for did those items. The ratio and its interval are None where
    it is TOO_FEW."""

    cases: int
    compared: int
    of_few_people: int
    minutes: float | None
    expected_minutes: float | None
    ratio: float | None
    low: float | None
    high: float | None
    reading: TimeReading


_NOT_KNOWN = (None, None, None, None, None, TimeReading.TOO_FEW)


class Others(NamedTuple):
    """What so many others did of an item."""

    people: int
    times: Times

    def not_compared(self, terms: ComparisonTerms) -> NotCompared | None:
        """Why nobody is held against them; None where somebody is."""
        if self.times.cases < terms.least_of_others:
            return NotCompared.FEW_SERVICES
        return NotCompared.FEW_PEOPLE if self.people < terms.least_others else None


NOBODY = Others(0, NO_TIMES)


def others_by_item(person: str, of_hall: Mapping[tuple[str, str], Times]) -> dict[str, Others]:
    """What the others of the hall did of each item that the person did; `of_hall`: by person and
    item."""
    return {item: Others(*of) for item, of in of_others(person, of_hall, NO_TIMES).items()}


def assess(
    person: str, of_hall: Mapping[tuple[str, str], Times], terms: ComparisonTerms
) -> Assessment:
    """How the person's services stand beside others' of the same items in the same days."""
    own = {item: times for (who, item), times in of_hall.items() if who == person}
    found = others_by_item(person, of_hall)
    why = {item: of.not_compared(terms) for item, of in found.items()}
    others = {item: of.times for item, of in found.items() if why[item] is None}
    compared = {item: times for item, times in own.items() if item in others}
    of_few = sum(own[item].cases for item in own if why[item] is NotCompared.FEW_PEOPLE)
    cases, count = (sum(t.cases for t in each.values()) for each in (own, compared))
    known = Assessment(cases, count, of_few, *_NOT_KNOWN)
    expected = sum(times.cases * others[item].mean for item, times in compared.items())
    if count < terms.least_cases or expected <= 0:
        return known
    minutes = sum(times.minutes for times in compared.values())
    ratio = minutes / expected
    off = _off(ratio, expected, compared, others, _scatter(of_hall, compared))
    spread = off * NormalDist().inv_cdf((1 + terms.confidence_percent / 100) / 2)
    low, high = max(ratio - spread, 0.0), ratio + spread
    return Assessment(
        cases, count, of_few, minutes, expected, ratio, low, high, _reading(low, high)
    )


def _scatter(of_hall: Mapping[tuple[str, str], Times], items: Iterable[str]) -> dict[str, float]:
    """By item, how much services of one person differ among themselves: the variance, over all."""
    variances = {}
    for item in items:
        each = [times for (_, which), times in of_hall.items() if which == item]
        free = sum(times.cases - 1 for times in each)
        variances[item] = sum(times.scatter for times in each) / free if free else 0.0
    return variances


def _off(
    ratio: float,
    expected: float,
    compared: Mapping[str, Times],
    others: Mapping[str, Times],
    variances: Mapping[str, float],
) -> float:
    """The standard error of the ratio: chance is in what the person took and in what the others
    did, which are independent of one another (delta method)."""
    of_person = sum(times.cases * variances[item] for item, times in compared.items())
    of_others = sum(
        times.cases**2 * variances[item] / others[item].cases for item, times in compared.items()
    )
    return math.sqrt(of_person + ratio**2 * of_others) / expected


def _reading(low: float, high: float) -> TimeReading:
    if low <= 1 <= high:
        return TimeReading.ALIKE
    return TimeReading.LONGER if low > 1 else TimeReading.SHORTER
