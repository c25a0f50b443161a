"""Subscriptions of the people."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.people import service
from services.appointments.people.contracts import AccountIdentified
from services.appointments.people.rules import Person, account_key
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def learn_person(session: AsyncSession, envelope: Envelope[AccountIdentified]) -> None:
    """Whose account it is: from now on, and for all that was booked with it before."""
    checked = envelope.data
    key = account_key(str(checked.account_id))
    person = Person(key, checked.document_index, checked.phone_index)
    await service.learn(session, person, checked.version)


subscriptions = [Subscription("appointments-people", AccountIdentified, learn_person)]
