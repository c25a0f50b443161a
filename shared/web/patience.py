"""How long the caller of a request waits, and whether they are still there.

A service learns it from the gateway: `x-deadline-seconds`, what is left of the operation's deadline
when the request leaves for the service. Work that is begun later than that is done for nobody.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Scope

from shared.web.gate import Priority, priority_named

DEADLINE_HEADER = b"x-deadline-seconds"
PRIORITY_HEADER = b"x-onedoor-priority"
"""The operation's priority, as the gateway read it in the service's document; never a client's."""
LEFT = "has_left"
"""Where the server keeps in a request's state how to ask whether its connection was closed."""


def _nobody_left() -> bool:
    return False


@dataclass(frozen=True)
class Patience:
    """`until` in seconds of the loop's clock."""

    until: float
    has_left: Callable[[], bool] = _nobody_left

    def left(self, now: float) -> float:
        """Seconds that the caller still waits, 0 once they do not."""
        return 0.0 if self.has_left() else max(0.0, self.until - now)


def seconds_of(scope: Scope) -> float:
    """How long the caller says that they wait; infinite where they do not say, or not plainly."""
    for name, value in scope["headers"]:
        if name == DEADLINE_HEADER:
            try:
                seconds = float(value)
            except ValueError:
                return math.inf
            return seconds if seconds >= 0 else math.inf
    return math.inf


def patience_of(scope: Scope, now: float) -> Patience:
    """The patience of a request that has just come."""
    has_left = scope.get("state", {}).get(LEFT, _nobody_left)
    return Patience(now + seconds_of(scope), has_left)


def priority_of(scope: Scope) -> Priority:
    """As the gateway says, else by the method."""
    named = next((value for name, value in scope["headers"] if name == PRIORITY_HEADER), b"")
    return priority_named(named.decode("latin-1"), scope["method"])
