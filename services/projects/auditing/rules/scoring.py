"""What a unit's report line says: counts by verdict, rate, score, rank and light. Pure.

One definition of the rate, everywhere: on time / all that fell due and whose verdict is known. What
is not known is in neither, stands beside it as coverage, and lifts nobody: places and lights go by
on time / due, where the unknown is not on time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from math import sqrt

from services.projects.auditing.models import Verdict

UNKNOWN = (
    Verdict.UNKNOWN,
    Verdict.UNKNOWN_SOURCE_DOWN,
    Verdict.TIME_DISPUTED,
)
NOT_YET_DUE = (Verdict.PENDING, Verdict.DUE_SOON, Verdict.CALENDAR_UNKNOWN)
OUTSIDE = (Verdict.EXEMPT, Verdict.NOT_APPLICABLE, Verdict.SUSPENDED)
Z_95 = 1.959964
"""The quantile of the normal distribution for an interval of 95 %."""


class Light(StrEnum):
    """What people see first: 绿 in order, 黄 take care, 红 a breach, 灰 not known."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"


LIGHT_OF: dict[Verdict, Light] = {
    **dict.fromkeys((Verdict.ON_TIME, Verdict.PENDING), Light.GREEN),
    **dict.fromkeys((Verdict.DUE_SOON, Verdict.INCOMPLETE, Verdict.WITHDRAWN), Light.YELLOW),
    **dict.fromkeys((Verdict.LATE, Verdict.OVERDUE, Verdict.EARLY_VIOLATION), Light.RED),
    **dict.fromkeys((*UNKNOWN, *OUTSIDE, Verdict.CALENDAR_UNKNOWN), Light.GREY),
}
"""The light of one duty."""


@dataclass
class Tally:
    """How many duties of a unit stand where, and by how many days the late ones are over."""

    verdicts: dict[Verdict, int] = field(default_factory=dict)
    late_days: int = 0

    def add(self, verdict: Verdict, n: int, over_by: int) -> None:
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + n
        self.late_days += over_by if verdict is Verdict.LATE else 0

    def of(self, *verdicts: Verdict) -> int:
        return sum(self.verdicts.get(verdict, 0) for verdict in verdicts)

    @property
    def due(self) -> int:
        """Duties whose limit has run out or that were published: all that can be judged."""
        return sum(self.verdicts.values()) - self.of(*NOT_YET_DUE, *OUTSIDE)

    @property
    def known(self) -> int:
        """Those of `due` whose verdict is known: what every rate is counted in."""
        return self.due - self.of(*UNKNOWN)


def rate(tally: Tally) -> float | None:
    """On time / known, where early, incomplete and withdrawn are not on time; None if none is."""
    return _share(tally.of(Verdict.ON_TIME), tally.known)


def coverage(tally: Tally) -> float | None:
    """Known / due; None where nothing fell due."""
    return _share(tally.known, tally.due)


def interval(tally: Tally) -> tuple[float, float] | None:
    """The Wilson interval of the rate at 95 % (Wilson 1927, JASA 22); None where none is known.

    So few known duties say little: the interval says how little.
    """
    return _kept(tally.of(Verdict.ON_TIME), tally.known) if tally.known else None


def wilson(part: int, n: int) -> tuple[float, float]:
    """The ends of the interval, not rounded."""
    share, z2 = part / n, Z_95**2
    centre, spread = share + z2 / (2 * n), Z_95 * sqrt((share * (1 - share) + z2 / (4 * n)) / n)
    low, high = ((centre + sign * spread) / (1 + z2 / n) for sign in (-1, 1))
    return min(1.0, max(0.0, low)), min(1.0, max(0.0, high))


def _kept(part: int, n: int) -> tuple[float, float]:
    low, high = wilson(part, n)
    return _rounded(Decimal(low), "0.0001"), _rounded(Decimal(high), "0.0001")


def _share(part: int, whole: int) -> float | None:
    return _rounded(Decimal(part) / whole, "0.0001") if whole else None


def score(tally: Tally, weights: Mapping[str, float]) -> float | None:
    """Points left of 100 by the deduction scheme (扣分制); None where nothing is known to score.

    Each kind of fault has its cap. Unknown and disputed duties cost nothing and earn nothing: a
    unit whose pages could not be read has no score rather than a full one.
    """
    if not tally.known:
        return None
    weight = {name: Decimal(str(value)) for name, value in weights.items()}
    late = tally.of(Verdict.LATE)
    costs = {
        "overdue": weight["overdue"] * tally.of(Verdict.OVERDUE),
        "late": weight["late"] * late + weight["late_day"] * (tally.late_days - late),
        "early": weight["early"] * tally.of(Verdict.EARLY_VIOLATION),
        "incomplete": weight["incomplete"] * tally.of(Verdict.INCOMPLETE),
        "withdrawn": weight["withdrawn"] * tally.of(Verdict.WITHDRAWN),
    }
    lost = sum((min(weight[f"{kind}_cap"], cost) for kind, cost in costs.items()), Decimal(0))
    return _rounded(max(Decimal(0), 100 - lost), "0.1")


def sure(tally: Tally, policy: Mapping[str, float]) -> float | None:
    """What a unit's place goes by: the lower end of the Wilson interval of on time / due.

    What is not known is not on time here, so that no fault is better unknown than known, and few
    duties in time weigh less than many. None where too little is known to compare.
    """
    return _kept(tally.of(Verdict.ON_TIME), tally.due)[0] if is_ranked(tally, policy) else None


def is_ranked(tally: Tally, policy: Mapping[str, float]) -> bool:
    """Whether enough is known to compare: `min_n` known duties, and `min_coverage` of those due."""
    least = Decimal(str(policy["min_coverage"])) * tally.due
    return tally.known >= policy["min_n"] and tally.known >= least


def ranks(shares: Mapping[str, float | None]) -> dict[str, int | None]:
    """Each unit's place, the best first; equals share a place, None has none."""
    known = [share for share in shares.values() if share is not None]
    return {
        unit: None if share is None else 1 + sum(other > share for other in known)
        for unit, share in shares.items()
    }


def light(tally: Tally, policy: Mapping[str, float]) -> Light:
    """One light for a unit, by bands of on time / due; grey where too little is known.

    `green_from` and `yellow_from` are the lower ends of the bands. What is not known is not on time
    here, so that it turns no light greener.
    """
    if not is_ranked(tally, policy):
        return Light.GREY
    share = Decimal(tally.of(Verdict.ON_TIME)) / tally.due
    bands = ((Light.GREEN, policy["green_from"]), (Light.YELLOW, policy["yellow_from"]))
    return next((light for light, least in bands if share >= Decimal(str(least))), Light.RED)


def _rounded(value: Decimal, step: str) -> float:
    return float(value.quantize(Decimal(step), ROUND_HALF_UP))
