"""What the rest of the house is told: exactly what was committed, and nothing about people."""

import json
from typing import Any

import asyncpg
import pytest

from services.appointments import display, queueing
from services.appointments.display import events as display_events
from services.appointments.queueing import events
from shared.database.engine import Sessions
from shared.messaging.events import Event, envelope_of
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, measure_all

CLASSES: dict[str, type[Event]] = {
    event.type: event for event in (*queueing.room.publishes, *display.room.publishes)
}


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open(0, 1)
    return made


async def told(owner: asyncpg.Connection, floor: Floor) -> list[tuple[str, Any]]:
    """The hall's promised events, each read by its class."""
    rows = await owner.fetch(
        "SELECT subject, body FROM outbox WHERE subject LIKE '%.' || $1 ORDER BY position",
        floor.code,
    )
    read = []
    for row in rows:
        kind = row["subject"].removesuffix(f".{floor.code}")
        read.append((kind, envelope_of(CLASSES[kind]).model_validate_json(row["body"]).data))
    return read


async def whole_visit(floor: Floor) -> dict[str, Any]:
    """Every action that a person can take, one after another."""
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "undo")
    await floor.call()
    floor.clock.pass_(seconds=61)
    await floor.done(ticket, "recall")
    await floor.done(ticket, "miss")
    await floor.done(ticket, "resume")
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "park")
    await floor.done(ticket, "resume")
    await floor.call()
    await floor.done(ticket, "serve")
    sent = await floor.done(ticket, "transfer", items=floor.items[1:])
    leg = {"id": sent["next_ticket_id"]}
    await floor.call(1)
    await floor.done(leg, "serve")
    await floor.done(leg, "finish", outcome="done")
    return leg


async def test_every_edge_is_told_once_and_numbered_without_gaps(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    await whole_visit(floor)
    rows = [
        data for _, data in await told(owner, floor) if isinstance(data, events.TicketEventBase)
    ]
    assert [row.hall_seq for row in rows] == list(range(1, 19))
    log = await owner.fetch(
        "SELECT hall_seq, to_state, version, window_no FROM ticket_event"
        " WHERE hall_code = $1 ORDER BY hall_seq",
        floor.code,
    )
    assert [tuple(entry) for entry in log] == [
        (row.hall_seq, row.state, row.version, row.window_no) for row in rows
    ]


async def test_a_finished_case_carries_what_feedback_needs(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    await whole_visit(floor)
    [case] = [d for _, d in await told(owner, floor) if isinstance(d, events.CaseFinished)]
    first = "SELECT id FROM ticket WHERE hall_code = $1 AND leg = 1"
    assert (case.case_id, case.hall_code) == (await owner.fetchval(first, floor.code), floor.code)
    assert (case.item_code, case.item_name) == (floor.items[1], f"事项{floor.items[1]}")
    assert (case.department_code, case.window_no) == ("D01", 2)
    assert (case.outcome, case.one_visit) == ("done", True)


async def test_windows_tell_their_changes(floor: Floor, owner: asyncpg.Connection) -> None:
    good(await floor.window("pause", reason="午餐"))
    good(await floor.window("close"))
    changes = [d for _, d in await told(owner, floor) if isinstance(d, events.WindowChanged)]
    first = [(c.state, c.version) for c in changes if c.window_id == floor.windows[0]]
    assert first == [("open", 1), ("paused", 2), ("draining", 3), ("closed", 4)]


async def test_nothing_about_people_leaves_the_hall(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    number = "11010519491231002X"
    evidence = {"kind": "id_number", "value": number}
    await floor.issue(**{"class": "elderly"}, evidence=evidence)
    await floor.call()
    rows = await owner.fetch("SELECT body FROM outbox WHERE subject LIKE '%.' || $1", floor.code)
    bodies = b"".join(row["body"] for row in rows).decode()
    assert number not in bodies
    assert "elderly" not in bodies
    dump = await owner.fetch("SELECT * FROM ticket WHERE hall_code = $1", floor.code)
    assert number not in str([dict(row) for row in dump])
    shown = await floor.client.get(f"/api/v1/halls/{floor.code}/display")
    assert "elderly" not in shown.text


async def test_the_log_cannot_be_changed(floor: Floor, owner: asyncpg.Connection) -> None:
    await floor.issue()
    for statement in (
        "UPDATE ticket_event SET actor = 'x' WHERE hall_code = $1",
        "DELETE FROM ticket_event WHERE hall_code = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement, floor.code)


async def test_the_load_is_told_when_it_has_changed(
    floor: Floor, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    for count in (1, 1, 2):
        if count > len(good(await floor.get("queue"))["items"]):
            await floor.issue()
        floor.clock.pass_(seconds=1)
        async with sessions() as session, session.begin():
            await measure_all(session, floor.clock.at)
    loads = [
        d for _, d in await told(owner, floor) if isinstance(d, display_events.HallLoadMeasured)
    ]
    assert [load.waiting for load in loads] == [1, 2]
    assert json.loads(loads[0].model_dump_json())["items"][0]["count"] == 1


async def test_the_screen_shows_numbers_windows_and_expected_waits(floor: Floor) -> None:
    for _ in range(3):
        await floor.issue()
    await floor.call(1)
    floor.clock.pass_(seconds=2)
    shown = good(await floor.client.get(f"/api/v1/halls/{floor.code}/display"))
    assert [(line["number"], line["window"]) for line in shown["called"]] == [("A001", 2)]
    [line] = shown["waiting"]
    assert (line["item"], line["count"]) == (floor.items[0], 2)
    assert line["p85_minutes"] >= line["p50_minutes"]


async def test_polling_a_screen_that_has_not_changed_costs_nothing(floor: Floor) -> None:
    ticket = await floor.issue()
    key = {"Ticket-Key": ticket["ticket_key"]}
    for path in (f"/api/v1/halls/{floor.code}/display", f"/api/v1/tickets/{ticket['id']}"):
        first = await floor.client.get(path, headers=key)
        known = {"If-None-Match": first.headers["ETag"], **key}
        assert (await floor.client.get(path, headers=known)).status_code == 304
    await floor.call()
    assert (await floor.client.get(path, headers=known)).status_code == 200


async def test_what_travels_in_an_event_opens_no_ticket(floor: Floor) -> None:
    ticket = await floor.issue()
    path = f"/api/v1/tickets/{ticket['id']}"
    for headers in ({}, {"Ticket-Key": ticket["rating_key"]}, floor.sign("clerk", "H-OTHER")):
        answer = await floor.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    for headers in ({"Ticket-Key": ticket["ticket_key"]}, floor.clerk()):
        assert good(await floor.client.get(path, headers=headers))["number"] == ticket["number"]


async def test_screens_see_a_window_pause_though_nobody_moves(floor: Floor) -> None:
    await floor.issue()
    url = f"/api/v1/halls/{floor.code}/display"
    assert good(await floor.client.get(url))["windows_open"] == 2
    good(await floor.window("pause"))
    floor.clock.pass_(seconds=2)
    assert good(await floor.client.get(url))["windows_open"] == 1
