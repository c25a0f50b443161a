"""Synthetic days of a hall: who comes when, as what, for how long. The same seed, the same day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, log
from random import Random
from uuid import UUID

from services.appointments.priority import rules
from services.appointments.priority.models import TicketClass
from services.appointments.priority.rules import Standing
from services.appointments.priority.schemas import (
    CertificateEvidence,
    Evidence,
    IdNumberEvidence,
    Policy,
    StaffEvidence,
)

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""When the doors open on the first day; nobody takes a ticket after `HOURS` hours."""
BY_HOUR = (1.5, 1.4, 1.0, 0.5, 0.8, 1.2, 1.1, 0.5)
HOURS = len(BY_HOUR)
LOAD = 1.15
"""Work of who is expected over what the windows could do in these hours; of those who booked one in
five stays away. Mornings and afternoons overflow, as they do where people complain of waiting."""
NO_SHOW = 0.2
SPREAD = 0.6
"""Of the logarithm of a service time."""

MINUTES = {"social": 8, "tax": 15, "permit": 30}
"""The standard minutes of each item; what it really takes is this times `REALLY`."""
REALLY = {"social": 1.0, "tax": 1.15, "permit": 0.9}
ASKED = {"social": 0.5, "tax": 0.3, "permit": 0.2}
SERVES = (*[tuple(MINUTES)] * 6, *(("social",), ("tax",), ("permit",)) * 2)
"""Twelve windows: half serve everything, the others one item each."""

_OLD = IdNumberEvidence(kind="id_number", value="11010519491231002X")
_CARD = CertificateEvidence(kind="certificate", number="0012345")
_SEEN = StaffEvidence(kind="staff", reason="急事")
CLASSES: dict[TicketClass, tuple[float, Evidence | None]] = {
    TicketClass.WALK_IN: (0.40, None),
    TicketClass.APPOINTMENT: (0.40, None),
    TicketClass.ELDERLY: (0.09, _OLD),
    TicketClass.CHILD_IN_ARMS: (0.03, _CARD),
    TicketClass.DISABLED: (0.05, _CARD),
    TicketClass.GREEN_CHANNEL: (0.03, _SEEN),
}
"""What share of those who come is of which class, and what they show for it."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes at `arrives`, if at all: for an item that takes so many minutes at the window."""

    key: UUID
    ticket_class: TicketClass
    item: str
    arrives: datetime
    minutes: float
    slot: datetime | None = None
    shows_up: bool = True

    def standing(self, policy: Policy) -> Standing:
        """Where the rules put this person in the queue."""
        if self.slot is not None:
            return rules.booked_standing(self.arrives, self.slot, 0, policy, self.arrives)
        credit = rules.credit_of(
            self.ticket_class,
            CLASSES[self.ticket_class][1],
            policy,
            roles=frozenset({"hall_manager"}),
            day=self.arrives.date(),
        )
        return rules.standing(self.arrives, credit)


def day(number: int, seed: int, load: float = LOAD) -> list[Visitor]:
    """Everybody of one day, those included who have booked and do not come."""
    rng = Random(f"{seed}/{number}")
    opens = NINE + timedelta(days=number)
    mean = sum(ASKED[item] * MINUTES[item] * REALLY[item] for item in MINUTES)
    people = load * len(SERVES) * HOURS * 60 / mean
    found = []
    for hour, weight in enumerate(BY_HOUR):
        for minute in _poisson(people * weight / sum(BY_HOUR) / 60, rng):
            found.append(_visitor(opens + timedelta(hours=hour, minutes=minute), opens, rng))
    return sorted(found, key=lambda visitor: visitor.arrives)


def _poisson(a_minute: float, rng: Random) -> Iterator[float]:
    """The minutes of an hour at which somebody comes."""
    at = rng.expovariate(a_minute)
    while at < 60:
        yield at
        at += rng.expovariate(a_minute)


def _visitor(at: datetime, opens: datetime, rng: Random) -> Visitor:
    shares = [share for share, _ in CLASSES.values()]
    [ticket_class] = rng.choices(list(CLASSES), shares)
    [item] = rng.choices(list(ASKED), list(ASKED.values()))
    key, minutes = UUID(int=rng.getrandbits(128)), _service(item, rng)
    if ticket_class is not TicketClass.APPOINTMENT:
        return Visitor(key, ticket_class, item, at, minutes)
    # One in five who have booked stays away, so that more have booked than come.
    slot = opens + timedelta(minutes=15 * int((at - opens).total_seconds() // 900))
    comes = max(slot + timedelta(minutes=rng.gauss(-6, 8)), opens)
    return Visitor(key, ticket_class, item, comes, minutes, slot, rng.random() >= NO_SHOW)


def _service(item: str, rng: Random) -> float:
    """Log-normal, the way to the window included; its mean is what the item really takes."""
    centre = log(MINUTES[item] * REALLY[item]) - SPREAD**2 / 2
    return exp(rng.gauss(centre, SPREAD))
