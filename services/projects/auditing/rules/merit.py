"""The merit scheme (得分制): what is published well earns, what is missing earns nothing. Pure.

100 x sum(w q e (t + b)) / sum(w) over the duties that fell due and whose verdict is known, with w
the weight of the item, q the share of its elements that were there, e how certain the time of
publication is, t how timely it was and b the bonus: it appears wherever it must, or came in time
with the policy that it interprets. What is exempt, not applicable, unknown or disputed is in
neither sum.

What was put right on order earns again, up to `rectified` of its share, and a little more within
the term of the order: always more than what was left as it was, never more than what needed none.
What was overdue earns what is just as late, and within the term what it would have on the day of
the order: to wait for one pays on no day. However late, and whatever is missing of it, what was
published earns more than what was not.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules.scoring import NOT_YET_DUE, OUTSIDE, UNKNOWN

LEFT_OUT = (*UNKNOWN, *NOT_YET_DUE, *OUTSIDE)
"""The verdicts that are in neither sum."""

RULE = 2
"""Reports keep by which rule they scored. By rule 1 what was overdue earned up to `rectified` once
it was ordered, more than what came late by itself, and a limit of no days was saved as a whole."""

_DIGITS = 28
"""Enough that the order of the sum does not show in what is rounded to a tenth."""


class MeritCount(NamedTuple):
    """How many duties of a unit are alike in all that the scheme goes by.

    `limit_days`, `used_days` and `over_by` count days of the duty's clock; `used_days` is None
    where it is not known, or nothing was published. `rectified` is the fault that was put right on
    order, if one was; `missing_then` is how many elements were missing when it was ordered, and
    `over_then` by how many days it was over then, None where that was not kept.
    `on_all_carriers`: it appears on all carriers on which it must, and there are such.
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
    rectified: Verdict | None = None
    missing_then: int = 0
    rectified_in_term: bool = False
    on_all_carriers: bool = False
    is_interpretation: bool = False
    over_then: int | None = None


Weights = Mapping[str, float]


def score(
    counts: Iterable[MeritCount], weights: Weights, item_weights: Weights, rule: int = RULE
) -> float | None:
    """The points of a unit, from 0 to 100 x (1 + `early_bonus`) and the bonus, which is 30 at most;
    None where nothing is known."""
    earned, whole = Decimal(0), Decimal(0)
    with localcontext(prec=_DIGITS):
        for count in counts:
            if count.verdict in LEFT_OUT:
                continue
            weight = Decimal(str(item_weights.get(count.item_code, 1))) * count.n
            earned += weight * share(count, weights, rule)
            whole += weight
        if not whole:
            return None
        points = 100 * earned / whole
    return float(points.quantize(Decimal("0.1"), ROUND_HALF_UP))


def share(count: MeritCount, weights: Weights, rule: int = RULE) -> Decimal:
    """What one such duty earns of its weight: q e (t + b)."""
    time = rectified(count, timeliness(count, weights, rule), weights, rule)
    if not time:
        return time
    full = time + bonus(count, weights)
    return full * quality(count, weights) * certainty(count.trust, weights)


def quality(count: MeritCount, weights: Weights) -> Decimal:
    """q: the share of the required elements that were there, and `least_share` at least."""
    return _there(count.elements, count.missing_elements, weights)


def _there(elements: int, missing: int, weights: Weights) -> Decimal:
    if not elements:
        return Decimal(1)
    there = elements - min(missing, elements)
    return max(_of(weights, "least_share"), Decimal(there) / elements)


def timeliness(count: MeritCount, weights: Weights, rule: int = RULE) -> Decimal:
    """t: 1 on time, and more the more of the limit was saved; late it halves with each limit."""
    match count.verdict:
        case Verdict.ON_TIME | Verdict.INCOMPLETE:
            return 1 + _of(weights, "early_bonus") * _saved(count, rule)
        case Verdict.LATE:
            return _late(count, _of(weights, "late_from"), weights)
        case Verdict.WITHDRAWN:
            return _of(weights, "withdrawn")
        case Verdict.EARLY_VIOLATION:
            return _of(weights, "too_early")
    return Decimal(0)


def _saved(count: MeritCount, rule: int) -> Decimal:
    """The share of the limit that was saved; of one of no days there is none to save."""
    if rule > 1 and not count.limit_days:
        return Decimal(0)
    limit = Decimal(max(1, count.limit_days or 1))
    used = limit if count.used_days is None else Decimal(max(0, count.used_days))
    return max(Decimal(0), limit - used) / limit


def _late(count: MeritCount, first: Decimal, weights: Weights) -> Decimal:
    """`first` where it is just late, half of it with each limit, and `late_least` at least."""
    limit = Decimal(max(1, count.limit_days or 1))
    halved = Decimal(2) ** (-Decimal(count.over_by or 0) / limit)
    return max(_of(weights, "late_least"), first * halved)


def rectified(count: MeritCount, time: Decimal, weights: Weights, rule: int = RULE) -> Decimal:
    """t of what was put right on order; of everything else, or by a scheme of before there were
    orders, as it is."""
    if count.rectified is None or not time or "rectified" not in weights:
        return time
    most = _of(weights, "rectified")
    quick = _of(weights, "bonus_rectified") if count.rectified_in_term else Decimal(0)
    match count.rectified, count.verdict:
        case Verdict.OVERDUE, Verdict.LATE if rule == 1:
            return _late(count, most, weights) + quick
        case Verdict.OVERDUE, Verdict.LATE:
            return max(time, _as_ordered(count, weights))
        case Verdict.WITHDRAWN, Verdict.ON_TIME | Verdict.INCOMPLETE:
            return max(_of(weights, "withdrawn"), min(time, most + quick))
        case Verdict.INCOMPLETE, Verdict.ON_TIME | Verdict.INCOMPLETE:
            then = _there(count.elements, count.missing_then, weights)
            return time * min(Decimal(1), max(most, then) + quick)
    return time


def _as_ordered(count: MeritCount, weights: Weights) -> Decimal:
    """t of what was overdue and came within the term of its order: that of the day of the order."""
    if not count.rectified_in_term or count.over_then is None:
        return Decimal(0)
    then = count._replace(over_by=max(1, count.over_then))
    return _late(then, _of(weights, "late_from"), weights)


def bonus(count: MeritCount, weights: Weights) -> Decimal:
    """b: what appears on all its carriers, and an interpretation that came in time."""
    earned = Decimal(0)
    if count.on_all_carriers:
        earned += _of(weights, "bonus_carriers")
    if count.is_interpretation and count.verdict is Verdict.ON_TIME:
        earned += _of(weights, "bonus_interpretation")
    return earned


def certainty(trust: int | None, weights: Weights) -> Decimal:
    """e: the level of trust in the time of publication, 0 to 5; by our own bracket 4."""
    if trust is not None and trust >= 3:
        return Decimal(1)
    return _of(weights, "trust_2" if trust == 2 else "trust_1")


def _of(weights: Weights, name: str) -> Decimal:
    """Of a scheme of before there was such a bonus: none."""
    return Decimal(str(weights.get(name, 0) if name.startswith("bonus_") else weights[name]))
