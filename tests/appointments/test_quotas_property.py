"""Whatever is booked, cancelled, closed or planned anew: no place is sold twice, and none is lost.

Of each time of a rule, what is on sale, what is taken and what is still to be released are together
the places that the rule gives; and once the time of a return is past, nothing is left in its pool.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from deploy.postgres import Urls
from services.appointments.proofs import queries as proofs
from services.appointments.schedules.schemas import RuleIn
from shared.database.engine import RoomSession
from shared.ids import new_id
from tests.appointments import played_office
from tests.appointments.offices import NINE
from tests.appointments.played_office import Steps, playing
from tests.appointments.quotas import RUN

MINUTE = timedelta(minutes=1)
POOLS = ["online", "phone", "on_site"]
STEPS = st.one_of(
    st.tuples(st.just("pass"), st.integers(1, 12)),
    st.tuples(
        st.just("plan"), st.integers(0, 5), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2)
    ),
    st.tuples(st.just("take"), st.integers(0, 1), st.sampled_from(POOLS)),
    st.tuples(st.just("take"), st.integers(0, 1), st.sampled_from(POOLS)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("close"), st.integers(0, 1), st.integers(1, 2), st.just("")),
    st.tuples(st.just("lift"), st.integers(0, 2)),
)
WAVES = [
    [],
    [{"percent": 60, "at": "08:00", "workdays": 0}, {"percent": 40, "at": "09:20", "workdays": 0}],
    [
        {"percent": 20, "at": "09:00", "workdays": 0},
        {"percent": 30, "at": "09:10", "workdays": 0},
        {"percent": 50, "at": "09:30", "workdays": 0},
    ],
]
RETURNS = {
    "phone": {"at": "09:15", "workdays": 0},
    "on_site": {"at": "09:35", "workdays": 0},
}


class Office(played_office.Office):
    """The same hall, with a rule whose places come and go between pools before ten."""

    def __init__(self, session: RoomSession, code: str, items: list[str]) -> None:
        super().__init__(session, code, items)
        self.planned: dict[str, int] = {}

    async def _pass(self, minutes: int) -> None:
        self.now = min(self.now + minutes * MINUTE, NINE + 55 * MINUTE)

    async def _plan(self, online: int, phone: int, on_site: int, waves: int) -> None:
        """Without places online nothing is released in portions, and nothing returns. Where each
        pool has as many places as before, nobody loses theirs, wherever it is by now."""
        places = {"online": online, "phone": phone, "on_site": on_site}
        before, without = self.planned, await self._count("orphaned")
        self.planned = {pool: most for pool, most in places.items() if most}
        rule = {
            "code": "Q",
            "item_codes": self.items,
            "weekdays": [2],
            "starts": "10:00",
            "ends": "11:00",
            "slot_minutes": 30,
            "capacity": self.planned,
            "horizon_workdays": 0,
            "waves": WAVES[waves] if online else [],
            "returns": RETURNS if online else {},
        }
        await self._apply(rules=[RuleIn.model_validate(rule)])
        if all(places[pool] >= most for pool, most in before.items()):
            assert await self._count("orphaned") <= without

    async def _take(self, place: int, pool: str) -> None:
        """A stranger's confirmed appointment, where a place is on sale."""
        starts_at, made = NINE + (60 + 30 * place) * MINUTE, new_id()
        slot = await self.session.scalar(
            text(
                "UPDATE slot SET booked = booked + 1 WHERE hall_code = :hall AND pool = :pool"
                " AND starts_at = :starts AND state = 'open' AND booked + kept_back < capacity"
                " RETURNING id"
            ),
            {"hall": self.code, "pool": pool, "starts": starts_at},
        )
        if slot is None:
            return
        values = {"id": made, "code": made.hex[-12:], "hall": self.code, "item": self.items[0]}
        values |= {"pool": pool, "day": starts_at.date(), "starts": starts_at, "now": self.now}
        await self.session.execute(
            text(
                "INSERT INTO appointment (id, code, hall_code, item_code, pool, citizen_key,"
                " booked_by, on_date, starts_at, minutes, state, version, guide_version,"
                " policy_version, held_at, changed_at) VALUES (:id, :code, :hall, :item, :pool,"
                " :code, 'test', :day, :starts, 30, 'confirmed', 1, 1, 0, :now, :now)"
            ),
            values,
        )
        row = "INSERT INTO appointment_slot VALUES (:id, :slot)"
        await self.session.execute(text(row), {"id": made, "slot": slot})

    async def ensure_sound(self) -> None:
        """After what jobs do within a minute."""
        for job in (*RUN, *RUN):
            await job(self.session, self.now)
        rows = (
            await self.session.execute(
                text(
                    "SELECT pool, starts_at, capacity, booked, kept_back, ceded, later_at,"
                    " coalesce((SELECT sum(n) FROM unnest(later_places) n), 0) AS later,"
                    " shared_from <= :now AND state = 'open' AS is_past"
                    " FROM slot WHERE hall_code = :hall AND state <> 'withdrawn'"
                ),
                {"hall": self.code, "now": self.now},
            )
        ).all()
        for starts_at in {row.starts_at for row in rows}:
            those = [row for row in rows if row.starts_at == starts_at]
            assert sum(row.capacity + row.later for row in those) == sum(self.planned.values())
            assert sum(row.ceded for row in those) == 0
        for row in rows:
            assert row.booked + row.kept_back <= row.capacity
            assert row.later_at is None or row.later_at[0] > self.now
            assert not row.is_past or row.booked + row.kept_back == row.capacity, "nothing is left"
        await self._ensure_healed(rows)
        wrong = [row async for row in proofs.drift(self.session, NINE - timedelta(days=1))]
        assert not [one for one in wrong if one.hall_code == self.code]

    async def _ensure_healed(self, rows: Sequence[Any]) -> None:
        orphans = await self.session.execute(
            text(
                "SELECT pool, starts_at FROM appointment"
                " WHERE hall_code = :hall AND state = 'orphaned'"
            ),
            {"hall": self.code},
        )
        for pool, starts_at in orphans.all():
            same = [row for row in rows if (row.pool, row.starts_at) == (pool, starts_at)]
            assert all(row.booked == row.capacity for row in same), "who lost a time comes first"


@pytest.fixture(scope="module")
def play(timeless: Urls) -> Iterator[Callable[[Steps], None]]:
    with playing(timeless, Office) as played:
        yield played


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@example(
    steps=[
        *[("take", 0, "phone"), ("take", 0, "on_site"), ("pass", 12), ("pass", 8), ("cancel", 0)],
        *[("take", 0, "online")] * 4,
        *[("plan", 2, 1, 1, 0), ("pass", 12), ("pass", 12), ("cancel", 2), ("pass", 12)],
    ]
)
@example(
    steps=[
        *[("take", 0, "online")] * 4,
        *[("plan", 1, 3, 1, 2), ("close", 0, 1, ""), ("pass", 12), ("pass", 12), ("lift", 0)],
        ("pass", 12),
    ]
)
@example(
    steps=[
        *[("pass", 12), ("pass", 8), *[("take", 0, "online")] * 5],
        *[("plan", 3, 2, 1, 1), ("plan", 4, 2, 2, 0)],
    ]
)
@example(
    steps=[
        *[("pass", 12), ("pass", 8), ("take", 1, "online"), ("take", 1, "online")],
        *[("plan", 0, 2, 1, 0), ("take", 1, "phone"), ("plan", 1, 2, 1, 1), ("pass", 12)],
    ]
)
@given(steps=st.lists(STEPS, min_size=4, max_size=16))
def test_no_place_is_sold_twice_and_none_is_lost(
    play: Callable[[Steps], None], steps: list[tuple[Any, ...]]
) -> None:
    play([("plan", 3, 2, 1, 1), *steps])
