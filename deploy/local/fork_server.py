"""`python -m deploy.local.fork_server DESCRIPTOR`: imports the services once, then forks processes.

Each of our processes imports the same modules for a second or two and keeps a copy of them. Here
that is done once, while PostgreSQL starts, and what is forked begins with all of it and shares its
memory. A request on the socket holds the words of a command, `python -m MODULE ...`, and what its
environment has beside ours; with it comes the descriptor to write to. The answer is a process id.

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
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from setproctitle import setproctitle

from deploy.services import SERVICES

REQUEST_BYTES = 1 << 20
MODULES = (
    *(f"services.{service}.app" for service in SERVICES),
    "deploy.postgres",
    "deploy.streams",
    "services.projects.demo_portal.app",
    "shared.database.migrate",
    "shared.web.http_protocol",
    "uvicorn.lifespan.on",
    "uvloop",
)
"""What our processes begin with; not what is run as `__main__`, which would be there twice."""


def main(descriptor: int) -> None:
    """Until nobody holds the other end of the socket."""
    gc.disable()  # a collection writes into every object, and a page that is written to is copied
    for module in MODULES:
        import_module(module)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        sys.exit("a module started a thread while it was imported: nothing can be forked")
    gc.freeze()
    connection = socket.socket(fileno=descriptor)
    for request, output in _requests(connection):
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


def _requests(connection: socket.socket) -> Iterator[tuple[dict[str, Any], int]]:
    """Those that somebody still waits for."""
    waits = select.poll()
    waits.register(connection, select.POLLIN)
    while True:
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
    main(int(sys.argv[1]))
