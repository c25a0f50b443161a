"""A file of a hundred thousand projects is taken over, and one that is too large is refused, at the
service and at the gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.local.nats import NatsServer
from services.gateway.app import create_app as gateway
from services.projects.app import create_app as projects
from services.projects.register.rules import MAX_BYTES, MAX_ROWS
from tests import support
from tests.conftest import Headers
from tests.gateway.conftest import keys_folder
from tests.gateway.loopback_server import listening
from tests.support import Databases, Tokens

HEAD = "code,name,approval_kind,scope_basis,list_year,list_title\n"
MANY = 33_000
PATH = "/api/v1/projects:import"


def a_file(rows: int, name: str) -> bytes:
    lines = (
        f"2301-{at // 1_000_000:06}-01-01-{at % 1_000_000:06},{name}第{at}号道路改造工程,examine,"
        "2026年重点项目清单,2026,大清单"
        for at in range(rows)
    )
    return (HEAD + "\n".join(lines)).encode()


@pytest.fixture
async def addresses(
    databases: Databases, bus: NatsServer, tokens: Tokens, tmp_path: Path
) -> AsyncIterator[dict[str, str]]:
    """Where the service answers, and the gateway before it."""
    url = databases.new("projects", f"projects_large_{uuid4().hex[:8]}").service
    own = support.settings_for("projects", url, bus, tokens, background=False)
    async with listening(projects(own)) as behind:
        door = support.settings_for(
            "gateway",
            databases["gateway"],
            bus,
            tokens,
            keys_dir=keys_folder(tokens, tmp_path / "keys"),
            demo_accounts_file=tmp_path / "demo.json",
            upstreams={"projects": behind},
        )
        async with listening(gateway(door)) as address:
            yield {"service": behind, "gateway": address}


@asynccontextmanager
async def sender(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=120, trust_env=False) as client:

        async def is_there() -> bool:
            return (await client.get("/api/v1/projects?limit=1")).status_code == 200

        await support.eventually(is_there, seconds=20)
        yield client


async def test_a_hundred_thousand_projects_are_imported_while_others_are_served(
    addresses: dict[str, str], as_: Headers
) -> None:
    """Through the gateway; whoever asks either of both meanwhile is answered."""
    headers = {**as_("admin", "*"), "Content-Type": "text/csv"}
    async with sender(addresses["gateway"]) as client:
        body = a_file(MAX_ROWS, "一")
        assert len(body) > 10_000_000
        importing = asyncio.create_task(client.post(PATH, content=body, headers=headers))
        served = dict.fromkeys(addresses, 0)
        while not importing.done():
            for way, address in addresses.items():
                read = await client.get(f"{address}/api/v1/projects?limit=1")
                served[way] += read.status_code == 200
            await asyncio.sleep(0.2)
        done = importing.result()
        assert done.status_code == 200, done.text[:500]
        assert done.json()["created"] == MAX_ROWS
        assert all(served.values()), served


async def test_more_projects_than_a_statement_has_parameters_are_changed_at_once(
    addresses: dict[str, str], as_: Headers
) -> None:
    headers = {**as_("admin", "*"), "Content-Type": "text/csv"}
    async with sender(addresses["service"]) as client:
        made = await client.post(PATH, content=a_file(MANY, "一"), headers=headers)
        assert made.json()["created"] == MANY
        again = await client.post(PATH, content=a_file(MANY, "二"), headers=headers)
        assert again.status_code == 200, again.text[:500]
        assert (again.json()["updated"], again.json()["created"]) == (MANY, 0)


@pytest.mark.parametrize("way", ["service", "gateway"])
@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_that_is_too_large_is_refused_in_words(
    addresses: dict[str, str], as_: Headers, way: str, announced: bool
) -> None:
    headers = {**as_("admin", "*"), "Content-Type": "text/csv"}
    piece = b"x" * 1_000_000

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MAX_BYTES // len(piece) + 5):
            yield piece

    async with sender(addresses[way]) as client:
        content = piece * (MAX_BYTES // len(piece) + 5) if announced else pieces()
        refused = await client.post(PATH, content=content, headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (413, "/problems/payload-too-large")
        assert refused.json()["limit_bytes"] == MAX_BYTES
        # An operation that says nothing keeps to what is usual.
        usual = await client.post("/api/v1/events", content=piece * 2, headers=headers)
        assert (usual.status_code, usual.json()["limit_bytes"]) == (413, 1_000_000)


async def test_more_rows_than_are_taken_are_refused_by_their_number(
    addresses: dict[str, str], as_: Headers
) -> None:
    headers = {**as_("admin", "*"), "Content-Type": "text/csv"}
    async with sender(addresses["service"]) as client:
        refused = await client.post(PATH, content=a_file(MAX_ROWS + 1, "三"), headers=headers)
        assert (refused.status_code, refused.json()["lines"][0]["line"]) == (422, MAX_ROWS + 2)
        wrong = HEAD + "x,一号工程,examine,清单,,\n" * 300
        named = (await client.post(PATH, content=wrong.encode(), headers=headers)).json()
        assert (len(named["lines"]), named["total"], named["left_off"]) == (100, 300, 200)
        assert "前 100 处" in named["detail"]
