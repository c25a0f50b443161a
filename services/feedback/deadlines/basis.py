"""What limits go by: the policies and the calendars as they are at one moment. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.feedback.calendar.models import Calendar
from services.feedback.deadlines.models import COUNTRY, PolicyKind, Unit


class Limit(NamedTuple):
    """A policy row, by its values."""

    id: UUID
    region: str
    kind: PolicyKind
    unit: Unit
    n: int
    extension_limit: int
    valid_from: date


class Basis(NamedTuple):
    """All policy rows, and the calendar of each region that is asked for."""

    limits: Sequence[Limit]
    calendars: Mapping[str, Calendar]

    def in_force(
        self, kinds: Iterable[PolicyKind], region: str, on: date
    ) -> dict[PolicyKind, Limit]:
        """The rows in force on a day: the region's own before the country's, the latest first.

        Raises LookupError where none was ever loaded.
        """
        wanted = {*kinds}
        fitting = (
            one
            for one in self.limits
            if one.kind in wanted and one.region in (region, COUNTRY) and one.valid_from <= on
        )
        found = {
            one.kind: one
            for one in sorted(fitting, key=lambda one: (one.region == region, one.valid_from))
        }
        if missing := wanted - found.keys():
            raise LookupError(f"no deadline policy for {missing} in {region}")
        return found

    def calendar(self, region: str) -> Calendar:
        return self.calendars[region]
