"""The names that `shared/observability/library_internals.py` leans on are where they were.

A failure here means that an upgrade of a library has moved one of them: put it right there, and
nowhere else.
"""

import asyncio
import inspect
import socket
from importlib import import_module
from typing import Any

import fastapi.dependencies.utils
import nats
import pytest
from nats.aio.msg import Msg

from deploy.local.nats import NatsServer
from shared.observability import library_internals


async def test_nats_py_still_shows_the_socket_of_its_connection(bus: NatsServer) -> None:
    client = await nats.connect(bus.admin_url)
    found = library_internals.socket_of(client)
    await client.close()
    assert found is not None, "nats-py has moved `Client._transport._io_writer`"
    assert found.type == socket.SOCK_STREAM


def _is_of_nats(task: "asyncio.Task[Any]") -> bool:
    """Services that other tests share go on with their own work meanwhile."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "/nats/" in code.co_filename


async def test_nats_py_still_shows_the_tasks_of_its_connection(bus: NatsServer) -> None:
    before = asyncio.all_tasks()
    client = await nats.connect(bus.admin_url)
    await client.subscribe("anything", cb=_ignored)
    found = set(library_internals.tasks_of(client))
    kept = {task for task in asyncio.all_tasks() - before if _is_of_nats(task)}
    await client.close()
    assert found == kept, "nats-py keeps other tasks than those that are ended with a bus"


async def test_nats_py_still_lets_its_socket_be_dropped(bus: NatsServer) -> None:
    client = await nats.connect(bus.admin_url, allow_reconnect=False)
    found = library_internals.socket_of(client)
    await library_internals.drop_socket_of(client)
    await client.close()
    assert found is not None
    assert found.fileno() == -1, "nats-py has moved `Client._transport._io_writer`"


async def _ignored(_: Msg) -> None: ...


def test_fastapi_still_finds_its_stack_of_function_scope_in_the_request() -> None:
    source = inspect.getsource(fastapi.dependencies.utils)
    assert f'"{library_internals.FUNCTION_STACK}"' in source, "FastAPI has renamed its stack"


UNDOCUMENTED = {
    "fastapi.dependencies.models.Dependant": ("call", "dependencies", "body_params"),
    "fastapi.dependencies.utils.get_flat_params": (),
    "fastapi.middleware.asyncexitstack.AsyncExitStackMiddleware": (),
    "fastapi.openapi.utils.get_openapi": (),
    "fastapi.routing.iter_route_contexts": (),
    "uvicorn.protocols.http.httptools_impl.HttpToolsProtocol": (
        *("connection_made", "connection_lost", "data_received", "pause_writing"),
        *("resume_writing", "on_message_begin", "on_header", "on_headers_complete"),
        *("on_url", "on_body", "on_message_complete", "on_response_complete"),
    ),
}
"""Not private by name and in no documentation either: modules of `shared/web` stand on them."""


@pytest.mark.parametrize("path", UNDOCUMENTED)
def test_what_is_in_no_documentation_is_still_there(path: str) -> None:
    module, _, name = path.rpartition(".")
    found = getattr(import_module(module), name, None)
    assert found is not None, f"{path} has moved"
    known = {*dir(found), *inspect.signature(found).parameters}
    gone = [attribute for attribute in UNDOCUMENTED[path] if attribute not in known]
    assert not gone, f"{path} has lost {gone}"
