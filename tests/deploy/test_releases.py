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
        releases.run(code, "services.gateway.access.keys", "rotate", **environment)
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
        async with support.serve(create_app(settings)):
            pass  # it became ready beside the other

    assert "a later release has migrated" in await asyncio.to_thread(before.migrate)
    with before.running():
        pass  # it came back
