"""Shares as a report prints them: from the counts, rounded once, half up. Pure.

The frozen bytes keep a share to four places. Rounded again for print, one half of a tenth fell to
the one side and one to the other, so that a page gave two figures for one share.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from services.projects.auditing.rules import scoring


def rate(line: Mapping[str, Any]) -> Fraction | None:
    """On time / known of a line or of the totals; None where nothing is known."""
    if line.get("known") is None:
        return exact(line.get("rate"))
    return Fraction(line["on_time"], line["known"]) if line["known"] else None


def coverage(line: Mapping[str, Any]) -> Fraction | None:
    """Known / due; None where nothing fell due."""
    if line.get("known") is None:
        return exact(line.get("coverage"))
    return Fraction(line["known"], line["due"]) if line["due"] else None


def exact(figure: float | None) -> Fraction | None:
    """A figure of a policy, or of a report from before it kept its counts, as it is written."""
    return None if figure is None else Fraction(str(figure))


def percent(share: Fraction | None, digits: int = 1) -> str:
    """`82.4%`; a dash where there is none."""
    return "–" if share is None else f"{_rounded(share, digits)}%"


def moved(before: Fraction, now: Fraction) -> str:
    """`+1.8`: by how many points, as the two figures that are printed beside it differ."""
    points = _rounded(now, 1) - _rounded(before, 1)
    return f"{points:+}" if points else "0"


def interval(line: Mapping[str, Any]) -> str | None:
    """`57–94%`: that of the rate, in whole percents; None where nothing is known."""
    if not line.get("interval"):
        return None
    bounds = line["interval"]
    if line.get("known"):
        bounds = scoring.wilson(line["on_time"], line["known"])
    low, high = (_rounded(Fraction(bound), 0) for bound in bounds)
    return f"{low}–{high}%"


def bound(figure: float) -> str:
    """A bound of a policy with all its digits, and with one at least."""
    share, digits = Fraction(str(figure)), 1
    while (share * 10 ** (digits + 2)).denominator > 1:
        digits += 1
    return percent(share, digits)


def beside(share: Fraction, *bounds: float) -> str:
    """The share, with as many digits as keep it on its side of each bound: what just misses one
    does not read as if it met it, nor what meets one as if it missed it.
    """
    digits, limits = 1, [Fraction(str(figure)) for figure in bounds]
    while any((_shown(share, digits) >= limit) != (share >= limit) for limit in limits):
        digits += 1
    return percent(share, digits)


def _shown(share: Fraction, digits: int) -> Fraction:
    return Fraction(_rounded(share, digits)) / 100


def _rounded(share: Fraction, digits: int) -> Decimal:
    """In percent. Of fractions, since a quotient of decimals is rounded before it is rounded."""
    units = floor(share * 100 * 10**digits + Fraction(1, 2))
    return Decimal(units).scaleb(-digits)
