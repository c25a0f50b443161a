"""A place held for somebody who did not ask at this moment: an offer from the waitlist.

It is an appointment like any other that is held: confirmed it is theirs, cancelled or left to run
out it is given back. What stands against a booking stands against an offer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import healing, returning, service, statement, views
from services.appointments.booking.context import Terms, expiry
from services.appointments.booking.healing import PeopleWaiting
from services.appointments.booking.hold import held_event
from services.appointments.booking.models import Appointment
from services.appointments.booking.rules import BookingOutcome, Draft
from services.appointments.booking.schemas import AppointmentView
from services.appointments.booking.workflow import AppointmentAction, AppointmentRow
from services.appointments.guides.rules import Offer, why_not_bookable
from services.appointments.people.rules import Person
from services.appointments.policies import service as policies
from services.appointments.policies.rules import CapTerms
from services.appointments.slots.rules import SlotFacts
from shared.database.rows import fetch_in


class Declining(NamedTuple):
    """An offer that is over, whose places are still to be given back: slots are locked last."""

    offered: Appointment
    row: AppointmentRow
    waiting: PeopleWaiting

    async def settle(self, session: AsyncSession, now: datetime) -> None:
        """Gives the places back, for who is next, and publishes it."""
        await returning.give_back(session, [self.offered], self.waiting, now, later=True)
        await service.publish(session, self.row.event, self.offered, by_hall=False)


async def hold_for(
    session: AsyncSession,
    person: Person,
    booked_by: str,
    offer: Offer,
    run: Sequence[SlotFacts],
    now: datetime,
) -> AppointmentView | None:
    """The places of the run, held as the hall's policy gives for an offer; None where the person
    cannot have them, or there are none any more. The caller has locked the slots."""
    first = run[0]
    if why_not_bookable(offer, first.on_date) is not None:
        return None
    policy = await policies.in_force(session, first.hall_code, now)
    left = (first.starts_at - now) // timedelta(minutes=1)
    minutes = max(1, min(policy.offer_minutes, left))
    terms = Terms(offer, policy.version, minutes, CapTerms(**policy.caps))
    view = views.held(run, offer.code, terms, now)
    draft = _draft(view, first, person, booked_by, terms, now)
    values = [now, *([cell] for cell in draft), [1] * len(run), [slot.id for slot in run]]
    [found] = await fetch_in(session, statement.HOLD, *values)
    outcome, *_ = found
    return view if BookingOutcome(outcome) is BookingOutcome.HELD else None


def _draft(
    view: AppointmentView,
    first: SlotFacts,
    person: Person,
    booked_by: str,
    terms: Terms,
    now: datetime,
) -> Draft:
    event = held_event(view, expiry(terms, now))
    nothing = dict.fromkeys(Draft._fields)
    known = {
        "id": view.id,
        "code": view.code,
        "hall_code": view.hall_code,
        "item_code": view.item_code,
        "pool": view.pool.value,
        "citizen_key": person.citizen_key,
        "person_document": person.document,
        "person_phone": person.phone,
        "booked_by": booked_by,
        "on_date": first.on_date,
        "starts_at": view.starts_at,
        "minutes": view.minutes,
        "guide_version": view.guide_version,
        "policy_version": view.policy_version,
        **{f"cap_{name}": most for name, most in terms.caps._asdict().items()},
        "expires_at": expiry(terms, now),
        "answer": view.model_dump_json(),
        "event_id": event.event_id,
        "event_subject": event.subject,
        "event_body": event.body,
        "traceparent": event.traceparent,
    }
    return Draft(**{**nothing, **known})


async def decline(
    session: AsyncSession, offered: Appointment, now: datetime, *, by_hall: bool
) -> Declining:
    """Ends the hold; its places are given back by `Declining.settle`. Raises StateConflict."""
    waiting = await healing.prepare(session, [offered.id], now, own=[offered.id])
    row = service.row_of(offered, AppointmentAction.CANCEL)
    noted = {"cancelled_by_staff": by_hall}
    done = await service.change(session, offered, row, now, values=noted)
    return Declining(done, row, waiting)
