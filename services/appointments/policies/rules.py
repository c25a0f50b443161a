"""What a booking policy says about a new booking. Pure."""

from typing import NamedTuple


class CapTerms(NamedTuple):
    """How many appointments a person may have at all halls together; None: any number."""

    per_day: int | None = None
    per_week: int | None = None
    per_month: int | None = None
    open_at_once: int | None = None


class HoldTerms(NamedTuple):
    """The version in force, for how long it holds a place, and its caps."""

    policy_version: int
    hold_minutes: int
    caps: CapTerms


DEFAULT = HoldTerms(policy_version=0, hold_minutes=5, caps=CapTerms())
