"""The merit scheme (得分制): what is published well earns, what is missing earns nothing. Pure.

100 x sum(w q t e) / sum(w) over the duties that fell due and whose verdict is known, with w the
weight of the item, q the share of its elements that were there, t how timely and e how certain the
time of publication is. What is exempt, not applicable, unknown or disputed is in neither sum.

However late, and whatever is missing of it, what was published earns more than what was not.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules.scoring import NOT_YET_DUE, OUTSIDE, UNKNOWN

LEFT_OUT = (*UNKNOWN, *NOT_YET_DUE, *OUTSIDE)
"""The verdicts that are in neither sum."""

_DIGITS = 28
"""Enough that the order of the sum does not show in what is rounded to a tenth."""


class MeritCount(NamedTuple):
    """How many duties of a unit are alike in all that the scheme goes by.

    `limit_days`, `used_days` and `over_by` count days of the duty's clock; `used_days` is None
    where it is not known, or nothing was published.
    """

    unit_code: str
    item_code: str
    verdict: Verdict
    trust: int | None
    limit_days: int | None
    used_days: int | None
    over_by: int | None
    elements: int
    missing_elements: int
    n: int


Weights = Mapping[str, float]


def score(counts: Iterable[MeritCount], weights: Weights, item_weights: Weights) -> float | None:
    """The points of a unit, from 0 to 100 x (1 + `early_bonus`); None where nothing is known."""
    earned, whole = Decimal(0), Decimal(0)
    with localcontext(prec=_DIGITS):
        for count in counts:
            if count.verdict in LEFT_OUT:
                continue
            weight = Decimal(str(item_weights.get(count.item_code, 1))) * count.n
            earned += weight * share(count, weights)
            whole += weight
        if not whole:
            return None
        points = 100 * earned / whole
    return float(points.quantize(Decimal("0.1"), ROUND_HALF_UP))


def share(count: MeritCount, weights: Weights) -> Decimal:
    """What one such duty earns of its weight: q t e."""
    time = timeliness(count, weights)
    return time * quality(count, weights) * certainty(count.trust, weights) if time else time


def quality(count: MeritCount, weights: Weights) -> Decimal:
    """q: the share of the required elements that were there, and `least_share` at least."""
    if not count.elements:
        return Decimal(1)
    there = count.elements - min(count.missing_elements, count.elements)
    return max(_of(weights, "least_share"), Decimal(there) / count.elements)


def timeliness(count: MeritCount, weights: Weights) -> Decimal:
    """t: 1 on time, and more the more of the limit was saved; late it halves with each limit."""
    limit = Decimal(max(1, count.limit_days or 1))
    match count.verdict:
        case Verdict.ON_TIME | Verdict.INCOMPLETE:
            used = limit if count.used_days is None else Decimal(max(0, count.used_days))
            return 1 + _of(weights, "early_bonus") * max(Decimal(0), limit - used) / limit
        case Verdict.LATE:
            halved = Decimal(2) ** (-Decimal(count.over_by or 0) / limit)
            return max(_of(weights, "late_least"), _of(weights, "late_from") * halved)
        case Verdict.WITHDRAWN:
            return _of(weights, "withdrawn")
        case Verdict.EARLY_VIOLATION:
            return _of(weights, "too_early")
    return Decimal(0)


def certainty(trust: int | None, weights: Weights) -> Decimal:
    """e: the level of trust in the time of publication, 0 to 5; by our own bracket 4."""
    if trust is not None and trust >= 3:
        return Decimal(1)
    return _of(weights, "trust_2" if trust == 2 else "trust_1")


def _of(weights: Weights, name: str) -> Decimal:
    return Decimal(str(weights[name]))
