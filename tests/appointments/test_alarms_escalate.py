"""An alarm goes a level higher where nobody acknowledges it, or whoever did does not end it."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest

from services.appointments.alarms import escalating
from services.appointments.alarms.models import AlarmState
from services.appointments.alarms.workflow import WORKFLOW, AlarmAction
from shared.database.engine import Sessions
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import good
from tests.appointments.test_alarms import Hall, policy


@pytest.fixture
async def there(hall: Build, owner: asyncpg.Connection) -> Hall:
    return Hall(await hall(windows=2), owner)


async def test_where_nobody_acknowledges_it_goes_up_level_by_level_and_stays_open(
    there: Hall, sessions: Sessions
) -> None:
    await policy(there.floor, acknowledge_seconds=30)
    answered, alarm = good(await there.press(1), 201), good(await there.press(), 201)
    for action in ("acknowledge", "resolve"):
        good(await there.do(answered, action, there.floor.manager()))

    async def after(seconds: int) -> None:
        async with sessions() as session, session.begin():
            await escalating.escalate(session, there.floor.clock.at + timedelta(seconds=seconds))

    levels = []
    for seconds in (29, 30, 59, 60, 90, 120, 86_400):
        await after(seconds)
        levels.append(len(await there.events("escalated")))
    assert levels == [0, 1, 1, 2, 3, 3, 3]
    assert [e["level"] for e in await there.events("escalated")] == [1, 2, 3]
    assert {e["alarm_id"] for e in await there.events("escalated")} == {alarm["id"]}
    assert alarm["id"] in await there.open(), "it ends by people alone"
    seen = good(await there.do(alarm, "acknowledge", there.floor.manager()))
    assert (seen["level"], seen["state"]) == (3, "acknowledged")


async def test_an_alarm_that_is_acknowledged_but_not_ended_goes_up_again(
    there: Hall, sessions: Sessions
) -> None:
    """Whoever went there may need help as well, or have forgotten to say that it is over."""
    await policy(there.floor, acknowledge_seconds=30, resolve_minutes=5)
    alarm, ended = good(await there.press(), 201), good(await there.press(1), 201)
    for one in (alarm, ended):
        seen = good(await there.do(one, "acknowledge", there.floor.manager()))
        due = there.floor.clock.at + timedelta(minutes=5)
        assert datetime.fromisoformat(seen["escalate_at"]) == due
    over = good(await there.do(ended, "resolve", there.floor.manager()))
    assert over["escalate_at"] is None
    levels = []
    for seconds in (299, 300, 599, 600, 900, 86_400):
        async with sessions() as session, session.begin():
            await escalating.escalate(session, there.floor.clock.at + timedelta(seconds=seconds))
        levels.append([event["level"] for event in await there.events("escalated")])
    assert levels == [[], [1], [1], [1, 2], [1, 2, 3], [1, 2, 3]]
    events = await there.events("escalated")
    assert {(e["alarm_id"], e["state"]) for e in events} == {(alarm["id"], "acknowledged")}
    good(await there.do(alarm, "resolve", there.floor.manager()))


async def test_one_that_was_answered_at_the_highest_level_is_said_once_more(
    there: Hall, sessions: Sessions
) -> None:
    alarm = good(await there.press(), 201)

    async def after(**time: int) -> list[int]:
        async with sessions() as session, session.begin():
            await escalating.escalate(session, there.floor.clock.at + timedelta(**time))
        return [event["level"] for event in await there.events("escalated")]

    for minutes in (1, 2, 3):
        await after(minutes=minutes)
    good(await there.do(alarm, "acknowledge", there.floor.manager()))
    assert await after(minutes=14) == [1, 2, 3]
    assert await after(minutes=15) == [1, 2, 3, 3]
    assert await after(days=1) == [1, 2, 3, 3]


async def test_pressed_again_when_it_goes_no_higher_it_is_heard_again(
    there: Hall, sessions: Sessions
) -> None:
    """Nobody saw the alarm of the evening before: a button that is pressed now is no silence."""
    await policy(there.floor, acknowledge_seconds=30)
    alarm = good(await there.press(), 201)

    async def escalate(times: int) -> list[int]:
        for _ in range(times):
            there.floor.clock.pass_(seconds=30)
            async with sessions() as session, session.begin():
                await escalating.escalate(session, there.floor.clock.at)
        return [event["level"] for event in await there.events("escalated")]

    assert await escalate(1) == [1]
    good(await there.press())
    assert len(await there.events("raised")) == 1, "it is on its way up"
    assert await escalate(3) == [1, 2, 3]
    again = await asyncio.gather(*(there.press(kind="medical") for _ in range(3)))
    assert {good(answer)["id"] for answer in again} == {alarm["id"]}
    raised = await there.events("raised")
    assert [(e["level"], e["kind"]) for e in raised] == [(0, None), (3, "medical")]
    assert await escalate(3) == [1, 2, 3, 3], "and once more where nobody comes"
    good(await there.do(alarm, "acknowledge", there.floor.manager()))


def test_whatever_the_clock_does_an_alarm_ends_by_people() -> None:
    by_itself = [row for row in WORKFLOW.rows if not row.roles]
    assert [(row.action, row.to) for row in by_itself] == [
        (AlarmAction.ESCALATE, AlarmState.RAISED),
        (AlarmAction.ESCALATE, AlarmState.ACKNOWLEDGED),
    ]
