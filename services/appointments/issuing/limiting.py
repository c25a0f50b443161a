"""How many walk-in tickets a hall issues, from when and until when: by its policy in force."""

from collections.abc import Iterable

from services.appointments.directory.openings import Openings
from services.appointments.display import views as display_views
from services.appointments.estimates import service as estimates
from services.appointments.estimates.schemas import Estimate
from services.appointments.issuing import rules
from services.appointments.issuing.counters import Counter, TicketWish
from services.appointments.issuing.rules import Limits, TicketsClosed
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.policies.models import BookingPolicy
from services.appointments.policies.schemas import FloorTerms, ItemTicketTerms
from services.appointments.priority.models import TicketClass
from shared.errors import Text


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


async def ensure_open_to_walk_ins(counter: Counter, wish: TicketWish, hours: Openings) -> None:
    """Raises TicketsNotYet, and TicketsClosed after the last one or when the day's are spent.

    The ticket takes the number after those that were issued: who takes it first is counted anew.
    """
    hall, now = counter.hall, wish.now
    terms = FloorTerms.model_validate(hall.booking_policy.floor)
    rules.ensure_not_early(hours, terms.tickets_before_minutes, now)
    limits = of_walk_in(hall.booking_policy, wish.request)
    if rules.is_last_over(hours, limits, now):
        raise await _closed(counter, wish, hours, None)
    if _is_spent(limits, hall.issued):
        raise await _closed(counter, wish, hours, rules.SPENT)


async def ensure_called_in_time(
    counter: Counter, wish: TicketWish, hours: Openings, estimate: Estimate | None
) -> None:
    """Raises TicketsClosed where a walk-in would wait beyond the closing of the hall. Whom its
    manager puts ahead is not sent away."""
    terms = FloorTerms.model_validate(counter.hall.booking_policy.floor)
    if not terms.only_if_served or wish.request.ticket_class is TicketClass.OVERRIDE:
        return
    p85 = None if estimate is None else estimate.p85_minutes
    if not rules.is_called_in_time(hours, p85, wish.now):
        raise await _closed(counter, wish, hours, rules.NOT_IN_TIME)


def _is_spent(limits: Iterable[Limits], issued: Iterable[int | None]) -> bool:
    return any(
        each.tickets_per_day is not None and (count or 0) >= each.tickets_per_day
        for each, count in zip(limits, issued, strict=True)
    )


async def _closed(
    counter: Counter, wish: TicketWish, hours: Openings, why: Text | None
) -> TicketsClosed:
    """With when the person may come again, and where or when else it can be done."""

    async def known() -> Openings:
        return hours

    code, items, now = wish.request.hall_code, tuple(wish.request.items), wish.now
    found = await estimates.alternatives(counter.source, code, items, now, known)
    opens = hours.next_opening(now)
    said = [why, rules.come_again(opens), display_views.instead(found)]
    parts = [each for each in said if each is not None]
    english = (part.en[:1].upper() + part.en[1:] for part in parts)
    detail = Text("；".join(part.zh for part in parts), ". ".join(english))
    there = found.elsewhere
    named = {"hall_code", "name", "p85_minutes"}
    return TicketsClosed(
        detail if parts else None,
        next_opening=opens,
        elsewhere=there and {k: v for k, v in there._asdict().items() if k in named},
        bookable_at=found.bookable_at,
    )
