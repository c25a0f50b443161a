"""What became of appointments: the figures are those that the events tell, and can be opened."""

import json
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.appointments.booking import settling
from services.appointments.statistics.rows.schemas import AppointmentFigure
from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_closures import close
from tests.appointments.test_schedules import apply, change, free
from tests.provoking import provokes

DAY = {"from": "2026-11-24", "to": "2026-11-24"}
CAME = {"checked_in", "served", "no_show", "lapsed"}


async def figures(office: Office, **asked: str) -> dict[str, Any]:
    return good(await _ask(office, "utilisation", **asked))


async def _ask(office: Office, path: str, **asked: Any) -> Any:
    url = f"halls/{office.code}/{path}"
    return await office.get(url, params={**DAY, **asked}, headers=office.manager())


async def told(office: Office) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What the events say of each appointment of the day, in their order."""
    rows = await office.owner.fetch(
        "SELECT body FROM outbox WHERE subject LIKE 'appointments.appointment.%'"
        " AND subject LIKE '%.' || $1 ORDER BY position",
        office.code,
    )
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for row in rows:
        event = json.loads(row["body"])
        data, kind = event["data"], event["type"].split(".")[2]
        found.setdefault(data["appointment_id"], []).append((kind, data))
        if "replaced_by" in data:
            found.setdefault(data["replaced_by"], []).append(("confirmed", data))
    return found


def counted(story: list[tuple[str, dict[str, Any]]], *, by_staff: bool) -> Counter[str]:
    """The figures that one appointment is part of, by its events; they do not say whether it was
    the staff or the schedule that cancelled it for the hall."""
    said = [kind for kind, _ in story]
    figures = Counter(["booked"])
    figures["confirmed"] = "confirmed" in said
    figures["orphaned"] = "orphaned" in said
    figures["came"] = "checked_in" in said
    last, data = story[-1]
    if last == "cancelled":
        asked_for = by_staff and "orphaned" not in said[-2:]
        by = "person" if not data["by_hall"] else "staff" if asked_for else "hall"
        figures[f"cancelled_by_{by}"] += 1
    ends = {"expired": "expired", "rescheduled": "moved", "missed": "no_shows"}
    ends |= {"lapsed": "lapsed", "served": "served"}
    if last in ends:
        figures[ends[last]] += 1
    return +figures


class Morning:
    """People who book, think again, come or stay away: at random, by what is possible."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.rng = office, Random(seed)
        self.people: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.by_staff: set[str] = set()

    async def book(self) -> None:
        me, item = self.office.citizen(), self.rng.choice(self.office.items)
        places = [one for one in await free(self.office, item=item, **DAY) if one["free"]]
        if places:
            held = await self.office.hold(self.rng.choice(places)["id"], headers=me, item=item)
            self.people.append((held, me))

    async def step(self) -> None:
        if not self.people or self.rng.random() < 0.4:
            await self.book()
            return
        held, me = self.rng.choice(self.people)
        action = self.rng.choice(("confirm", "confirm", "cancel", "staff", "move", "check-in"))
        if action == "staff":
            clerk = self.office.clerk()
            answer = await self.office.do(held, "cancel", clerk, reason="本人来电")
            if answer.status_code == 200:
                self.by_staff.add(held["id"])
        elif action == "move":
            await self._move(held, me)
        else:
            await self.office.do(held, action, me)

    async def _move(self, held: dict[str, Any], me: dict[str, str]) -> None:
        places = [
            one for one in await free(self.office, item=held["item_code"], **DAY) if one["free"]
        ]
        if places:
            slots = [self.rng.choice(places)["id"]]
            answer = await self.office.do(held, "reschedule", me, slot_ids=slots)
            if answer.status_code in (200, 201):
                self.people.append((answer.json(), me))


async def _morning(office: Office, sessions: Sessions, seed: int) -> set[str]:
    """Plays it; what the staff cancelled."""
    rule = {"capacity": {"online": 4}, "starts": "09:00", "ends": "11:00"}
    await apply(office, change(office, rule))
    morning = Morning(office, seed)
    for _ in range(45):
        await morning.step()
    await close(office, starts_at="2026-11-24T10:00:00+08:00", ends_at="2026-11-24T11:00:00+08:00")
    for _ in range(15):
        await morning.step()
    office.clock.pass_(minutes=45)
    for _ in range(15):
        await morning.step()
    office.clock.pass_(hours=4)
    async with sessions() as session, session.begin():
        await settling.expire_holds(session, office.clock.at)
        await settling.miss_absent(session, office.clock.at)
    return morning.by_staff


@pytest.mark.parametrize("seed", range(2))
async def test_figures_of_a_random_morning_are_those_that_its_events_tell(
    office: Office, sessions: Sessions, seed: int
) -> None:
    staff = await _morning(office, sessions, seed)
    each = [counted(s, by_staff=one in staff) for one, s in (await told(office)).items()]
    expected = sum(each, Counter())
    total = (await figures(office))["total"]["appointments"]
    late = total.pop("late")
    assert {name: n for name, n in total.items() if n and name != "no_show_rate"} == dict(expected)
    assert 0 <= late <= total["came"]
    for by in ("item", "hour", "agency", "day", "month"):
        sums: Counter[str] = Counter()
        for line in (await figures(office, by=by))["items"]:
            sums += Counter({n: line["appointments"][n] for n in expected})
        assert sums == expected, by


async def test_each_figure_opens_to_as_many_appointments_as_it_says(
    office: Office, sessions: Sessions
) -> None:
    await _morning(office, sessions, 5)
    for by in ("hall", "item", "hour", "agency", "day", "month"):
        for line in (await figures(office, by=by))["items"]:
            for figure in AppointmentFigure:
                url = line["appointment_rows"].removeprefix("/api/v1/")
                answer = await office.get(
                    f"{url}&figure={figure}&limit=200", headers=office.manager()
                )
                rows = good(answer)["items"]
                assert len(rows) == line["appointments"][figure], (by, line["key"], figure)


async def test_places_offered_booked_and_used(office: Office) -> None:
    at = NINE + timedelta(minutes=30)
    slot, other = await office.slot(at, capacity=3), await office.slot(at + timedelta(hours=1))
    gone = await office.slot(at, capacity=9, rule_code="R2", state="withdrawn")
    me = office.citizen()
    held = await office.hold(slot, headers=me)
    good(await office.do(held, "confirm", me))
    good(await office.do(held, "check-in", me))
    second = office.citizen()
    given_up = await office.hold(other, headers=second)
    good(await office.do(given_up, "cancel", second))
    await office.hold(other)

    found = await figures(office)
    assert found["total"]["places"] == {
        "offered": 5, "booked": 2, "used": 1, "booked_rate": 0.4, "used_rate": 0.2,
    }  # fmt: skip
    hours = {line["key"]: line["places"] for line in (await figures(office, by="hour"))["items"]}
    assert [(hours[at]["offered"], hours[at]["booked"]) for at in ("09:00", "10:00")] == [
        (3, 1),
        (2, 1),
    ]
    items = {line["key"]: line["places"] for line in (await figures(office, by="item"))["items"]}
    assert {key: one["offered"] for key, one in items.items()} == dict.fromkeys(office.items, 5)
    assert await office.booked(gone) == 0


async def test_who_comes_after_the_time_is_late(office: Office) -> None:
    slot, me = await office.slot(NINE + timedelta(minutes=30)), office.citizen()
    held = await office.hold(slot, headers=me)
    good(await office.do(held, "confirm", me))
    office.clock.pass_(minutes=31)
    good(await office.do(held, "check-in", me))
    total = (await figures(office))["total"]["appointments"]
    assert (total["came"], total["late"]) == (1, 1)


async def test_what_nobody_noted_is_unknown_and_not_laid_to_anybody(office: Office) -> None:
    slot, me = await office.slot(NINE + timedelta(hours=3)), office.citizen()
    held = await office.hold(slot, headers=me)
    good(await office.do(held, "cancel", me))
    await office.owner.execute(
        "UPDATE appointment SET cancelled_by_staff = NULL WHERE id = $1", held["id"]
    )
    total = (await figures(office))["total"]["appointments"]
    assert (total["cancelled_by_unknown"], total["cancelled_by_person"]) == (1, 0)
    assert (total["booked"], total["confirmed"]) == (1, 0)


@provokes("list_counted_appointments", "invalid-request", "not-found")
async def test_rows_are_asked_for_by_a_line_of_the_hall(office: Office) -> None:
    path = "utilisation/appointments"
    problem(await _ask(office, path, by="window", key="1"), 422, "invalid-request")
    problem(await _ask(office, path, by="item"), 422, "invalid-request")
    elsewhere = office.sign("hall_manager", "H-OTHER")
    url = f"halls/{office.code}/{path}"
    problem(await office.get(url, params=DAY, headers=elsewhere), 404, "not-found")
    answer = await office.get(url, params=DAY, headers=office.sign("supervisor", office.code))
    assert answer.status_code == 403


async def test_who_may_not_open_the_rows_sees_no_rate_of_the_few_that_have_ended(
    office: Office,
) -> None:
    slot = await office.slot(NINE + timedelta(hours=3), capacity=9)
    held = []
    for _ in range(6):
        me = office.citizen()
        held.append(await office.hold(slot, headers=me))
        good(await office.do(held[-1], "confirm", me))
    url, boss = f"halls/{office.code}/utilisation", office.sign("supervisor", office.code)

    async def rates(ended: int) -> list[float | None]:
        await office.owner.execute(
            "UPDATE appointment SET state = 'no_show' WHERE id = ANY($1::uuid[])",
            [one["id"] for one in held[:ended]],
        )
        seen = [
            good(await office.get(url, params=DAY, headers=who)) for who in (boss, office.manager())
        ]
        return [one["total"]["appointments"]["no_show_rate"] for one in seen]

    assert await rates(4) == [None, 1.0], "six are confirmed, but it is over four of them"
    assert await rates(5) == [1.0, 1.0]
