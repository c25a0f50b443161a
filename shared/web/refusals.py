"""Every process that verifies tokens learns which sign-ins ended before their tokens expire."""

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from shared.messaging.bus import Bus
from shared.messaging.events import Envelope, Event
from shared.messaging.watch import Watch
from shared.security.identity import REFUSED_SECONDS, Refusals


class SignInEnded(Event):
    """What is read of the gateway's event of that name."""

    type: ClassVar[str] = "gateway.sign_in.ended.v1"

    sign_in_id: UUID


def watch(bus: Bus, refusals: Refusals) -> Watch[SignInEnded]:
    """Keeps `refusals` as the gateway's stream has it."""

    def take(envelope: Envelope[SignInEnded]) -> None:
        refusals.refuse(str(envelope.data.sign_in_id), envelope.time.timestamp())

    since = timedelta(seconds=REFUSED_SECONDS)
    return Watch(bus, SignInEnded, take, since=since, caught_up=refusals.learned)
