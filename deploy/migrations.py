"""Migrations of every service, each on its own database.

python -m deploy.migrations upgrade                 the running system's databases
python -m deploy.migrations check                   models against migrations, on a scratch server
python -m deploy.migrations revision SERVICE TEXT   a new one, from the models as they are now
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from deploy import postgres as roles
from deploy import running
from deploy.local import postgres
from deploy.services import SERVICES
from shared.database.migrate import main as migrate

PARALLEL = 2


def upgrade() -> None:
    """Brings the databases of the running system to head and sets the services' rights."""
    for service in SERVICES:
        url = running.owner_url(service)
        migrate(service, "upgrade", url=url)
        asyncio.run(roles.protect(url, service))
        print(f"{service}: 已是最新 | at head")


def check() -> bool:
    """Whether the migrations of each service, run on nothing, give the tables of its models."""
    with _scratch_server() as databases, ThreadPoolExecutor(PARALLEL) as pool:
        outcomes = list(pool.map(lambda s: _alembic(s, ["check"], url=databases(s)), SERVICES))
    for service, (code, output) in zip(SERVICES, outcomes, strict=True):
        verdict = "迁移与模型一致 | migrations give the models" if code == 0 else output
        print(f"{service}: {verdict}")
    return all(code == 0 for code, _ in outcomes)


def revise(service: str, message: str) -> int:
    """Writes a new migration of `service` with what its models have beyond its migrations."""
    with _scratch_server() as databases:
        code, output = _alembic(service, ["revision", message], url=databases(service))
    print(output)
    folder = str(Path("services") / service / "migrations")
    for tidy in (["check", "--fix"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *tidy, "-q", folder], check=False)
    return code


@contextmanager
def _scratch_server() -> Iterator[Callable[[str], str]]:
    """A private server; the function gives the owner's address of a new database of a service."""
    passwords = roles.Passwords("scratch", "scratch")
    with tempfile.TemporaryDirectory(prefix="onedoor-") as folder:
        server = postgres.start(Path(folder) / "postgres", password="scratch")
        try:
            yield lambda s: asyncio.run(roles.provision(server.admin_url, s, passwords)).owner
        finally:
            server.stop()


def _alembic(service: str, action: list[str], *, url: str) -> tuple[int, str]:
    """Exit code and output of one action after an upgrade to head.

    A process for each service: the tables of one are not to be seen by another.
    """
    code = "import sys; from shared.database.migrate import main; s, url, *action = sys.argv[1:];"
    code += "main(s, 'upgrade', url=url); main(s, *action, url=url)"
    done = subprocess.run(
        [sys.executable, "-c", code, service, url, *action],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def main(arguments: list[str]) -> None:
    match arguments:
        case ["upgrade"]:
            upgrade()
        case ["check"]:
            sys.exit(0 if check() else 1)
        case ["revision", service, message] if service in SERVICES and message:
            sys.exit(revise(service, message))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
