"""Bookings that go together: two processes at once, and one bad row among good ones."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.appointments.app import create_app
from services.appointments.booking.batching import Batcher, BookingRequest
from services.appointments.booking.rules import Draft
from services.appointments.settings import AppointmentsSettings
from shared.database.engine import DirectPool
from shared.ids import new_id, public_code
from shared.web import dependencies
from tests import support
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import Clock, good
from tests.support import Tokens

TEN = NINE + timedelta(hours=1)


class CannotSeal(Exception):
    """Something is wrong with one request that nobody thought of."""


@pytest.fixture
async def twin(
    office: Office, timeless: Urls, bus: NatsServer, tokens: Tokens, test_clock: Clock
) -> AsyncIterator[Office]:
    """The same hall, seen through a second instance of the service."""
    url = timeless.service
    app = create_app(support.settings_for("appointments", url, bus, tokens, background=False))
    app.dependency_overrides[dependencies.present] = test_clock
    async with support.serve(app) as client:
        yield replace(office, client=client)


@pytest.fixture
async def direct(timeless: Urls) -> AsyncIterator[DirectPool]:
    settings = AppointmentsSettings(
        database_url=timeless.service,
        column_keys=support.COLUMN_KEYS,
        index_key=support.INDEX_KEY,
    )
    pool = DirectPool(settings, "test-direct", lambda: None)
    yield pool
    await pool.close()


async def test_two_instances_share_the_places_of_a_slot(office: Office, twin: Office) -> None:
    slot = await office.slot(TEN, capacity=15)

    answers = await asyncio.gather(*[one.ask(slot) for _ in range(20) for one in (office, twin)])

    assert sorted(answer.status_code for answer in answers) == [201] * 15 + [409] * 25
    assert await office.booked(slot) == 15


async def test_a_key_sent_to_two_instances_at_once_has_one_effect(
    office: Office, twin: Office
) -> None:
    slot = await office.slot(TEN, capacity=30)
    for _ in range(10):
        me = office.citizen(**{"Idempotency-Key": uuid4().hex})
        answers = await asyncio.gather(office.ask(slot, headers=me), twin.ask(slot, headers=me))
        assert len({good(answer, 201)["id"] for answer in answers}) == 1

    assert await office.booked(slot) == 10


async def test_a_person_at_two_instances_at_once_gets_one_appointment(
    office: Office, twin: Office
) -> None:
    slot = await office.slot(TEN, capacity=30)
    for _ in range(10):
        me = office.citizen()
        answers = await asyncio.gather(office.ask(slot, headers=me), twin.ask(slot, headers=me))
        assert sorted(answer.status_code for answer in answers) == [201, 409]

    assert await office.booked(slot) == 10


def asking(office: Office, slot: UUID, code: str) -> BookingRequest:
    """Somebody who asks for a place, under that public code."""
    person = f"sub:{uuid4()}"
    draft = Draft(
        id=new_id(),
        code=code,
        hall_code=office.code,
        item_code=office.items[0],
        pool="online",
        citizen_key=person,
        person_document=None,
        person_phone=None,
        booked_by=person,
        on_date=TEN.date(),
        starts_at=TEN,
        minutes=30,
        guide_version=1,
        policy_version=0,
        cap_per_day=None,
        cap_per_week=None,
        cap_per_month=None,
        cap_open_at_once=None,
        expires_at=TEN,
        idem_key=None,
        idem_route=None,
        idem_hash=None,
        answer="{}",
        event_id=new_id(),
        event_subject="appointments.batch.tested.v1._",
        event_body=b"{}",
        traceparent=None,
        name_sealed=None,
        phone_sealed=None,
        id_number_sealed=None,
        own_name_sealed=None,
        own_phone_sealed=None,
    )
    return BookingRequest(lambda: draft, [slot], NINE, person, None)


def undraftable() -> Draft:
    raise CannotSeal


@pytest.mark.parametrize("how", ["too long a code", "cannot be drafted"])
async def test_one_bad_row_does_not_take_the_others_along(
    office: Office, direct: DirectPool, how: str
) -> None:
    slot, batcher = await office.slot(TEN, capacity=9), Batcher(direct)
    bad = asking(office, slot, "longer than any code may be")
    if how == "cannot be drafted":
        bad.draft = undraftable
    requests = [asking(office, slot, public_code("A")), bad, asking(office, slot, public_code("A"))]
    async with asyncio.timeout(5):  # and nobody waits for ever
        outcomes = await asyncio.gather(
            *(batcher.hold(one) for one in requests), return_exceptions=True
        )

    assert isinstance(outcomes[1], asyncpg.DataError | CannotSeal)
    assert [getattr(one, "outcome", None) for one in outcomes] == ["held", None, "held"]
    assert await office.booked(slot) == 2
