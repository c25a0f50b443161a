"""Portals on one host share one connection and one pace, however many instances walk."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.projects.collecting import service as collecting
from services.projects.collecting import trying
from services.projects.collecting.models import RunState
from services.projects.collecting.rules import MOST_TAKEOVERS
from services.projects.collecting.running import Collector
from services.projects.portals.models import HOST
from services.projects.reading.hosts import host_of
from shared import clock
from tests.conftest import Headers
from tests.projects.collecting_world import PATIENT, Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing
from tests.provoking import provokes


@dataclass
class Watched:
    """A host that notes how many ask it at a time, and when."""

    portal: UnrulyPortal = field(default_factory=UnrulyPortal)
    at_once: int = 0
    most_at_once: int = 0
    asked_at: list[float] = field(default_factory=list)

    @property
    def least_pause(self) -> float:
        return min(later - earlier for earlier, later in pairwise(self.asked_at))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked_at.append(time.monotonic())
        with self._asking():
            await asyncio.sleep(0.005)
            await self.portal(scope, receive, send)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        yield
        self.at_once -= 1


@pytest.fixture
async def host() -> AsyncIterator[tuple[Watched, str]]:
    watched = Watched()
    async with serving(watched) as address:
        yield watched, address


async def columns(desk: Desk, host: tuple[Watched, str], n: int, *, pace: int = 0) -> list[UUID]:
    """So many columns on the host, each of one page; the first is read at the `pace` in ms. Each
    has a run that waits."""
    watched, address = host
    runs = []
    for at in range(n):
        watched.portal.pages |= {f"/{at}": listing(f"/{at}/a|甲{at}|2026-01-05")}
        watched.portal.pages |= {f"/{at}/a": f"<p>甲{at}</p>"}
        portal_id = f"t-{uuid4().hex[:10]}"
        await desk.portal(portal_id, f"{address}/{at}")
        if at == 0 and pace:
            set_pace = "UPDATE portal SET interval_ms = :pace WHERE id = :id"
            await desk.do(set_pace, pace=pace, id=portal_id)
        runs.append(await desk.order(portal_id))
    return runs


async def test_two_instances_walk_a_host_one_after_the_other_at_the_pace_of_its_slowest_column(
    desk: Desk, host: tuple[Watched, str]
) -> None:
    runs = await columns(desk, host, 3, pace=60)
    other = Collector(desk.sessions, desk.files, PATIENT)
    here = replace(desk.collector, look_again=0.02)
    # As the job does: who finds nothing comes again.
    while {(await desk.run(run)).state for run in runs} != {RunState.FINISHED}:
        await asyncio.gather(here.work(clock.now()), other.work(clock.now()))
    watched = host[0]
    assert watched.most_at_once == 1
    assert watched.least_pause >= 0.055
    assert len(watched.asked_at) == 3 * len(["robots.txt", "list", "page", "nothing"])


async def test_columns_of_two_hosts_are_walked_at_the_same_time(
    desk: Desk, host: tuple[Watched, str]
) -> None:
    other = Watched()
    met = asyncio.Barrier(2)
    async with serving(other) as address:
        for each in (host, (other, address)):
            await columns(desk, each, 1)
            each[0].portal.when_asked["/0"] = met.wait  # type: ignore[assignment]
        async with asyncio.timeout(20):
            assert await desk.collector.work(clock.now()) == 2


async def test_what_is_ordered_while_another_host_is_walked_does_not_wait_for_the_end_of_that(
    desk: Desk, host: tuple[Watched, str]
) -> None:
    quick, asked = Watched(), asyncio.Event()

    async def order_another() -> None:
        await columns(desk, (quick, address), 1)
        quick.portal.when_asked["/0"] = lambda: asked.set()
        await asked.wait()

    async with serving(quick) as address:
        await columns(desk, host, 1)
        host[0].portal.when_asked["/0"] = order_another
        async with asyncio.timeout(20):
            assert await replace(desk.collector, look_again=0.02).work(clock.now()) == 2


async def test_a_killed_run_keeps_its_host_until_somebody_takes_it_over(
    desk: Desk, host: tuple[Watched, str]
) -> None:
    first, second = await columns(desk, host, 2)
    killed = await desk.collector._claim()
    assert killed is not None
    assert killed.run.id == first
    assert await desk.collector._claim() is None
    await desk.do("UPDATE collector_run SET lease_until = now() WHERE id = :id", id=first)
    taken_over = await desk.collector._claim()
    assert taken_over is not None
    assert taken_over.run.id == first
    assert await desk.collector._claim() is None
    await taken_over.go()
    last = await desk.collector._claim()
    assert last is not None
    assert last.run.id == second
    await last.go()


async def test_a_run_that_is_taken_over_again_and_again_without_going_on_ends_and_frees_its_host(
    desk: Desk, host: tuple[Watched, str]
) -> None:
    first, second = await columns(desk, host, 2)
    for _ in range(1 + MOST_TAKEOVERS):
        taken = await desk.collector._claim()
        assert taken is not None
        assert taken.run.id == first
        await desk.do("UPDATE collector_run SET lease_until = now() WHERE id = :id", id=first)
    following = await replace(desk.collector)._claim()
    run = await desk.run(first)
    assert (run.state, run.errors[-1]["fault"]) == (RunState.FAILED, "unreadable")
    await desk.do("UPDATE portal_host SET free_at = now() WHERE free_at > now()")
    following = following or await desk.collector._claim()
    assert following is not None
    assert following.run.id == second
    await following.go()
    assert (await desk.run(second)).state is RunState.FINISHED


async def test_who_goes_on_is_taken_over_as_often_as_it_takes(
    desk: Desk, host: tuple[Watched, str]
) -> None:
    [only] = await columns(desk, host, 1)
    lose = "UPDATE collector_run SET lease_until = now(), takeovers = :n WHERE id = :id"
    walk = await desk.collector._claim()
    assert walk is not None
    await desk.do(lose, id=only, n=MOST_TAKEOVERS - 1)
    last = await desk.collector._claim()
    assert last is not None
    assert last.run.takeovers == MOST_TAKEOVERS
    await last.go()
    run = await desk.run(only)
    assert (run.state, run.takeovers) == (RunState.FINISHED, 0)


@provokes("dry_run", "host-busy")
async def test_a_rule_is_tried_in_the_hosts_turn_and_at_its_pace(
    desk: Desk, host: tuple[Watched, str], as_: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "PATIENCE_SECONDS", 0)
    watched, _ = host
    [run_id] = await columns(desk, host, 1, pace=60)
    portal_id = (await desk.run(run_id)).portal_id
    path = f"/api/v1/portals/{portal_id}/runs:dry-run"
    walk = await desk.collector._claim()
    assert walk is not None
    busy = await desk.client.post(path, headers=as_("auditor"))
    assert (busy.status_code, busy.json()["type"]) == (409, "/problems/host-busy")
    assert watched.asked_at == []
    await walk.held.release(0)
    began = clock.now()
    tried = await desk.client.post(path, headers=as_("auditor"))
    assert (tried.json()["entries"], tried.json()["detail"]["fault"]) == (1, None)
    assert watched.least_pause >= 0.055
    [row] = await desk.rows("SELECT * FROM portal_host WHERE host = :host", host=walk.portal.host)
    paused = row["free_at"] - timedelta(milliseconds=60)
    assert row["run_id"] is None
    assert began < paused < clock.now()
    # Whoever asked last, the next one waits for the pause after it.
    await desk.do("UPDATE portal_host SET free_at = now() + interval '1 hour' WHERE host = :host",
                  host=walk.portal.host)  # fmt: skip
    assert (await desk.client.post(path, headers=as_("auditor"))).status_code == 409
    await desk.do("UPDATE portal_host SET free_at = now() WHERE free_at > now()")
    assert await desk.collector.work(clock.now()) == 1


async def test_a_run_that_is_given_back_frees_its_host_after_its_pause(
    desk: Desk, host: tuple[Watched, str]
) -> None:
    first, _ = await columns(desk, host, 2)
    walk = await desk.collector._claim()
    assert walk is not None
    await walk.held.release(30)
    assert await desk.collector._claim() is None
    await desk.do("UPDATE portal_host SET free_at = now() WHERE free_at > now()")
    again = await desk.collector._claim()
    assert again is not None
    assert again.run.id == first
    await again.go()
    assert await desk.collector.work(clock.now()) == 1


async def test_a_column_that_moves_while_its_run_waits_is_walked_where_it_stands_now(
    desk: Desk, host: tuple[Watched, str]
) -> None:
    [run_id] = await columns(desk, host, 1)
    run = await desk.run(run_id)
    moved = Watched(host[0].portal)
    async with serving(moved) as address:
        move = "UPDATE portal SET start_url = :url WHERE id = :id"
        await desk.do(move, url=f"{address}/0", id=run.portal_id)
        assert await desk.collector.work(clock.now()) == 1
    assert moved.asked_at
    assert not host[0].asked_at


ADDRESSES = {
    "https://www.example.gov.cn/zdxm/index.htm": "www.example.gov.cn",
    "http://WWW.Example.gov.cn:80": "www.example.gov.cn",
    "HTTPS://www.example.gov.cn.:443/?a=b:1": "www.example.gov.cn",
    "http://www.example.gov.cn:8080#x": "www.example.gov.cn:8080",
    "http://[2001:db8::1]:8011/a": "[2001:db8::1]:8011",
}


async def test_http_and_https_of_a_name_are_one_host_and_another_port_is_another(
    desk: Desk,
) -> None:
    asked = f"SELECT {HOST} AS host FROM unnest(CAST(:urls AS text[])) AS start_url"
    rows = await desk.rows(asked.replace(":(", r"\:("), urls=list(ADDRESSES))
    assert [row["host"] for row in rows] == list(ADDRESSES.values())
    assert [host_of(url) for url in ADDRESSES] == list(ADDRESSES.values())


async def test_of_each_host_the_column_that_waits_for_longest_is_queued_one_at_a_time(
    desk: Desk,
) -> None:
    ids = [f"t-{uuid4().hex[:10]}" for _ in range(4)]
    for portal_id, host in zip(ids, "aaab", strict=True):
        await desk.portal(portal_id, f"http://{host}.{ids[0]}.example/{portal_id}")
    due = "UPDATE portal SET next_run_at = now() - make_interval(hours => :h) WHERE id = :id"
    for portal_id, hours in zip(ids, (2, 9, 5, 7), strict=True):
        await desk.do(due, h=hours, id=portal_id)
    walked = text(
        "UPDATE collector_run SET state = 'running', runner = :runner, lease_until = now()"
        " WHERE state = 'queued' RETURNING portal_id"
    )
    async with desk.sessions() as session:
        queued = []
        while await collecting.queue_due(session, clock.now()):
            done = (await session.execute(walked, {"runner": uuid4()})).scalars().all()
            queued += [[each for each in done if each in ids]]
    assert list(map(set, queued)) == [{ids[1], ids[3]}, {ids[2]}, {ids[0]}]
    await desk.do("UPDATE portal SET next_run_at = now() + interval '9 days'")
