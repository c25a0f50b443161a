"""Two of every service, the gateway too, on servers that the system is given: work outlives the end
of any, events keep their order."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import nats
import pytest
from nats.errors import TimeoutError as NothingMore

from deploy.local.nats import NatsServer
from deploy.local.postgres import PostgresServer
from deploy.services import SERVICES
from tests import support
from tests.faults.load import Hall
from tests.faults.test_kills import drained, nothing_lost_or_doubled
from tests.journeys.audited import ends_in_a_signed_report
from tests.support import eventually
from tests.system import ROOT, System, running_system

pytestmark = [pytest.mark.xdist_group("workers"), pytest.mark.slow]

BETWEEN_SECONDS = 1.2
ENDS = {"appointments": 2, "projects": 1, "feedback": 1, "gateway": 2}
"""How many workers of each end: of two services the one that runs the jobs, of the others both."""


@dataclass(frozen=True)
class Given:
    """Servers of somebody else."""

    postgres: PostgresServer
    nats: NatsServer


@pytest.fixture(scope="module")
def given() -> Iterator[Given]:
    with support.postgres_server() as postgres, support.nats_server() as bus:
        yield Given(postgres, bus)


@pytest.fixture(scope="module")
def doubled(given: Given) -> Iterator[System]:
    """On servers that it is given, as whoever needs several workers mostly has them."""
    options = {
        "ONEDOOR_DATABASE_URL": given.postgres.admin_url,
        "ONEDOOR_NATS_URL": given.nats.admin_url,
    }
    with running_system(WORKERS="2", **options) as running:
        yield running
    assert given.postgres.running.process.poll() is None
    assert given.nats.running.process.poll() is None


@pytest.mark.parametrize("server", ["postgres", "nats"])
def test_uses_the_servers_it_is_given_and_starts_none(
    doubled: System, given: Given, server: str
) -> None:
    with pytest.raises(LookupError):
        doubled.pid_of(server)
    known = doubled.addresses
    assert known["ONEDOOR_NATS_URL"] == given.nats.admin_url
    assert f":{given.postgres.port}/" in known["APPOINTMENTS_DATABASE_URL"]
    assert doubled.is_ready()


def _base(system: System, service: str) -> str:
    upstreams: dict[str, str] = json.loads(system.addresses["GATEWAY_UPSTREAMS"])
    return upstreams.get(service, system.url)


@pytest.mark.parametrize("service", SERVICES)
async def test_any_worker_answers_for_both(doubled: System, service: str) -> None:
    assert len(doubled.workers_of(service)) == 2
    async with httpx.AsyncClient(base_url=_base(doubled, service), timeout=10) as client:

        async def both_ready() -> bool | None:
            answer = (await client.get("/readyz")).json()
            return (answer["ready"] and answer["workers"] == {"0": True, "1": True}) or None

        await eventually(both_ready, 20)
        figures = (await client.get("/metrics")).text
    samples = [line for line in figures.splitlines() if not line.startswith("#")]
    assert all('worker="0"' in line or 'worker="1"' in line for line in samples)
    for worker in "01":
        assert any(f'pool_in_use{{worker="{worker}"}}' in line for line in samples)
    runs = {line for line in samples if line.startswith("job_runs_total")}
    assert runs
    assert all('worker="0"' in line for line in runs), "only the first runs jobs"


async def test_a_fault_is_put_right_with_proof_and_the_quarter_is_signed(doubled: System) -> None:
    """As `make audit-demo` shows it, where nobody has had anything put right before."""
    await asyncio.to_thread(ends_in_a_signed_report, doubled)


async def test_the_tour_walks_the_main_job_in_chinese(doubled: System) -> None:
    """A whole visit with all its events, and what follows from it."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "deploy.tour"],
        cwd=ROOT,
        env={**doubled.environment, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    words = (
        *("预约码", "一次办好", "差评成立", "督办单", "查询码", "姓名、电话、身份证号、门牌"),
        "复核",
    )
    assert [word for word in words if word not in done.stdout] == []


async def test_the_end_of_any_process_loses_and_doubles_nothing(doubled: System) -> None:
    hall = Hall(doubled)
    work = asyncio.create_task(hall.work())
    for service, ends in ENDS.items():
        for worker in doubled.workers_of(service)[:ends]:
            await asyncio.wait([work], timeout=BETWEEN_SECONDS)
            assert not work.done(), work.exception()
            os.kill(worker, signal.SIGKILL)
            await eventually(lambda s=service, w=worker: _replaced(doubled, s, w), 30)  # type: ignore[misc]
    await asyncio.to_thread(doubled.kill, "appointments")
    await eventually(hall.has_done_enough, seconds=180, message="hardly any work was done")
    hall.stop.set()
    await work
    await asyncio.to_thread(doubled.wait_until_ready)
    await drained(doubled)
    await nothing_lost_or_doubled(doubled, hall.done)
    await eventually(lambda: _replaced(doubled, "appointments", 0), 30)


async def _replaced(system: System, service: str, killed: int) -> bool | None:
    workers = system.workers_of(service)
    return (len(workers) == 2 and killed not in workers) or None


async def test_versions_never_go_backwards_in_the_stream(doubled: System) -> None:
    seen: dict[str, list[int]] = defaultdict(list)
    async for event in _events(doubled, "appointments.>"):
        if "version" in event["data"] and "subject" in event:
            seen[event["subject"]].append(event["data"]["version"])
    assert sum(len(versions) > 1 for versions in seen.values()) > 20
    assert all(versions == sorted(versions) for versions in seen.values())


async def _events(system: System, subject: str) -> Any:
    client = await nats.connect(system.addresses["ONEDOOR_NATS_URL"])
    try:
        reader = await client.jetstream().subscribe(subject, ordered_consumer=True)
        while True:
            try:
                yield json.loads((await reader.next_msg(2)).data)
            except NothingMore:
                return
    finally:
        await client.close()
