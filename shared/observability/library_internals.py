"""All that leans on names which libraries do not promise to keep; it imports none of them.

`tests/shared/test_library_internals.py` says at once when an upgrade has moved one.
"""

import asyncio
import socket
from typing import Any

FUNCTION_STACK = "fastapi_function_astack"
"""Where FastAPI looks in the scope for the stack of the dependencies of function scope."""


def socket_of(client: Any) -> socket.socket | None:
    """The socket below a connection of nats-py, None when there is none (any more)."""
    writer = getattr(client._transport, "_io_writer", None)
    found: socket.socket | None = writer.get_extra_info("socket") if writer is not None else None
    return found


def tasks_of(client: Any) -> list[asyncio.Task[Any]]:
    """The tasks that a connection of nats-py keeps, and those of its subscriptions."""
    kept = [
        client._reading_task,
        client._ping_interval_task,
        client._flusher_task,
        client._reconnection_task,
        *(subscription._wait_for_msgs_task for subscription in client._subs.values()),
    ]
    return [task for task in kept if task is not None]


async def drop_socket_of(client: Any) -> None:
    """Ends the connection at once, whatever is still to be sent."""
    writer = getattr(client._transport, "_io_writer", None)
    if writer is not None:
        writer.transport.abort()
        await asyncio.sleep(0)  # the loop closes the socket in its next round
