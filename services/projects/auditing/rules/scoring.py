"""What a unit's report line says: counts by verdict, rate, score and light. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from services.projects.auditing.models import Verdict

UNKNOWN = (
    Verdict.UNKNOWN,
    Verdict.UNKNOWN_SOURCE_DOWN,
    Verdict.TIME_DISPUTED,
)
NOT_YET_DUE = (Verdict.PENDING, Verdict.DUE_SOON, Verdict.CALENDAR_UNKNOWN)
OUTSIDE = (Verdict.EXEMPT, Verdict.NOT_APPLICABLE, Verdict.SUSPENDED)


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


def rate(tally: Tally) -> float | None:
    """The share published in time of those whose time is known; None where none is."""
    in_time = tally.of(Verdict.ON_TIME)
    known = in_time + tally.of(Verdict.LATE, Verdict.OVERDUE)
    return _rounded(Decimal(in_time) / known, "0.0001") if known else None


def score(tally: Tally, weights: Mapping[str, float]) -> float | None:
    """Points left of 100 by the deduction scheme (扣分制); None where nothing is known to score.

    Each kind of fault has its cap. Unknown and disputed duties cost nothing and earn nothing: a
    unit whose pages could not be read has no score rather than a full one.
    """
    if tally.due == tally.of(*UNKNOWN):
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


def ranks(scores: Mapping[str, float | None]) -> dict[str, int | None]:
    """Each unit's place by score, the best first; equal scores share a place."""
    known = [score for score in scores.values() if score is not None]
    return {
        unit: None if score is None else 1 + sum(other > score for other in known)
        for unit, score in scores.items()
    }


def light(tally: Tally) -> Light:
    """One light for a unit, by what fell due: red beats yellow, yellow beats green, else grey."""
    shown = {LIGHT_OF[v] for v, n in tally.verdicts.items() if n and v not in NOT_YET_DUE}
    order = (Light.RED, Light.YELLOW, Light.GREEN)
    return next((light for light in order if light in shown), Light.GREY)


def _rounded(value: Decimal, step: str) -> float:
    return float(value.quantize(Decimal(step), ROUND_HALF_UP))
