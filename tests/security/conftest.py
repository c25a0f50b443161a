"""Every service, and the gateway, each reached directly: none may rely on another's checks."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any

import httpx
import pytest

from deploy.local.nats import NatsServer
from deploy.services import SERVICES
from tests import support
from tests.gateway.conftest import keys_folder
from tests.support import Databases, Tokens


@pytest.fixture(scope="package")
async def everyone(
    databases: Databases,
    bus: NatsServer,
    tokens: Tokens,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Mapping[str, httpx.AsyncClient]]:
    """A client of each service by name.

    Gone with these tests: a gateway of the same database elsewhere would have its notices taken.
    """
    folder = tmp_path_factory.mktemp("security")
    async with AsyncExitStack() as stack:
        clients: dict[str, httpx.AsyncClient] = {}
        for service in SERVICES:
            others: dict[str, Any] = {}
            if service == "gateway":
                others["keys_dir"] = keys_folder(tokens, folder)
                others["demo_accounts_file"] = folder / "demo.json"
            settings = support.settings_for(service, databases[service], bus, tokens, **others)
            app = import_module(f"services.{service}.app").create_app(settings)
            clients[service] = await stack.enter_async_context(support.serve(app))
        yield clients
