"""Those who sit around a time are found by their keys, whatever the server knows of its tables."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from services.appointments.booking import around
from services.appointments.booking.rings import Ring
from services.appointments.people.rules import Person
from services.appointments.slots.models import Pool
from tests.plans import Planned

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def planned(owner: asyncpg.Connection) -> Planned:
    return Planned(owner)


async def _around(planned: Planned) -> None:
    ring = Ring(NOW, NOW)
    person = Person("sub:somebody")
    with pytest.raises(ValueError, match="not enough values"):  # a plan has no rows
        await around.find(planned.fetch, "H001", Pool.ONLINE, ring, ["A"], person, NOW)


async def _sitters(planned: Planned) -> None:
    assert await around.sitters(planned.direct, [uuid4()]) == {}


@pytest.mark.parametrize("read", [_around, _sitters])
async def test_nobody_is_looked_for_among_all_who_live(
    read: Callable[[Planned], Awaitable[None]], planned: Planned
) -> None:
    await read(planned)
    found = dict(planned.conditions())
    assert "uq_appointment_live" not in planned.plan
    assert found["pk_appointment"] in {"(id = there.id)", "(id = x.appointment_id)"}
    assert found["pk_slot"].endswith(".slot_id)")
