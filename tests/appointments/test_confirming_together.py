"""At the release of a day's places everybody confirms at once: they wait, and none is refused."""

import asyncio
from datetime import timedelta

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.appointments.app import create_app
from shared.web import dependencies
from tests import support
from tests.appointments.offices import Office
from tests.support import Tokens

PEOPLE = 64


async def test_who_is_let_in_is_not_refused_for_a_connection(
    office: Office, timeless: Urls, bus: NatsServer, tokens: Tokens
) -> None:
    """All are let in at once, whatever the speed of the machine, and there are six connections."""
    starts_at = office.clock.at + timedelta(days=2)
    slot = await office.slot(starts_at, capacity=PEOPLE)
    people = [office.citizen() for _ in range(PEOPLE)]
    held = [await office.hold(slot, headers=person) for person in people]
    limits = {"in_flight_limit": 2 * PEOPLE, "background": False}
    app = create_app(support.settings_for("appointments", timeless.service, bus, tokens, **limits))
    app.dependency_overrides[dependencies.present] = office.clock
    async with support.serve(app) as office.client:
        answers = await asyncio.gather(
            *(
                office.do(one, "confirm", {**person, "Idempotency-Key": one["id"]})
                for one, person in zip(held, people, strict=True)
            )
        )
    assert [answer.status_code for answer in answers] == [200] * PEOPLE
