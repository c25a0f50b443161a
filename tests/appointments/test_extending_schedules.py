"""New days come within reach of every hall, each by itself."""

from datetime import timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.schedules import queries, service
from shared.database.engine import Sessions
from tests.appointments import offices
from tests.appointments.offices import NINE, Office
from tests.appointments.test_schedules import apply, change


async def test_a_hall_that_cannot_be_planned_keeps_no_other_without_its_new_day(
    office: Office, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all halls of the tests only these two: the job takes each of them by itself."""
    other = await offices.build(office.client, office.sign, office.owner, office.clock)
    for one in (office, other):
        await apply(one, change(one, {}))
    zone = "UPDATE hall SET timezone = $2 WHERE code = $1"
    await office.owner.execute(zone, office.code, "Nowhere/Land")

    async def both(_: AsyncSession) -> list[str]:
        return [office.code, other.code]

    monkeypatch.setattr(queries, "halls_with_rules", both)
    before = await planned(other)
    try:
        with pytest.raises(ZoneInfoNotFoundError):
            await service.extend_halls(sessions, NINE + timedelta(days=1))
    finally:  # or other tests would meet a hall of nowhere
        await office.owner.execute(zone, office.code, "Asia/Shanghai")

    assert await planned(other) == before + 1
    assert await planned(office) == before


async def planned(office: Office) -> int:
    """Days of which there are slots."""
    found = "SELECT count(DISTINCT on_date) FROM slot WHERE hall_code = $1"
    return int(await office.owner.fetchval(found, office.code))
