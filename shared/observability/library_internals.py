"""All that leans on names which libraries do not promise to keep; it imports none of them.

`tests/shared/test_library_internals.py` says at once when an upgrade has moved one.
"""

import socket
from typing import Any

FUNCTION_STACK = "fastapi_function_astack"
"""Where FastAPI looks in the scope for the stack of the dependencies of function scope."""


def socket_of(client: Any) -> socket.socket | None:
    """The socket below a connection of nats-py, None when there is none (any more)."""
    writer = getattr(client._transport, "_io_writer", None)
    found: socket.socket | None = writer.get_extra_info("socket") if writer is not None else None
    return found
