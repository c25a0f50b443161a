"""One function decides what can be booked, for what is listed, held, moved to and planned."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.appointments.offices import NINE, Office, window
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_schedules import change, free, propose
from tests.provoking import provokes

TEN = NINE + timedelta(hours=1)
TODAY = date(2026, 11, 24)


async def make(office: Office, **values: Any) -> None:
    """The first item, otherwise than it was."""
    for name, value in values.items():
        await office.owner.execute(
            f"UPDATE item SET {name} = $2 WHERE code = $1", office.items[0], value
        )


async def close_windows(office: Office) -> None:
    await office.owner.execute("DELETE FROM window_item WHERE hall_code = $1", office.code)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"valid_to": TODAY - timedelta(days=1)}, "This item ended on 2026-11-23"),
        ({"valid_from": TODAY + timedelta(days=1)}, "This item starts on 2026-11-25"),
        (
            {"by_appointment": False},
            "This item takes no appointments; please take a ticket at the hall",
        ),
        (None, "No window of this hall serves this item"),
    ],
)
async def test_what_cannot_be_booked_is_neither_listed_nor_held_nor_moved_to(
    office: Office, terms: dict[str, Any] | None, reason: str
) -> None:
    slot, other = await office.slot(TEN), await office.slot(TEN + timedelta(hours=1))
    me = office.citizen(**{"Accept-Language": "en"})
    assert [UUID(one["id"]) for one in await free(office)] == [slot, other]
    if terms is None:
        await close_windows(office)
    else:
        await make(office, **terms)

    assert await free(office) == []
    refused = problem(await office.ask(slot, headers=me), 422, "invalid-request")
    assert (refused["errors"][0]["pointer"], refused["errors"][0]["detail"]) == (
        "/body/item_code",
        reason,
    )


@pytest.mark.parametrize(
    ("terms", "refused"),
    [
        ({"valid_to": TODAY - timedelta(days=1)}, True),
        ({"valid_from": TODAY + timedelta(days=9)}, False),
        ({"by_appointment": False}, True),
        (None, True),
    ],
)
async def test_a_rule_for_an_item_that_nobody_could_book_is_refused_with_the_reason(
    office: Office, terms: dict[str, Any] | None, refused: bool
) -> None:
    if terms is None:
        await office.owner.execute("DELETE FROM window_item WHERE item_code = $1", office.items[0])
    else:
        await make(office, **terms)

    answer = await propose(office, change(office, {}))

    if not refused:
        good(answer)
        return
    [error] = problem(answer, 422, "invalid-request")["errors"]
    assert error["pointer"] == "/body/rules/0/item_codes/0"


async def test_a_window_out_of_use_serves_nothing(office: Office) -> None:
    await close_windows(office)
    made = await window(office.owner, office.code, 3, office.items)
    await office.owner.execute('UPDATE "window" SET retired_at = now() WHERE id = $1', made)

    problem(await propose(office, change(office, {})), 422, "invalid-request")


async def test_an_item_is_listed_up_to_its_last_day(office: Office) -> None:
    await make(office, valid_to=TODAY)
    last = await office.slot(TEN)
    await office.slot(TEN + timedelta(days=1))

    assert [one["id"] for one in await free(office)] == [str(last)]


async def test_a_long_item_takes_the_next_slots_by_itself(office: Office) -> None:
    await make(office, standard_minutes=40)
    slots = [await office.slot(TEN + timedelta(minutes=30 * n)) for n in range(3)]

    listed = await free(office)
    assert [(one["id"], one["minutes"], one["slot_ids"]) for one in listed] == [
        (str(slots[0]), 60, [str(slots[0]), str(slots[1])]),
        (str(slots[1]), 60, [str(slots[1]), str(slots[2])]),
    ]

    held = await office.hold(slots[0])
    assert [UUID(one["id"]) for one in held["slots"]] == slots[:2]
    assert (held["minutes"], held["starts_at"]) == (60, "2026-11-24T10:00:00+08:00")
    assert [await office.booked(slot) for slot in slots] == [1, 1, 0]
    whole = await office.hold(*slots[1:])
    assert [UUID(one["id"]) for one in whole["slots"]] == slots[1:]


@provokes("hold_appointment", "not-enough-time")
async def test_nobody_is_held_beyond_closing_time(office: Office) -> None:
    await make(office, standard_minutes=40)
    slots = [await office.slot(TEN + timedelta(minutes=30 * n)) for n in range(2)]

    refused = problem(await office.ask(slots[1]), 409, "not-enough-time")

    assert [one["slot_ids"] for one in refused["alternatives"]] == [[str(slot) for slot in slots]]
    assert await office.booked(slots[1]) == 0


@provokes("reschedule_appointment", "not-enough-time")
async def test_a_long_item_moves_with_all_its_slots_or_not_at_all(office: Office) -> None:
    await make(office, standard_minutes=40)
    slots = [await office.slot(TEN + timedelta(days=1, minutes=30 * n)) for n in range(5)]
    me = office.citizen()
    held = await office.hold(slots[0], headers=me)
    good(await office.do(held, "confirm", me))

    late = await office.do(held, "reschedule", me, slot_ids=[str(slots[4])])
    problem(late, 409, "not-enough-time")
    moved = good(await office.do(held, "reschedule", me, slot_ids=[str(slots[2])]), 201)

    assert [UUID(one["id"]) for one in moved["slots"]] == slots[2:4]
    assert [await office.booked(slot) for slot in slots] == [0, 0, 1, 1, 0]


async def test_a_slot_of_another_item_is_not_taken_along(office: Office) -> None:
    await make(office, standard_minutes=40)
    first = await office.slot(TEN)
    await office.slot(TEN + timedelta(minutes=30), item_codes=office.items[1:])

    assert await free(office) == []
    problem(await office.ask(first), 409, "not-enough-time")
