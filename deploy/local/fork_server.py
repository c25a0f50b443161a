"""`python -m deploy.local.fork_server DESCRIPTOR MODULE...`: imports once, then forks processes.

Each of our processes imports the same modules for a second or two and keeps a copy of them, and so
with the operations and documents of the services. Here that is done once, while PostgreSQL starts,
and what is forked begins with all of it and shares its memory. A request on the socket holds the
words of a command, `python -m MODULE ...`, and what its environment has beside ours; with it comes
the descriptor to write to. The answer is a process id.

This process starts no thread: whatever a thread held at the moment of a fork, a lock for one, would
be held for ever in the new process. The new one has no parent here but is adopted by whoever
started us and asked for that (`forking.adopt_orphans`), as if it had executed the command itself.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from setproctitle import setproctitle

from shared.web import forks

REQUEST_BYTES = 1 << 20
SERVE = "shared.web.serve"
_DONE = object()


def main(descriptor: int, modules: Sequence[str]) -> None:
    """Until nobody holds the other end of the socket; what is forked begins with the modules."""
    gc.disable()  # of what is imported nothing goes, and looking takes a fifth of the time
    forks.load(modules)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        sys.exit("a module started a thread while it was imported: nothing can be forked")
    connection = socket.socket(fileno=descriptor)
    preparing = forks.prepare(modules)
    for request, output in _requests(connection, preparing):
        if SERVE in request["arguments"]:
            deque(preparing, maxlen=0)
        pid = _fork()
        if pid == 0:
            connection.close()
            _become(request["arguments"], request["environment"], output)
            return
        os.close(output)
        try:
            connection.send(str(pid).encode())
        except BrokenPipeError:  # who asked has just gone, and nobody would ever stop it
            os.kill(pid, signal.SIGKILL)


def _requests(
    connection: socket.socket, meanwhile: Iterator[None]
) -> Iterator[tuple[dict[str, Any], int]]:
    """Those that somebody still waits for; while nobody does, the next step of something else."""
    waits = select.poll()
    waits.register(connection, select.POLLIN)
    while True:
        while not waits.poll(0) and next(meanwhile, _DONE) is None:
            pass
        content, descriptors, *_ = socket.recv_fds(connection, REQUEST_BYTES, 1)
        if not content or any(seen & select.POLLHUP for _, seen in waits.poll(0)):
            return
        yield json.loads(content), descriptors[0]


def _fork() -> int:
    """The id of a new process, 0 in that process; it was adopted, because its parent has ended."""
    (answer, report), (wait, go) = os.pipe(), os.pipe()
    between = os.fork()
    if between == 0:
        pid = os.fork()
        if pid == 0:
            for descriptor in (answer, report, go):
                os.close(descriptor)
            os.read(wait, 1)  # nothing comes: its other end is closed once we are adopted
            os.close(wait)
            return 0
        os.write(report, str(pid).encode())
        os._exit(0)
    os.close(report)
    with os.fdopen(answer) as line:
        pid = int(line.read())
    os.waitpid(between, 0)
    os.close(wait)
    os.close(go)
    return pid


def _become(arguments: list[str], environment: dict[str, str], output: int) -> None:
    """Goes on as `python -m` would have begun: its session, streams, environment and name."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, wanted in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(given, wanted)
    os.close(nothing)
    os.close(output)
    # Before the environment: where the title stands is found by the first variable that was given.
    setproctitle(" ".join(arguments))
    os.environ.update(environment)
    _, _, module, *rest = arguments
    sys.argv = [module, *rest]
    gc.enable()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
