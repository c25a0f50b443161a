"""Releases take turns without a pause: the one before serves on the tables of the next.

The release before is the code of an earlier commit, run in processes of its own.
"""

import asyncio
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy import postgres as roles
from deploy.local import servers
from deploy.local.nats import NatsServer
from deploy.local.postgres import PostgresServer
from deploy.services import SERVICES
from shared.database.migrate import main as migrate
from tests import support
from tests.deploy import releases
from tests.faults.load import LETTER
from tests.gateway.conftest import keys_folder
from tests.support import Databases, Tokens


@dataclass(frozen=True)
class Release:
    """The release before of one service: its code, and its own database."""

    service: str
    code: Path
    urls: roles.Urls
    environment: dict[str, str]

    def migrate(self) -> str:
        """The step before the start, as that release takes it."""
        owner = {f"{self.service.upper()}_OWNER_DATABASE_URL": self.urls.owner}
        words = ("shared.database.migrate", self.service, "upgrade")
        return releases.run(self.code, *words, **owner)

    @contextmanager
    def running(self) -> Iterator[str]:
        """An instance that has been ready; its address."""
        port = servers.free_port()
        url = f"http://{servers.LOOPBACK}:{port}"
        factory = f"services.{self.service}.app:create_app"
        command = servers.Command(
            (sys.executable, "-P", "-m", "shared.web.serve", factory)
            + ("--host", servers.LOOPBACK, "--port", str(port)),
            {"PYTHONPATH": str(self.code), **self.environment},
        )
        log = self.code / "log"
        process = servers.start(command, port, log, partial(_is_ready, url))
        try:
            yield url
        finally:
            process.stop()


def _is_ready(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/readyz", timeout=2).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


HOURS = [{"weekdays": [1, 2, 3, 4, 5], "opens": "09:00", "closes": "17:00"}]
HALL = {"name": "测试大厅", "address": "南京市测试路 2 号", "opening_hours": HOURS}
WORK: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "appointments": ("PUT", "/halls/RELEASE", HALL, "/halls"),
    "projects": ("PUT", "/units/RELEASE", {"name": "单位", "valid_from": "2000-01-01"}, "/units"),
    "feedback": ("POST", "/letters", LETTER, "/feedback/departments"),
    "gateway": (
        "POST",
        "/accounts",
        {"account": "release", "roles": ["citizen"], "places": []},
        "/accounts",
    ),
}
"""Something that is written in each service, and a list that is read."""


async def _works(client: httpx.AsyncClient, service: str, admin: dict[str, str]) -> None:
    method, path, body, listed = WORK[service]
    written = await client.request(method, f"/api/v1{path}", json=body, headers=admin)
    assert written.is_success, written.text
    read = await client.get(f"/api/v1{listed}", headers=admin)
    assert read.is_success, read.text


@pytest.fixture(params=SERVICES)
def before(
    request: pytest.FixtureRequest,
    pg: PostgresServer,
    bus: NatsServer,
    tokens: Tokens,
    folder: Path,
) -> Release:
    service = str(request.param)
    commit = releases.before(service)
    if commit is None:
        pytest.skip(
            f"the history at hand has no release of {service} with fewer migrations"
            " that can know the later ones"
        )
    code = releases.lay(commit, folder)
    passwords = roles.Passwords(owner=f"owner-{service}", service=f"test-{service}")
    name = f"{service}_{uuid4().hex[:8]}"
    provision = partial(roles.provision, pg.admin_url, service, passwords, database=name)
    urls = support.in_thread(lambda: asyncio.run(provision()))
    own = service.upper()
    environment = {
        "ONEDOOR_ENV": "test",
        "ONEDOOR_JWKS_URL": f"file://{tokens.jwks}",
        "ONEDOOR_COLUMN_KEYS": support.COLUMN_KEYS,
        "ONEDOOR_INDEX_KEY": support.INDEX_KEY,
        f"{own}_DATABASE_URL": urls.service,
        f"{own}_NATS_URL": bus.url(service),
        "PROJECTS_EVIDENCE_DIR": str(folder / "evidence"),
        "GATEWAY_KEYS_DIR": str(folder / "keys"),
    }
    if service == "gateway":
        keys_folder(tokens, folder / "keys")
    return Release(service, code, urls, environment)


async def test_a_release_comes_in_and_goes_out_again_without_a_pause(
    before: Release, databases: Databases, bus: NatsServer, tokens: Tokens
) -> None:
    service, more = before.service, {}
    databases.all.append((service, before.urls))
    if service == "gateway":
        more["keys_dir"] = before.code / "keys"
    settings = support.settings_for(service, before.urls.service, bus, tokens, **more)
    create_app = import_module(f"services.{service}.app").create_app
    await asyncio.to_thread(before.migrate)
    await roles.protect(before.urls.owner, service)

    async with support.serve(create_app(settings), until_ready=False) as ours:
        early = (await ours.get("/readyz")).json()
    assert early["database"].startswith("behind: at migration "), "ours would not find its tables"

    with before.running() as theirs:
        await asyncio.to_thread(migrate, service, "upgrade", url=before.urls.owner)
        await roles.protect(before.urls.owner, service)
        async with httpx.AsyncClient(base_url=theirs, trust_env=False) as client:
            answer = await client.get("/readyz")
            assert answer.status_code == 200, answer.text
            await _works(client, service, {"Authorization": f"Bearer {tokens('admin', '*')}"})
        async with support.serve(create_app(settings)):
            pass  # it became ready beside the other

    assert "a later release has migrated" in await asyncio.to_thread(before.migrate)
    with before.running():
        pass  # it came back
