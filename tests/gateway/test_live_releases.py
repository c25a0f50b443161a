"""Who waits for a release under pressure hears how far it is, by the stream of the hall."""

import json
from uuid import uuid4

import httpx
from nats.js import JetStreamContext

from tests.gateway.conftest import Running
from tests.gateway.test_live import Screen, called, js, new_hall

__all__ = ["js"]


async def advanced(js: JetStreamContext, hall: str, release: str, through: int) -> int:
    """The line of a release went on; the position of the event in the stream."""
    data = {
        "release_id": release,
        "hall_code": hall,
        "state": "open",
        "version": 3,
        "called_through": through,
        "last_number": 90,
        "per_minute": 12,
        "places_left": 40,
        "at": "2026-11-23T01:30:00Z",
        "commitment": "not for here",
    }
    kind = "appointments.release.advanced.v1"
    envelope = {"specversion": "1.0", "id": str(uuid4()), "type": kind, "data": data}
    return (await js.publish(f"{kind}.{hall}", json.dumps(envelope).encode())).seq


async def test_the_stream_says_up_to_which_number_people_are_admitted(
    client: httpx.AsyncClient, js: JetStreamContext
) -> None:
    hall, release = new_hall(), str(uuid4())
    async with client.stream("GET", f"/api/v1/live/halls/{hall}") as answer:
        screen = Screen(answer.aiter_lines())
        await screen.next("display")
        position = await advanced(js, hall, release, 40)
        at, event, told = await screen.next()
    await advanced(js, hall, release, 41)
    again = {"Last-Event-ID": str(position)}
    async with client.stream("GET", f"/api/v1/live/halls/{hall}", headers=again) as answer:
        _, _, missed = await Screen(answer.aiter_lines()).next("appointments.release.advanced.v1")

    assert (at, event) == (position, "appointments.release.advanced.v1")
    assert told == {
        "type": "appointments.release.advanced.v1",
        "release_id": release,
        "hall_code": hall,
        "state": "open",
        "called_through": 40,
        "last_number": 90,
        "per_minute": 12,
        "places_left": 40,
        "at": "2026-11-23T09:30:00+08:00",
    }
    assert missed["called_through"] == 41


async def test_a_line_that_goes_on_does_not_have_the_screens_read_anew(
    door: Running, js: JetStreamContext
) -> None:
    hall = new_hall()

    def reads() -> int:
        return len([each for each in door.calls.displays if each["hall"] == hall])

    async with door.client.stream("GET", f"/api/v1/live/halls/{hall}") as answer:
        screen = Screen(answer.aiter_lines())
        await screen.next("display")
        for number in range(5):
            await advanced(js, hall, str(uuid4()), number)
            await screen.next("appointments.release.advanced.v1")
        before = reads()
        await called(js, hall, "A001")
        await screen.next("display")

    assert (before, reads()) == (1, 2)
