"""How many walk-in tickets a hall issues, and until when: by its policy in force."""

from collections.abc import Iterable
from datetime import datetime

from services.appointments.directory.openings import Openings
from services.appointments.issuing import rules
from services.appointments.issuing.rules import Limits
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.policies.models import BookingPolicy
from services.appointments.policies.schemas import ItemTicketTerms


def of_walk_in(policy: BookingPolicy, request: TicketRequest) -> list[Limits]:
    """What limits a walk-in ticket for these items: an item's last time goes first."""
    own = {code: ItemTicketTerms.model_validate(terms) for code, terms in policy.items.items()}
    limits = [Limits(None, None, policy.tickets_per_day)]
    for item in request.items:
        terms = own.get(item, ItemTicketTerms())
        last = terms.last_ticket_minutes
        last = policy.last_ticket_minutes if last is None else last
        limits.append(Limits(item, last, terms.tickets_per_day))
    return limits


def ensure_room(
    hours: Openings, limits: Iterable[Limits], issued: Iterable[int | None], now: datetime
) -> None:
    """Raises TicketsClosed when the day's tickets are spent.

    The ticket takes the number after those that were issued: who takes it first is counted anew.
    """
    for each, count in zip(limits, issued, strict=True):
        rules.ensure_within(hours, count or 0, each.tickets_per_day, now)
