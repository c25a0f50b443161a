"""Events that are late or stopped are told, and go on by themselves when they can."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import nats.js.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from deploy import nats as configuration
from deploy import streams as deployed
from deploy.local import nats as local_nats
from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from deploy.services import subscriptions
from shared.messaging.bus import Bus
from shared.messaging.outbox import PUBLISH_SECONDS
from shared.messaging.streams import (
    ALARM_DAYS,
    BYTES_A_CASE,
    CASES_A_DAY,
    DAY,
    STREAM_AGE_SECONDS,
    STREAM_BYTES,
    WORKING_DAYS,
    Fill,
    Streams,
    fill_of,
    stream,
    summary,
)
from tests import support
from tests.conftest import Headers
from tests.shared import notes
from tests.shared.conftest import running
from tests.support import Databases, Tokens, eventually

STORE = "8MB"
FILLER = 60_000


@pytest.fixture(scope="module")
def own_urls(databases: Databases) -> Urls:
    """A database of these tests alone: what another relay publishes meanwhile is never late."""
    return databases.new("feedback", "notes_of_streams")


@pytest.fixture(scope="module")
def own_settings(own_urls: Urls, own_nats: NatsServer, tokens: Tokens) -> Any:
    """Of a room on that database; each test gives it a bus of its own."""
    return support.settings_for("feedback", own_urls.owner, own_nats, tokens)


@pytest.fixture
async def own_rows(own_urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await support.connect(own_urls.owner)
    # A relay whose bus does not answer holds what it is publishing longer than an owner waits.
    await connection.execute(f"SET lock_timeout = '{3 * PUBLISH_SECONDS}s'")
    yield connection
    await connection.close()


async def _says(house: httpx.AsyncClient, words: str) -> str | None:
    found = (await house.get("/readyz")).json()["bus"]
    return found if words in found else None


async def _waiting(rows: asyncpg.Connection) -> int:
    return int(await rows.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL"))


async def _all_published(rows: asyncpg.Connection) -> bool:
    return await _waiting(rows) == 0


async def _write(house: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await house.post("/api/v1/notes", json={"words": uuid4().hex[:12]}, headers=headers)
    assert answer.status_code == 201, answer.text


async def _fill(js: JetStreamContext) -> None:
    while True:
        await js.publish("others", b"x" * FILLER)


async def _make_late(rows: asyncpg.Connection) -> None:
    """As if what waits had been waiting for a minute: no test sits that out."""
    await rows.execute(
        "UPDATE outbox SET recorded_at = recorded_at - interval '1 minute'"
        " WHERE published_at IS NULL"
    )


@pytest.fixture
def small_nats(monkeypatch: pytest.MonkeyPatch) -> Iterator[NatsServer]:
    """A server whose store is soon full."""
    monkeypatch.setenv("NATS_MAX_FILE_STORE", STORE)
    with support.nats_server() as server:
        yield server


async def test_a_full_store_is_told_and_publishing_goes_on_once_there_is_room(
    small_nats: NatsServer, own_settings: Any, as_: Headers, own_rows: asyncpg.Connection
) -> None:
    small = deployed.streams(max_bytes=-1)
    await deployed.apply(small_nats.admin_url, subscriptions=notes.subscriptions, wanted=small)
    settings = own_settings.model_copy(update={"nats_url": small_nats.admin_url})
    async with running(settings) as house:
        await _write(house, as_("citizen"))
        await eventually(lambda: _all_published(own_rows))
        async with deployed.connected(small_nats.admin_url) as js:
            await js.add_stream(StreamConfig(name="OTHERS", subjects=["others"]))
            with pytest.raises(nats.js.errors.APIError, match="insufficient|resource"):
                await _fill(js)
            await _write(house, as_("citizen"))
            await _make_late(own_rows)
            assert "events late by 6" in str(await eventually(lambda: _says(house, "late by")))
            assert (await house.get("/readyz")).status_code == 200  # writes go on
            await js.delete_stream("OTHERS")
        await eventually(lambda: _all_published(own_rows), seconds=20)
        assert await eventually(lambda: _says(house, "ok")) == "ok"


async def test_streams_that_were_lost_are_told_and_made_again(
    own_settings: Any, as_: Headers, own_rows: asyncpg.Connection
) -> None:
    with support.nats_server() as server:
        await deployed.apply(server.admin_url, subscriptions=notes.subscriptions)
        async with deployed.connected(server.admin_url) as js:
            await js.delete_stream("FEEDBACK")
        settings = own_settings.model_copy(update={"nats_url": server.admin_url})
        idle = settings.model_copy(update={"background": False})
        async with running(idle, until_ready=False) as house:
            await eventually(lambda: _says(house, "stream FEEDBACK is missing"))
            assert (await house.get("/readyz")).status_code == 503
        async with running(settings) as house:
            await _write(house, as_("citizen"))
            await eventually(lambda: _all_published(own_rows), seconds=20)
            async with deployed.connected(server.admin_url) as js:
                found = (await js.stream_info("FEEDBACK")).config
                await js.consumer_info("FEEDBACK", "test-notes")
            assert (found.max_bytes, found.discard) == (settings.stream_max_bytes, "new")
        # As `deploy` makes them, to the last setting.
        assert not await deployed.apply(server.admin_url, subscriptions=notes.subscriptions)


@pytest.mark.parametrize("service", ["appointments", "feedback", "projects", "gateway"])
async def test_a_service_may_make_again_what_is_its_own_as_it_was(service: str) -> None:
    with support.nats_server() as server:
        async with deployed.connected(server.admin_url) as js:
            for subscription in subscriptions(service):  # of others: they make theirs
                if subscription.stream != service.upper():
                    await js.add_stream(stream(subscription.stream, replicas=1, max_bytes=1024**2))
        bus = Bus(server.url(service), service)
        connecting = asyncio.create_task(bus.connect())
        size = {"replicas": 1, "max_bytes": 1024**2}
        own = Streams(bus, stream(service.upper(), **size), subscriptions(service))
        keeping = asyncio.create_task(own.run())
        try:

            async def stands() -> bool:
                return bus.is_up and await own.trouble() == "ok"

            await eventually(stands, seconds=10)
        finally:
            keeping.cancel()
            await asyncio.wait([keeping, connecting])
            await bus.close()


@given(
    used=st.integers(0, 10**12),
    limit=st.integers(1, 10**12),
    oldest=st.floats(0, 40 * DAY),
)
def test_the_days_left_are_those_of_the_pace_so_far(used: int, limit: int, oldest: float) -> None:
    fill = Fill(used, limit, STREAM_AGE_SECONDS, oldest)
    left = fill.days_left
    assert 0 <= left <= STREAM_AGE_SECONDS / DAY
    more = Fill(used + 1, limit, STREAM_AGE_SECONDS, oldest)
    assert more.days_left <= left
    pace = used / max(oldest, DAY)
    if left < STREAM_AGE_SECONDS / DAY:
        assert used + pace * left * DAY == pytest.approx(max(limit, used), rel=1e-6)


def test_a_stream_holds_the_load_that_it_is_sized_for() -> None:
    assert CASES_A_DAY * BYTES_A_CASE * WORKING_DAYS <= STREAM_BYTES
    month = Fill(STREAM_BYTES * 8 // 10, STREAM_BYTES, STREAM_AGE_SECONDS, 30 * DAY)
    assert month.days_left == 30


def test_nothing_is_refused_before_the_alarm() -> None:
    """Whatever the pace, some days pass between the alarm and the first refusal."""
    for days in range(2, 30):
        pace = STREAM_BYTES / days
        alarms = [
            day
            for day in range(1, days)
            if Fill(int(pace * day), STREAM_BYTES, STREAM_AGE_SECONDS, day * DAY).days_left
            < ALARM_DAYS
        ]
        assert alarms, days
        assert alarms[0] <= max(1, days - ALARM_DAYS + 1)


def test_the_answer_of_the_server_is_read() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    state = {"messages": 3, "bytes": 100, "first_ts": "2026-11-23T00:00:00.123456789Z"}
    config = {"max_bytes": 500, "max_age": 30 * 86400 * 10**9}
    found = fill_of({"config": config, "state": state}, now)
    assert found == Fill(100, 500, 30 * DAY, 2 * DAY)
    empty = {"messages": 0, "bytes": 0, "first_ts": "0001-01-01T00:00:00Z"}
    assert fill_of({"config": config, "state": empty}, now).days_left == 30


def test_what_is_told_names_what_is_wrong_and_how_late_events_are() -> None:
    assert summary("ok", 3.0) == "ok"
    assert summary("ok", 42.7) == "events late by 42 s"
    assert summary("stream X is full", 61) == "stream X is full; events late by 61 s"
    assert summary("down", 0) == "down"


async def test_the_days_left_are_among_the_figures(house: httpx.AsyncClient) -> None:
    async def shown() -> bool:
        return "stream_days_left 30.0" in (await house.get("/metrics")).text

    await eventually(shown)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own at the folder; skips where nobody may make one."""
    size = f"size={megabytes}m"
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("a small disk of one's own takes the right to mount one")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _enlarge(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=128m", str(folder)], check=True)


async def test_a_full_disk_is_told_and_publishing_goes_on_once_there_is_room(
    tmp_path: Path, own_settings: Any, as_: Headers, own_rows: asyncpg.Connection
) -> None:
    """The server itself never writes again after a full disk: whoever runs it starts it anew."""
    passwords = {user: uuid4().hex for user in configuration.USERS}
    with small_disk(tmp_path, 24):
        server = local_nats.start(tmp_path / "nats", passwords=passwords)
        try:
            await deployed.apply(server.admin_url, subscriptions=notes.subscriptions)
            settings = own_settings.model_copy(update={"nats_url": server.admin_url})
            async with running(settings) as house:
                (tmp_path / "others").write_bytes(b"x" * shutil.disk_usage(tmp_path).free)
                for _ in range(40):  # until its block on the disk takes no more
                    await _write(house, as_("citizen"))
                await eventually(lambda: _is_stuck(server), seconds=20)
                assert not local_nats.is_stuck(tmp_path, server.monitor_port)  # no room yet
                await _make_late(own_rows)
                await eventually(lambda: _says(house, "events late by"), seconds=60)
                (tmp_path / "others").unlink()
                _enlarge(tmp_path)
                assert local_nats.is_stuck(tmp_path, server.monitor_port)
                server.stop()
                server = local_nats.start(
                    tmp_path / "nats",
                    passwords=passwords,
                    port=server.running.port,
                    monitor_port=server.monitor_port,
                )
                await eventually(lambda: _all_published(own_rows), seconds=30)
                assert await eventually(lambda: _says(house, "ok")) == "ok"
        finally:
            server.stop()


async def _is_stuck(server: NatsServer) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        return "write error" in (await client.get(f"{server.monitor_url}/healthz")).text
