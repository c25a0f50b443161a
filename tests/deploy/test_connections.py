"""Workers and their pools are held against what the database takes, before anything starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import connections
from deploy.local import options, secrets
from deploy.local.options import ROOT, BadOption, Options
from deploy.local.postgres import PostgresServer
from deploy.local.servers import StartFailed
from deploy.local.stack import Stack
from deploy.services import SERVICES
from tests.deploy.test_supervisor import Recorded


def total(**environment: str) -> int:
    return sum(each.connections for each in connections.wanted(environment))


def test_one_worker_each_holds_two_small_pools() -> None:
    assert total() == 10 * len(SERVICES)


def test_workers_have_pools_of_their_own() -> None:
    assert total(WORKERS="3") == 3 * total()
    assert total(APPOINTMENTS_WORKERS="4") == total() + 30
    assert total(WORKERS="2", GATEWAY_WORKERS="1") == 2 * total() - 10
    assert total(WORKERS="2", APPOINTMENTS_POOL_SIZE="10") == 2 * total() + 8


def test_who_goes_through_pgbouncer_is_left_out() -> None:
    assert total(APPOINTMENTS_STATEMENT_CACHE_SIZE="0") == total() - 10


def test_too_many_are_refused_with_what_to_set() -> None:
    services = connections.wanted({"WORKERS": "5"})
    assert connections.refusal(services, 210) is None
    why = connections.refusal(services, 197)
    assert why is not None
    for told in (why.zh, why.en):
        assert "197" in told
        assert "200" in told
        assert "gateway 5 x 10" in told
        assert "WORKERS" in told
        assert "max_connections" in told


def test_a_server_is_asked_for_what_it_takes(pg: PostgresServer) -> None:
    asked = {**os.environ, "ONEDOOR_DATABASE_URL": pg.admin_url, "WORKERS": "64"}
    command = [sys.executable, "-m", "deploy.connections"]
    many = subprocess.run(command, env=asked, cwd=ROOT, capture_output=True, check=False)
    assert many.returncode == 1
    assert "2560" in many.stderr.decode()
    few = subprocess.run(command, env={**asked, "WORKERS": "1"}, cwd=ROOT, check=False)
    assert few.returncode == 0


async def test_a_start_with_too_many_workers_ends_at_its_database(folder: Path) -> None:
    console, chosen = Recorded(), Options(data=folder, workers={"": 40})
    stack = Stack(chosen, secrets.kept(folder / "secrets.json"), console)
    try:
        with pytest.raises(StartFailed, match=r"deploy\.connections ended with 1"):
            await stack._databases()
    finally:
        await stack.supervisor.stop()
    assert any("<SERVICE>_POOL_SIZE" in line for line in console.lines)


def test_workers_are_named_for_all_or_for_one() -> None:
    chosen = options.read({"WORKERS": "3", "GATEWAY_WORKERS": "1"})
    assert [chosen.workers_of(service) for service in SERVICES] == [3, 3, 3, 1]
    assert options.read({}).workers_of("gateway") == 1
    for text in ("0", "65", "two"):
        with pytest.raises(BadOption, match="WORKERS"):
            options.read({"WORKERS": text})
