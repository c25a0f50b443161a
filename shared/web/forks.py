"""What a process does before it is forked, so that its memory stays shared.

A page is shared until one of its owners writes to it, and to use an object is to write to it: its
references are counted. So whatever all of them would make is made before, nothing is left that
would be thrown away later, and the collector does not look again at what there is.
"""

import ctypes
import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module


def load(modules: Iterable[str]) -> None:
    """Imports them; what lives then stays."""
    for module in modules:
        import_module(module)
    gc.freeze()


def prepare(modules: Iterable[str]) -> Iterator[None]:
    """Makes what the services among them begin with (`blueprint`), step by step."""
    for module in modules:
        blueprint = getattr(sys.modules[module], "blueprint", None)
        if blueprint is not None:
            blueprint.prepare()
            yield
    gc.unfreeze()
    gc.collect()
    _give_back_memory()
    gc.freeze()


def apart(make: Callable[[], bytes]) -> bytes:
    """What `make` returns, made in a process of its own: what it leaves behind ends with that.

    Raises RuntimeError where it did not come to its end.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        os.close(reading)  # else its own end would keep it waiting for who reads and is gone
        try:
            with os.fdopen(writing, "wb") as output:
                output.write(make())
            code = 0
        finally:
            kind, error, traceback = sys.exc_info()
            if kind is not None and error is not None:
                sys.excepthook(kind, error, traceback)
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as given:
        content = given.read()
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError(f"{make} did not come to its end")
    return content


def _give_back_memory() -> None:
    """Else the C library keeps what was freed, and each process writes into pages of its own."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:  # glibc's
        trim(0)
