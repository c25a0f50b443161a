"""A hall's screen hears of every call, resumes where it left, and never learns a ticket's id."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import nats
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.js import JetStreamContext

from deploy.local.nats import NatsServer
from services.gateway.live import halls, rules
from services.gateway.live.halls import Hall, Halls
from tests.gateway.conftest import Running


@pytest.fixture(scope="module")
async def js(bus: NatsServer) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(bus.url("appointments"), inbox_prefix=b"_INBOX_appointments")
    yield connection.jetstream()
    await connection.close()


async def called(js: JetStreamContext, hall: str, number: str) -> int:
    """A call as the appointments service publishes it; its position in the stream."""
    data = {
        "ticket_id": str(uuid4()),
        "hall_code": hall,
        "number": number,
        "window_no": 3,
        "state": "called",
        "at": "2026-11-23T01:30:00Z",
    }
    kind = "appointments.ticket.called.v1"
    envelope = {"specversion": "1.0", "id": str(uuid4()), "type": kind, "data": data}
    return (await js.publish(f"{kind}.{hall}", json.dumps(envelope).encode())).seq


class Screen:
    """One open stream, read event by event."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self, wanted: str | None = None, seconds: float = 5) -> tuple[int, str, Any]:
        """(position, event, data) of the next event, or of the next one of that name."""
        async with asyncio.timeout(seconds):
            fields: dict[str, str] = {}
            async for line in self._lines:
                name, _, value = line.partition(": ")
                fields[name] = value
                if not line and "data" in fields:
                    if wanted in (None, fields["event"]):
                        data = json.loads(fields["data"])
                        return int(fields["id"]), fields["event"], data
                    fields = {}
        raise AssertionError("the stream ended")


def new_hall() -> str:
    return f"T{uuid4().hex[:8]}"


async def test_begins_with_the_display_and_tells_of_each_call(
    client: httpx.AsyncClient, js: JetStreamContext
) -> None:
    hall = new_hall()
    async with client.stream("GET", f"/api/v1/live/halls/{hall}") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert len(answer.headers.get_list("x-request-id")) == 1
        screen = Screen(answer.aiter_lines())
        _, event, display = await screen.next()
        assert (event, display["hall"]) == ("display", hall)

        position = await called(js, hall, "A001")
        at, event, told = await screen.next()
        assert (at, event) == (position, "appointments.ticket.called.v1")
        assert told == {
            "type": "appointments.ticket.called.v1",
            "hall_code": hall,
            "number": "A001",
            "window_no": 3,
            "state": "called",
            "at": "2026-11-23T09:30:00+08:00",
            "say": "请 A001 号到 3 号窗口",
            "say_en": "Number A001, please go to window 3",
        }
        at, event, _ = await screen.next()
        assert (at >= position, event) == (True, "display")


async def test_the_screens_of_a_hall_come_first_and_who_polls_sees_what_they_do(
    door: Running, js: JetStreamContext
) -> None:
    hall = new_hall()

    def asked() -> list[dict[str, str]]:
        return [each for each in door.calls.displays if each["hall"] == hall]

    async with door.client.stream("GET", f"/api/v1/live/halls/{hall}") as answer:
        screen = Screen(answer.aiter_lines())
        await screen.next("display")
        await called(js, hall, "A001")
        await screen.next("display")
        assert [each["x-onedoor-priority"] for each in asked()] == ["window", "window"]
        assert 0 < float(asked()[-1]["x-deadline-seconds"]) <= 1.8
        polled = await door.client.get(f"/api/v1/halls/{hall}/display")
        assert (polled.status_code, len(asked())) == (200, 2)
    stranger = await door.client.get(f"/api/v1/halls/{new_hall()}/display")
    assert stranger.status_code == 200
    assert door.calls.displays[-1]["x-onedoor-priority"] == "reading"


async def test_a_hall_hears_nothing_of_another(
    client: httpx.AsyncClient, js: JetStreamContext
) -> None:
    here, there = new_hall(), new_hall()
    async with client.stream("GET", f"/api/v1/live/halls/{here}") as answer:
        screen = Screen(answer.aiter_lines())
        await screen.next()
        await called(js, there, "B001")
        await called(js, here, "A001")
        _, _, told = await screen.next()
        assert told["number"] == "A001"


async def test_resumes_behind_the_event_seen_last(
    client: httpx.AsyncClient, js: JetStreamContext
) -> None:
    hall = new_hall()
    path = f"/api/v1/live/halls/{hall}"
    async with client.stream("GET", path) as answer:
        screen = Screen(answer.aiter_lines())
        await screen.next()
        seen = await called(js, hall, "A001")
        await screen.next("appointments.ticket.called.v1")
    for number in ("A002", "A003"):
        last = await called(js, hall, number)
    await asyncio.sleep(0.3)
    async with client.stream("GET", path, headers={"Last-Event-ID": str(seen)}) as answer:
        screen = Screen(answer.aiter_lines())
        told = [await screen.next() for _ in range(3)]
    assert [data.get("number") for _, _, data in told] == ["A002", "A003", None]
    assert told[1][0] == last


async def test_an_unknown_hall_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/live/halls/NONE")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_the_page_of_an_unknown_hall_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("/live/halls/NONE")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert answer.json()["detail"] == "没有这个大厅，请核对编号"
    assert (await client.get("/live/halls/H001")).status_code == 200


async def test_a_quiet_hall_is_shown_anew_so_that_a_screen_knows_its_link_is_alive(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.live.answers.HEARTBEAT_SECONDS", 0.1)
    async with client.stream("GET", f"/api/v1/live/halls/{new_hall()}") as answer:
        screen = Screen(answer.aiter_lines())
        for _ in range(3):
            assert (await screen.next())[1] == "display"


def test_every_call_on_the_display_carries_its_sentence() -> None:
    called = [{"number": "B012", "window": 4, "state": "serving"}, {"number": "B013", "window": 0}]
    shown = rules.display({"hall": "H001", "called": called, "waiting": []})
    assert [call.get("say") for call in shown["called"]] == ["请 B012 号到 4 号窗口", None]


@pytest.mark.parametrize(
    ("kind", "says"), [("called", True), ("recalled", True), ("missed", False)]
)
def test_only_a_call_and_its_repetition_are_to_be_said(kind: str, says: bool) -> None:
    data = {"hall_code": "H001", "number": "A001", "window_no": 3, "at": "2026-11-23T01:30:00Z"}
    told = rules.shown({"type": f"appointments.ticket.{kind}.v1", "data": data})
    assert ("say" in told) is says


@pytest.mark.parametrize("hall", ["a%20b", "x" * 33, "%E5%8D%97"])
async def test_a_code_that_cannot_be_one_is_refused(client: httpx.AsyncClient, hall: str) -> None:
    assert (await client.get(f"/api/v1/live/halls/{hall}")).status_code == 422


async def test_many_screens_each_hear_every_call(door: Running, js: JetStreamContext) -> None:
    hall = new_hall()
    limits = httpx.Limits(max_connections=40)
    async with httpx.AsyncClient(base_url=door.address, limits=limits, trust_env=False) as client:
        ready = asyncio.Barrier(31)

        async def watch() -> list[str]:
            async with client.stream("GET", f"/api/v1/live/halls/{hall}") as answer:
                screen = Screen(answer.aiter_lines())
                await screen.next()
                await ready.wait()
                heard = [await screen.next("appointments.ticket.called.v1") for _ in range(5)]
                return [data["number"] for _, _, data in heard]

        # A group: where one screen fails, the others do not wait at the barrier for ever.
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(watch()) for _ in range(30)]
            await ready.wait()
            numbers = [f"A{n:03}" for n in range(5)]
            for number in numbers:
                await called(js, hall, number)
        assert [screen.result() for screen in watching] == [numbers] * 30


def test_knows_when_it_no_longer_knows_what_was_missed() -> None:
    hall = Hall()
    for n in range(1, halls.KEPT_EVENTS + 11):
        hall.keep(n, b"%d" % n)
    assert hall.after(5) is None
    assert hall.after(halls.KEPT_EVENTS + 8) == [b"265", b"266"]
    assert (hall.first, hall.after(10)) == (11, [kept.frame for kept in hall.recent])


CODES = st.sampled_from(["A", "B", "C", "D"])


@given(start=st.integers(1, 4), happened=st.lists(CODES | st.just("gap"), max_size=30), asked=CODES)
def test_what_is_said_to_be_all_that_was_missed_is_all_of_it(
    start: int, happened: list[str], asked: str
) -> None:
    """Whatever was forgotten: by a restart, of a hall with many events, of the oldest hall."""
    with pytest.MonkeyPatch.context() as few:
        few.setattr(halls, "KEPT_EVENTS", 3)
        few.setattr(halls, "KEPT_HALLS", 2)
        known, told = Halls(), []
        known.begin(start, anew=False)
        position = start - 1  # what was before, nobody here has read
        for code in happened:
            position += 1
            if code == "gap":
                known.begin(position + 1, anew=False)
                told.append((position, asked))
            else:
                known[code].keep(position, b"%d" % position)
                told.append((position, code))
        for seen in range(start - 1, position + 1):
            missed = known[asked].after(seen)
            assert missed in (None, [b"%d" % at for at, c in told if c == asked and at > seen])
        if start > 1:
            assert known[asked].after(start - 2) is None
        assert known[asked].after(position) is not None


async def test_a_gap_that_cannot_be_filled_is_said_before_the_display(
    client: httpx.AsyncClient, js: JetStreamContext
) -> None:
    """As after a restore: the screen saw more than there is."""
    hall, path = new_hall(), "/api/v1/live/halls/"
    held = await called(js, hall, "A001")
    async with client.stream("GET", path + hall) as answer:
        await Screen(answer.aiter_lines()).next()
    await asyncio.sleep(0.3)
    seen = {"Last-Event-ID": str(held + 1_000_000)}
    async with client.stream("GET", path + hall, headers=seen) as answer:
        screen = Screen(answer.aiter_lines())
        at, event, data = await screen.next()
        assert (at, event) == (held, "reset")
        assert data == {"first_id": held, "last_event_id": held + 1_000_000}
        assert (await screen.next())[1] == "display"


async def test_positions_of_a_stream_that_was_made_again_are_worth_nothing() -> None:
    known = Halls()
    known["A"].keep(7, b"7")
    known.begin(1, anew=True)
    assert (known["A"].after(0), known["A"].first) == ([], None)


async def test_head_of_a_stream_says_what_it_is_and_opens_none(client: httpx.AsyncClient) -> None:
    head = await client.head("/api/v1/live/halls/H001")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")
    assert (await client.get("/api/v1/echo/x")).status_code == 200
    assert (await client.head("/api/v1/live/halls/NONE")).status_code == 404
