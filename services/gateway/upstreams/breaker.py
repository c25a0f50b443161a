"""A circuit breaker: after some failures in a row, refuse at once instead of waiting each time.

Any answer closes it: a service that is slow to tell its health but answers is busy, not gone.
"""


class Breaker:
    """Opens after `threshold` failures in a row; lets one trial through every `trial_seconds`."""

    def __init__(self, *, threshold: int = 3, trial_seconds: float = 0.25) -> None:
        self._threshold, self._trial_seconds = threshold, trial_seconds
        self._failures = 0
        self._next_trial_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= self._threshold

    def allows(self, now: float) -> bool:
        """Whether a request may go out; an open breaker lets one through now and then."""
        if not self.is_open:
            return True
        if now < self._next_trial_at:
            return False
        self._next_trial_at = now + self._trial_seconds
        return True

    def failed(self, now: float) -> None:
        self._failures += 1
        if self.is_open:
            self._next_trial_at = now + self._trial_seconds

    def unanswered(self, now: float) -> None:
        """A request waited in vain: no failure, but an open breaker's trial was one, and whoever
        asks next is refused at once instead of waiting as long."""
        if self.is_open:
            self._next_trial_at = now + self._trial_seconds

    def succeeded(self) -> None:
        self._failures = 0
