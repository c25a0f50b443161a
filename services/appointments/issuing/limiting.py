"""How many walk-in tickets a hall issues, and until when: by its policy in force."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.openings import Openings
from services.appointments.issuing import queries, rules
from services.appointments.issuing.rules import Limits
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.policies.models import BookingPolicy
from services.appointments.policies.schemas import ItemTicketTerms
from services.appointments.queueing.models import Ticket


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


async def ensure_room(
    session: AsyncSession, ticket: Ticket, hours: Openings, limits: Iterable[Limits], now: datetime
) -> None:
    """Raises TicketsClosed when the day's tickets are spent.

    The ticket has its number by now: who takes the next one of the hall waits for this commit.
    """
    for each in limits:
        if each.tickets_per_day is not None:
            day = ticket.service_day
            issued = await queries.issued(session, ticket.hall_code, day, each.item)
            rules.ensure_within(hours, issued, each.tickets_per_day, now)
