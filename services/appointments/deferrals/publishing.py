"""The events of a promise, in the scope of its hall."""

from services.appointments.deferrals.events import DeferralEvent
from services.appointments.deferrals.models import Deferral
from shared.messaging.outbox import Addressed


def of_change(kind: type[DeferralEvent], one: Deferral) -> Addressed:
    """The event of a change that was made."""
    made = kind(
        deferral_id=one.id,
        ticket_id=one.ticket_id,
        hall_code=one.hall_code,
        item_code=one.item_code,
        due_on=one.due_on,
        state=one.state,
        version=one.version,
    )
    return Addressed(made, one.hall_code, str(one.id))
