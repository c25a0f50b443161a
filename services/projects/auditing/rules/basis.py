"""What a verdict goes by besides its duty: the day as numbers, the last walk of its unit. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from services.projects.auditing.models import Standing, Verdict
from services.projects.auditing.rules.judging import ENDLESS, Day, Facts, Judgement

_FACTS = tuple(Facts.__dataclass_fields__)


class DueRange(NamedTuple):
    """The days of a period as due ordinals: of working days those after `after_ord` up to
    `until_ord`, of plain ones from `first_day` to `last_day`."""

    after_ord: int
    until_ord: int
    first_day: int
    last_day: int


class Basis(NamedTuple):
    """Both counts of a day and of the unit's last full walk: working days, and plain ones.

    The walk is None where nothing proves an absence. `version` is that of `JudgingBasis`.
    """

    version: int
    now_ord: int
    last_ord: int
    now_day: int
    calendar_version: int
    walked_at: datetime | None
    walked_ord: int | None
    walked_day: int | None

    def day(self, *, by_days: bool) -> Day:
        """The day on the clock of a duty."""
        if by_days:
            return Day(self.now_day, ENDLESS, self.walked_day, self.walked_at, self.now_day)
        return Day(self.now_ord, self.last_ord, self.walked_ord, self.walked_at, self.now_day)

    def days_over(self, judged: Judgement, due_ord: int | None, *, by_days: bool) -> int | None:
        """By how many days of its clock a duty is over; of an overdue one that grows with each."""
        if judged.verdict is Verdict.OVERDUE and due_ord is not None:
            return self.day(by_days=by_days).now_ord - due_ord
        return judged.over_by


def facts_of(standing: Standing, changes: Mapping[str, Any] | None = None) -> Facts:
    """What the standing says of its duty, and would with these columns changed."""
    changed = changes or {}
    return Facts(**{name: changed.get(name, getattr(standing, name)) for name in _FACTS})


class FactOfMove(NamedTuple):
    """The fact that a verdict goes by: its id, or of one that the same statement appends as
    `new_fact` what it is known by; neither where nothing was seen.
    """

    id: int | None = None
    sha256: str | None = None
