"""The names that `shared/library_internals.py` leans on are where they were.

A failure here means that an upgrade of a library has moved one of them: put it right there, and
nowhere else.
"""

import inspect
import socket

import fastapi.dependencies.utils
import nats

from deploy.local.nats import NatsServer
from shared import library_internals


async def test_nats_py_still_shows_the_socket_of_its_connection(bus: NatsServer) -> None:
    client = await nats.connect(bus.admin_url)
    found = library_internals.socket_of(client)
    await client.close()
    assert found is not None, "nats-py has moved `Client._transport._io_writer`"
    assert found.type == socket.SOCK_STREAM


def test_fastapi_still_finds_its_stack_of_function_scope_in_the_request() -> None:
    source = inspect.getsource(fastapi.dependencies.utils)
    assert f'"{library_internals.FUNCTION_STACK}"' in source, "FastAPI has renamed its stack"
