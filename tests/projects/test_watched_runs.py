"""A run is watched as it goes on: all that is known first, each step, and its end."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.projects.collecting import progress
from services.projects.collecting.progress import ProgressAnswer
from services.projects.collecting.schemas import RunView
from shared import clock
from tests.conftest import Headers
from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing
from tests.provoking import provokes

Frame = tuple[str, dict[str, Any]]


def frames(text: str) -> list[Frame]:
    """Each event with its data."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line[1:])
        if "data" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


@pytest.fixture
async def run_of(desk: Desk) -> AsyncIterator[str]:
    """An ordered run over a portal of two items."""
    portal, portal_id = UnrulyPortal(), f"t-{uuid4().hex[:10]}"
    portal.pages["/list"] = listing("/a|甲|2026-01-05", "/b|乙|2026-01-06")
    portal.pages |= {"/a": "<p>甲</p>", "/b": "<p>乙</p>"}
    async with serving(portal) as address:
        await desk.portal(portal_id, f"{address}/list")
        yield str(await desk.order(portal_id))


async def test_a_run_is_watched_from_its_order_to_its_end(
    desk: Desk, run_of: str, as_: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LOOKS_EVERY", 0.01)
    ordered = RunView.model_validate(await desk.run(UUID(run_of)))
    stream = aiter(ProgressAnswer(desk.sessions, ordered).body_iterator)
    sent = [await anext(stream)]
    walking = asyncio.create_task(desk.collector.work(clock.now()))
    sent += [each async for each in stream]
    await walking
    seen = frames(b"".join(map(bytes, sent)).decode())  # type: ignore[arg-type]
    names = [name for name, _ in seen]
    assert (names[0], names[-1], set(names[:-1])) == ("progress", "end", {"progress"})
    states = [run["state"] for _, run in seen]
    assert (states[0], states[-1]) == ("queued", "finished")
    assert [run["version"] for _, run in seen] == sorted(run["version"] for _, run in seen)
    shown = (await desk.client.get(f"/api/v1/runs/{run_of}", headers=as_("auditor"))).json()
    assert seen[-1][1] == shown


async def test_a_run_that_has_ended_says_so_at_once(desk: Desk, run_of: str, as_: Headers) -> None:
    await desk.collector.work(clock.now())
    path = f"/api/v1/runs/{run_of}/events"
    answer = await desk.client.get(path, headers=as_("admin"))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert [name for name, _ in frames(answer.text)] == ["progress", "end"]


async def test_a_stream_ends_by_itself_with_a_sign_of_life_meanwhile(
    desk: Desk, run_of: str, as_: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LOOKS_EVERY", 0.01)
    monkeypatch.setattr(progress, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(progress, "LASTS_SECONDS", 0.1)
    path = f"/api/v1/runs/{run_of}/events"
    answer = await desk.client.get(path, headers=as_("auditor"))
    assert [name for name, _ in frames(answer.text)] == ["progress"]
    assert ": heartbeat" in answer.text
    assert answer.text.startswith("retry: ")


@provokes("watch_run", "not-found", "forbidden")
async def test_only_who_may_read_a_run_watches_it(desk: Desk, run_of: str, as_: Headers) -> None:
    unknown = await desk.client.get(f"/api/v1/runs/{uuid4()}/events", headers=as_("auditor"))
    assert unknown.status_code == 404
    path = f"/api/v1/runs/{run_of}/events"
    assert (await desk.client.get(path, headers=as_("officer", "*"))).status_code == 403
