"""Whoever fits is booked, however the places of that time were given to those before."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import combinations, permutations
from random import Random
from typing import Any
from uuid import UUID

import pytest

from tests.appointments.offices import NINE, Office, build
from tests.appointments.queue_helpers import good, problem

TEN = NINE + timedelta(hours=1)


@pytest.fixture
async def colours(office: Office) -> Office:
    """The same with three items: green, blue and orange."""
    return await build(office.client, office.sign, office.owner, office.clock, items=3)


def items_of(office: Office, letters: str) -> list[str]:
    return [office.items["GBO".index(letter)] for letter in letters]


async def rules_of(office: Office, *rules: str, places: int = 1) -> dict[str, UUID]:
    """A slot at ten for each rule, which is named after what it serves."""
    return {
        rule: await office.slot(TEN, places, rule_code=rule, item_codes=items_of(office, rule))
        for rule in rules
    }


async def look(office: Office, *items: str, **query: Any) -> list[dict[str, Any]]:
    """What is free for these items."""
    values = {"hall": office.code, "item": [*items], **query}
    found = await office.client.get("/api/v1/availability", params=values)
    return list(good(found)["items"])


async def seats(office: Office) -> dict[str, list[str]]:
    """Who sits where, by what the code says."""
    rows = await office.owner.fetch(
        "SELECT a.code, s.rule_code FROM appointment a"
        " JOIN appointment_slot x ON x.appointment_id = a.id JOIN slot s ON s.id = x.slot_id"
        " WHERE a.hall_code = $1 AND a.state IN ('held', 'confirmed') ORDER BY s.starts_at",
        office.code,
    )
    found: dict[str, list[str]] = {}
    for code, rule in rows:
        found.setdefault(code, []).append(rule)
    return found


@pytest.mark.parametrize("order", [*permutations(range(3))])
async def test_blue_orange_and_blue_fit_into_three_places_in_whatever_order(
    colours: Office, order: tuple[int, ...]
) -> None:
    """Each of the orders of rules at a time of its own, each with the bookings in this one."""
    for place, rules in enumerate(permutations(["GB", "GO", "OB"])):
        at = TEN + timedelta(hours=place)
        for n, rule in enumerate(rules):
            items = items_of(colours, rule)
            await colours.slot(at, 1, rule_code=f"R{n}", item_codes=items)
        for letter in ("BOB"[n] for n in order):
            [item] = items_of(colours, letter)
            [row] = [r for r in await look(colours, item) if r["starts_at"].startswith(stamp(at))]
            assert row["free"] >= 1
            await colours.hold(*row["slot_ids"], item=item)
        left = {r["starts_at"] for item in colours.items for r in await look(colours, item)}
        assert not [each for each in left if each.startswith(stamp(at))]


def stamp(at: datetime) -> str:
    return (at + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M")


async def test_whoever_is_moved_keeps_time_item_version_and_code(colours: Office) -> None:
    slots = await rules_of(colours, "GB", "G")
    green, blue, _ = colours.items
    me = colours.citizen()
    mine = await colours.hold(slots["GB"], item=green, headers=me)

    [row] = await look(colours, blue)
    other = await colours.hold(slots["GB"], item=blue)

    shown = good(await colours.client.get(f"/api/v1/appointments/{mine['id']}", headers=me))
    assert row["free"] == 1
    assert [each["id"] for each in shown["slots"]] == [str(slots["G"])]
    same = ("code", "state", "starts_at", "minutes", "item_code", "version")
    assert {name: shown[name] for name in same} == {name: mine[name] for name in same}
    assert await seats(colours) == {mine["code"]: ["G"], other["code"]: ["GB"]}
    assert [await colours.booked(slot) for slot in slots.values()] == [1, 1]
    good(await colours.do(mine, "confirm", me))
    [held, _] = await colours.events("appointment.held")
    assert held["appointment_id"] == mine["id"]


async def test_a_place_in_another_rule_of_that_time_is_as_good_as_the_one_that_was_named(
    colours: Office,
) -> None:
    slots = await rules_of(colours, "GB", "BO")
    await colours.hold(slots["GB"], item=colours.items[1])

    mine = await colours.hold(slots["GB"], item=colours.items[1])

    assert [each["id"] for each in mine["slots"]] == [str(slots["BO"])]
    found = problem(await colours.ask(slots["GB"], item=colours.items[1]), 409, "slot-full")
    assert found["alternatives"] == []


async def test_nobody_is_moved_into_a_place_that_is_kept_back_or_not_on_sale(
    colours: Office,
) -> None:
    green, blue, _ = colours.items
    slots = await rules_of(colours, "GB")
    await colours.slot(TEN, 1, rule_code="G1", item_codes=[green], kept_back=1)
    await colours.slot(TEN, 1, rule_code="G2", item_codes=[green], state="planned")
    await colours.slot(TEN, 1, rule_code="G3", item_codes=[green], pool="assisted")
    await colours.hold(slots["GB"], item=green)

    problem(await colours.ask(slots["GB"], item=blue), 409, "slot-full")
    assert await look(colours, blue) == []


async def test_of_many_who_ask_at_once_as_many_are_booked_as_fit(colours: Office) -> None:
    """Forty for twelve places of three rules: none too many, none too few, everybody once."""
    slots = await rules_of(colours, "GB", "GO", "OB", places=4)
    wanted = [("GBO"[n % 3], [*slots.values()][n // 3 % 3]) for n in range(40)]

    found = await asyncio.gather(
        *(
            colours.insist(slot, item=items_of(colours, letter)[0])
            for letter, slot in wanted
            if letter in next(rule for rule, one in slots.items() if one == slot)
        )
    )

    booked = [one for one in found if one.status_code == 201]
    assert len(booked) == 12
    assert {one.status_code for one in found} == {201, 409}
    assert [await colours.booked(slot) for slot in slots.values()] == [4, 4, 4]
    rules = [rule for places in (await seats(colours)).values() for rule in places]
    assert {rule: rules.count(rule) for rule in slots} == dict.fromkeys(slots, 4)


async def test_a_move_finds_a_place_by_moving_others(colours: Office) -> None:
    green, blue, _ = colours.items
    slots = await rules_of(colours, "GB", "G")
    early = await colours.slot(NINE + timedelta(minutes=30), 1, item_codes=[blue])
    sits = await colours.hold(slots["GB"], item=green)
    me = colours.citizen()
    mine = await colours.hold(early, item=blue, headers=me)
    good(await colours.do(mine, "confirm", me))

    new = good(await colours.do(mine, "reschedule", me, slot_ids=[str(slots["GB"])]), 201)

    assert await seats(colours) == {sits["code"]: ["G"], new["code"]: ["GB"]}
    assert await colours.booked(early) == 0


def most(sessions: Sequence[tuple[str, int]], came: Counter[str], letter: str) -> int:
    """How many more fit who come for the letter, by Hall's theorem: every set of items needs as
    many places that serve one of them as people who come for one of them."""
    return min(
        sum(places for items, places in sessions if {*items} & {*chosen})
        - sum(came[item] for item in chosen)
        for count in range(1, 4)
        for chosen in combinations("GBO", count)
        if letter in chosen
    )


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_listed_is_what_fits_whoever_books_and_gives_up(
    colours: Office, seed: int
) -> None:
    """Random sessions, against a solver of its own."""
    random = Random(seed)
    kinds = random.sample(["G", "B", "O", "GB", "GO", "OB", "GBO"], 4)
    sessions = [(kind, random.randint(1, 2)) for kind in kinds]
    slots = {
        kind: await colours.slot(TEN, places, rule_code=kind, item_codes=items_of(colours, kind))
        for kind, places in sessions
    }
    there: list[tuple[str, dict[str, Any], dict[str, str]]] = []
    for _ in range(18):
        came = Counter(letter for letter, _, _ in there)
        if there and random.random() < 0.3:
            _, held, owner = there.pop(random.randrange(len(there)))
            good(await colours.do(held, "cancel", owner))
            continue
        letter = random.choice([item for item in "GBO" if any(item in kind for kind in kinds)])
        [item] = items_of(colours, letter)
        room, me = most(sessions, came, letter), colours.citizen()
        assert [row["free"] for row in await look(colours, item)] == ([room] if room else [])
        slot = random.choice([one for kind, one in slots.items() if letter in kind])
        answer = await colours.ask(slot, item=item, headers=me)
        assert answer.status_code == (201 if room else 409), (sessions, came, letter)
        if room:
            there.append((letter, answer.json(), me))


async def test_whatever_many_do_at_once_every_slot_counts_who_sits_in_it(colours: Office) -> None:
    """Bookings that move others, visits of two, cancellations and moves, all at one time."""
    for minute in (0, 30, 60):
        for rule in ("GB", "GO", "OB"):
            await colours.slot(
                TEN + timedelta(minutes=minute), 2, rule_code=rule,
                item_codes=items_of(colours, rule),
            )  # fmt: skip
    times = [TEN + timedelta(minutes=minute) for minute in (0, 30)]

    async def live_through(seed: int) -> set[int]:
        random, me = Random(seed), colours.citizen()
        wanted = random.sample(colours.items, random.randint(1, 2))
        when = {"hall_code": colours.code, "starts_at": random.choice(times).isoformat()}
        body = {"items": wanted, "persons": random.randint(1, 2), **when}
        answer = await colours.client.post("/api/v1/appointments", json=body, headers=me)
        codes = {answer.status_code}
        if answer.status_code == 201:
            held = answer.json()
            for action, more in (
                ("confirm", {}),
                ("reschedule", {"starts_at": random.choice(times).isoformat()}),
                ("cancel", {}),
            ):
                if random.random() < 0.7:
                    codes.add((await colours.do(held, action, me, **more)).status_code)
        return codes

    for turn in range(3):
        found = await asyncio.gather(*(live_through(turn * 100 + n) for n in range(20)))
        assert set[int]().union(*found) <= {200, 201, 409, 503}

    drift = await colours.owner.fetch(
        "SELECT s.id, s.booked, s.capacity, count(a.id) AS live FROM slot s"
        " LEFT JOIN appointment_slot x ON x.slot_id = s.id"
        " LEFT JOIN appointment a ON a.id = x.appointment_id"
        "  AND a.state IN ('held', 'confirmed', 'checked_in')"
        " WHERE s.hall_code = $1 GROUP BY s.id",
        colours.code,
    )
    assert len(drift) == 9
    assert all(row["booked"] == row["live"] <= row["capacity"] for row in drift)
    places = await seats(colours)
    wrong = await colours.owner.fetchval(
        "SELECT count(*) FROM appointment a JOIN appointment_slot x ON x.appointment_id = a.id"
        " JOIN slot s ON s.id = x.slot_id WHERE a.hall_code = $1"
        " AND a.state IN ('held', 'confirmed')"
        " AND (s.starts_at <> a.starts_at OR NOT a.item_code = ANY (s.item_codes))",
        colours.code,
    )
    assert wrong == 0
    assert all(len(rules) == 1 for rules in places.values())
