"""Ends the open streams as soon as the process is told to stop.

A server waits for its open connections before it lets the application wind down, and a stream
would make it wait for ever: so the signal itself ends the streams, then goes where it went before.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def on_stop(close: Callable[[], None]) -> None:
    """Calls `close` in the running loop when the process is told to stop."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        signal.signal(number, _chained(loop, close, signal.getsignal(number)))


def _chained(loop: asyncio.AbstractEventLoop, close: Callable[[], None], before: Any) -> Any:
    def handle(number: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(close)
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    return handle
