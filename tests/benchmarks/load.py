"""Clients that ask as fast as they are answered: in C where there is a compiler, else in Python.
And a crowd that asks at a rate whatever becomes of it (`crowd.c`), in C alone: one in Python is
itself too slow for what it is to overwhelm.

Either is a process of its own, on a core of its own where there are more than two; its CPU time is
measured, for it is taken from the machine that is measured. `chains.h` says what they read,
`load.c` what they print. `python -m tests.benchmarks.load PORT CLIENTS` is the one in Python.
"""

import asyncio
import functools
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple, cast

import httptools
import uvloop

from tests.benchmarks.day_people import request

CLIENTS = 64
LINES = 4_000
"""So many of a crowd can wait at once."""
ID = "@" * 36
"""Stands in a request for the `id` of the answer before it."""
_ID = re.compile(rb'"id": ?"([^"]{36})"')


class Step(NamedTuple):
    """A request and the status that is its good end."""

    wire: bytes
    good: int


class Outcome(NamedTuple):
    """What became of one of a crowd: its status (0: gone), after how long, when to come again."""

    status: int
    seconds: float
    retry_after: int


Chain = Sequence[Step]


def get(path: str, token: str = "") -> Step:
    """A reading."""
    return Step(request("get", "GET", path, token).wire, 200)


@dataclass(frozen=True)
class Loaded:
    """What became of the chains: how long it took, in seconds, and what was not answered well."""

    seconds: float
    cpu_seconds: float
    waits: list[float]
    refused: Counter[int]

    @property
    def per_second(self) -> float:
        """Chains that came to their good end."""
        return len(self.waits) / self.seconds

    def wait(self, hundredth: int) -> float:
        """Milliseconds that so many of a hundred chains needed at the most."""
        return quantiles(self.waits, n=100)[hundredth - 1] * 1000

    def all_good(self) -> "Loaded":
        """Itself. Raises AssertionError where anything was refused."""
        assert not self.refused, f"answered by status: {dict(self.refused)}"
        return self


def run(port: int, chains: Sequence[Chain], clients: int = CLIENTS) -> Loaded:
    """Sends all of them, and waits until the last is answered."""
    command = [*_program(), str(port), str(clients)]
    done = subprocess.run(
        command, input=_packed(chains), stdout=subprocess.PIPE, check=True, preexec_fn=_apart
    )
    return _read(done.stdout.decode().splitlines())


async def ask_at_rate(
    port: int, requests: Sequence[Step], per_second: float, seconds: float, patience: float
) -> list[Outcome]:
    """What became of each that was asked, in turn; who waited `patience` seconds has gone.

    Raises RuntimeError where there is no compiler.
    """
    built = _built("crowd")
    if built is None:
        raise RuntimeError("a crowd needs a compiler of C: apt install gcc libc6-dev")
    words = [str(port), str(LINES), *map(str, (per_second, seconds, patience))]
    process = await asyncio.create_subprocess_exec(
        built, *words, stdin=PIPE, stdout=PIPE, preexec_fn=_apart
    )
    told, _ = await process.communicate(_packed([[step] for step in requests]))
    assert process.returncode == 0, "the crowd did not come to its end"
    rows = (line.split() for line in told.splitlines()[1:])
    return [Outcome(int(status), float(took), int(later)) for status, took, later in rows]


def _packed(chains: Sequence[Chain]) -> bytes:
    packed = [struct.pack("=II", len(chains), len(chains[0]))]
    for chain in chains:
        for step in chain:
            packed += [struct.pack("=II", step.good, len(step.wire)), step.wire]
    return b"".join(packed)


def _read(lines: list[str]) -> Loaded:
    spent, cpu = map(float, lines[0].split())
    told = [line.split() for line in lines[1:] if line.startswith("refused")]
    waits = [float(line) for line in lines[1 + len(told) :] if line]
    return Loaded(spent, cpu, waits, Counter({int(s): int(n) for _, s, n in told}))


@functools.cache
def _built(name: str) -> str | None:
    """The program made of `name`.c; None where there is no compiler for it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    built = Path(tempfile.mkdtemp(prefix="onedoor-load-")) / name
    source = Path(__file__).with_name(f"{name}.c")
    command = [compiler, "-O2", "-D_GNU_SOURCE", "-o", str(built), str(source)]
    is_made = subprocess.run(command, capture_output=True, check=False).returncode == 0
    return str(built) if is_made else None


def _program() -> tuple[str, ...]:
    built = _built("load")
    return (built,) if built else (sys.executable, "-m", "tests.benchmarks.load")


def language() -> str:
    """What the clients are written in, to be printed."""
    return "Python" if "-m" in _program() else "C"


def keep_a_core_free() -> None:
    """Leaves the last core to the clients, where there are more than two: for this process and
    those that it starts from now on."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 2:
        os.sched_setaffinity(0, cores[:-1])


def _apart() -> None:
    cores = range(os.cpu_count() or 1)
    if len(cores) > 2:
        os.sched_setaffinity(0, {cores[-1]})


class Client(asyncio.Protocol):
    """One of the clients in Python, as `client` of `load.c`."""

    def __init__(self, chains: Iterator[Chain], waits: list[float], refused: Counter[int]) -> None:
        self._chains, self._waits, self._refused = chains, waits, refused
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        chain = next(self._chains, None)
        if chain is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._chain, self._step, self._began = chain, 0, time.perf_counter()
        self._send(b"")

    def _send(self, known: bytes) -> None:
        self._body = b""
        self._parser = httptools.HttpResponseParser(self)
        wire = self._chain[self._step].wire
        self._transport.write(wire.replace(ID.encode(), known) if known else wire)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status != self._chain[self._step].good:
            self._refused[status] += 1
            self._next()
        elif self._step + 1 == len(self._chain):
            self._waits.append(time.perf_counter() - self._began)
            self._next()
        else:
            self._step += 1
            found = _ID.search(self._body)
            self._send(found[1] if found else b"")

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("closed before the answer"))


async def main(port: int, clients: int) -> None:
    """The whole of `load.c`, but that it does not come again where a connection was closed."""
    packed, waits, refused = sys.stdin.buffer.read(), list[float](), Counter[int]()
    chains = _unpacked(packed)
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Client(chains, waits, refused), "127.0.0.1", port)
        for _ in range(clients)
    ]
    await asyncio.gather(*(client.done for _, client in made))
    print(time.perf_counter() - began, time.process_time())
    for status, count in refused.items():
        print("refused", status, count)
    print(*waits, sep="\n")


def _unpacked(packed: bytes) -> Iterator[Chain]:
    count, steps = struct.unpack_from("=II", packed)
    at = 8

    def step() -> Step:
        nonlocal at
        good, length = struct.unpack_from("=II", packed, at)
        at += 8 + length
        return Step(packed[at - length : at], good)

    return iter([[step() for _ in range(steps)] for _ in range(count)])


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
