"""Which quarter of ratings is shown, of whom, and beside what. Pure.

A rating is somebody's, and says something about somebody. So ratings are counted by quarters, each
once: what two periods, or two moments, do not have in common cannot be had by taking one from the
other. Of few nothing is shown, nor where it would follow from what is shown of everybody else.

Bad ones are held against what was to be expected by the items (indirect standardisation, as service
times are), for who refuses more pleases less. Their interval is Byar's approximation of Poisson's.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from statistics import NormalDist
from typing import NamedTuple

from services.appointments.others import of_others
from services.appointments.rated_services.schemas import RatingFigures, RatingReading
from shared.clock import today

COUNTED_AFTER = timedelta(days=30)
"""So long after its end a quarter is counted: ratings are amended and appealed against before."""
FEWEST_HIDDEN = 5
"""What is not shown is known as a sum by who knows all of the hall: two people's at least, and not
fewer ratings."""
LEAST_EXPECTED = 1.0
"""Where fewer bad ones are to be expected, chance alone decides."""


class Rated(NamedTuple):
    """So many ratings, and how many of them are bad."""

    rated: int
    bad: int

    def plus(self, more: "Rated") -> "Rated":
        return Rated(self.rated + more.rated, self.bad + more.bad)


NONE = Rated(0, 0)
ByItem = Mapping[tuple[str, str], Rated]
"""By account and item."""


class RatingTerms(NamedTuple):
    """The hall's policy: of fewer ratings nothing is said, of fewer others none of an item."""

    least_ratings: int = 20
    least_others: int = 2
    confidence_percent: int = 95


def quarter_of(day: date) -> date:
    """The first day of the quarter of the year."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def uncounted_from(now: datetime) -> date:
    """The first day of the first quarter that is not counted yet."""
    return quarter_of(today(now) - COUNTED_AFTER)


def last_day(quarter: date) -> date:
    """The last day of the quarter that begins then."""
    return quarter_of(quarter + timedelta(days=95)) - timedelta(days=1)


def latest_until(last: date, now: datetime) -> date:
    """The latest quarter that is counted, and was over by the end of that day."""
    over_by = quarter_of(last + timedelta(days=1))
    return quarter_of(min(over_by, uncounted_from(now)) - timedelta(days=1))


def shown(of_hall: ByItem, terms: RatingTerms) -> frozenset[str]:
    """The accounts of whom anything is shown."""
    sums = _by_person(of_hall)
    known = sorted((n, who) for who, (n, _) in sums.items() if n >= terms.least_ratings)
    hidden = [n for n, _ in sums.values() if 0 < n < terms.least_ratings]
    while hidden and known and (len(hidden) < 2 or sum(hidden) < FEWEST_HIDDEN):
        hidden.append(known.pop(0)[0])
    return frozenset(who for _, who in known)


def figures(person: str, of_hall: ByItem, terms: RatingTerms) -> RatingFigures:
    """What is shown of the person's ratings."""
    known = shown(of_hall, terms)
    own = {item: of for (who, item), of in of_hall.items() if who == person}
    total = _sum(own)
    if person not in known:
        return RatingFigures(rated=total.rated, compared=0)
    others = _others(person, {key: of for key, of in of_hall.items() if key[0] in known}, terms)
    compared = _sum({item: of for item, of in own.items() if item in others})
    expected = sum(own[item].rated * of.bad / of.rated for item, of in others.items())
    plain = {"rated": total.rated, "bad": total.bad, "compared": compared.rated}
    if compared.rated < terms.least_ratings or expected < LEAST_EXPECTED:
        return RatingFigures(**plain)
    reading = _reading(compared.bad, expected, terms)
    return RatingFigures(**plain, expected_bad=round(expected, 1), reading=reading)


def _others(person: str, of_hall: ByItem, terms: RatingTerms) -> dict[str, Rated]:
    """What others were rated for the person's items, where there are enough of both."""
    return {
        item: total
        for item, (people, total) in of_others(person, of_hall, NONE).items()
        if people >= terms.least_others and total.rated >= terms.least_ratings
    }


def _reading(bad: int, expected: float, terms: RatingTerms) -> RatingReading:
    low, high = byar(bad, terms.confidence_percent)
    if low <= expected <= high:
        return RatingReading.ALIKE
    return RatingReading.MORE if expected < low else RatingReading.FEWER


def byar(count: int, percent: int) -> tuple[float, float]:
    """Between which means a count lies by chance (Breslow and Day 1987, section 2.3)."""
    z, more = NormalDist().inv_cdf((1 + percent / 100) / 2), count + 1
    low = count * (1 - 1 / (9 * count) - z / (3 * math.sqrt(count))) ** 3 if count else 0.0
    return max(low, 0.0), more * (1 - 1 / (9 * more) + z / (3 * math.sqrt(more))) ** 3


def _by_person(of_hall: ByItem) -> dict[str, Rated]:
    sums: dict[str, Rated] = {}
    for (who, _), of in of_hall.items():
        sums[who] = sums.get(who, NONE).plus(of)
    return sums


def _sum(by_item: Mapping[str, Rated]) -> Rated:
    return Rated(sum(of.rated for of in by_item.values()), sum(of.bad for of in by_item.values()))
