"""The last answer on a connection, to a client that is still sending.

Closing at once would reset the connection, and the client, which reads only once it has sent
everything, would see a broken connection instead of the answer. So the answer is sent whole, what
still comes is thrown away for a moment, and then the connection ends (nginx calls it lingering).
"""

import asyncio
import contextlib

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

LINGER_SECONDS = 5.0


async def answer_and_end(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends `response` and ends the connection."""
    response.headers["Connection"] = "close"

    async def lingering(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        await send({**message, "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await _drain(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    await response(scope, receive, lingering)


async def _drain(receive: Receive) -> None:
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
