"""Rate limits in the process: the generic cell rate algorithm (ITU-T I.371), one float a caller."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

CALLERS_REMEMBERED = 50_000


@dataclass(frozen=True)
class Rate:
    """`per_second` in the long run, `burst` at once."""

    per_second: float
    burst: int

    @property
    def interval(self) -> float:
        return 1.0 / self.per_second

    @property
    def window(self) -> float:
        """Seconds after which a caller who stopped has the whole burst again."""
        return self.burst * self.interval


class Verdict(NamedTuple):
    """`retry_after` is 0 when allowed; `remaining` is what may follow at once."""

    allowed: bool
    remaining: int
    retry_after: float


class Limiter:
    """Remembers the theoretical arrival time of each caller, the most recent callers only."""

    def __init__(self, remembered: int = CALLERS_REMEMBERED) -> None:
        self._arrivals: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._remembered = remembered

    def take(self, caller: str, operation_class: str, rate: Rate, now: float) -> Verdict:
        """Counts one request of `caller` at `now` (seconds of any steady clock)."""
        key = (caller, operation_class)
        arrival = max(self._arrivals.get(key, now), now) + rate.interval
        excess = arrival - now - rate.window
        if excess > 1e-9:
            return Verdict(False, 0, excess)
        self._arrivals[key] = arrival
        self._arrivals.move_to_end(key)
        if len(self._arrivals) > self._remembered:
            self._arrivals.popitem(last=False)
        return Verdict(True, int(-excess * rate.per_second + 1e-9), 0.0)
