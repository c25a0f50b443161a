"""Reads what strangers wrote in a thread beside the loop, on which leases and requests go on."""

from asyncio import timeout, wrap_future
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from services.projects.reading.faults import Fault, SourceFault

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 30.0
"""No page takes that long, its turn included."""
_READERS = ThreadPoolExecutor(2, thread_name_prefix="page-reader")


async def beside(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `read` gives of one page or list, and whatever it raises.

    Raises SourceFault(unreadable) where that takes longer than SECONDS; it goes on in its thread,
    which nobody can end, as long as the bounds of reading let it.
    """
    reading = wrap_future(_READERS.submit(partial(read, *args, **kwargs)))
    try:
        async with timeout(SECONDS):
            return await reading
    except TimeoutError as error:
        raise SourceFault(Fault.UNREADABLE, f"not read within {SECONDS:g} s") from error
