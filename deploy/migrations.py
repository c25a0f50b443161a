"""Migrations of every service, each on its own database.

python -m deploy.migrations upgrade                 the running system's databases
python -m deploy.migrations check                   models against migrations, on a scratch server
python -m deploy.migrations revision SERVICE TEXT   a new one, from the models as they are now
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy import postgres as roles
from deploy import running
from deploy.local import postgres
from deploy.services import SERVICES
from shared.migrate import main as migrate

SCRATCH = "scratch"


def upgrade() -> None:
    """Brings the databases of the running system to head and sets the services' rights."""
    for service in SERVICES:
        url = running.owner_url(service)
        migrate(service, "upgrade", url=url)
        asyncio.run(roles.protect(url, service))
        print(f"{service}: 已是最新 | at head")


def check() -> bool:
    """Whether the migrations of each service, run on nothing, give the tables of its models."""
    with _scratch_databases() as urls:
        outcomes = {service: _alembic(service, "check", url=url) for service, url in urls.items()}
    for service, (code, output) in outcomes.items():
        verdict = "迁移与模型一致 | migrations give the models" if code == 0 else output
        print(f"{service}: {verdict}")
    return all(code == 0 for code, _ in outcomes.values())


def revise(service: str, message: str) -> None:
    """Writes a new migration of `service` with what its models have beyond its migrations."""
    with _scratch_databases((service,)) as urls:
        code, output = _alembic(service, "revision", message, url=urls[service])
    print(output)
    if code == 0:
        folder = Path("services") / service / "migrations"
        subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(folder)], check=False)
        subprocess.run(
            [sys.executable, "-m", "ruff", "check", "-q", "--fix", str(folder)], check=False
        )
    sys.exit(code)


@contextmanager
def _scratch_databases(services: tuple[str, ...] = SERVICES) -> Iterator[dict[str, str]]:
    """A private server with one database a service, migrated to head; owner addresses."""
    with tempfile.TemporaryDirectory(prefix="onedoor-") as folder:
        server = postgres.start(Path(folder) / "postgres", password=SCRATCH)
        try:
            passwords = roles.Passwords(SCRATCH, SCRATCH)
            urls = {
                service: asyncio.run(roles.provision(server.admin_url, service, passwords)).owner
                for service in services
            }
            for service, url in urls.items():
                code, output = _alembic(service, "upgrade", url=url)
                if code != 0:
                    sys.exit(f"{service}\n{output}")
            yield urls
        finally:
            server.stop()


def _alembic(service: str, *arguments: str, url: str) -> tuple[int, str]:
    """Exit code and output of `shared.migrate`; one process each, for each has its own models."""
    done = subprocess.run(
        [sys.executable, "-m", "shared.migrate", service, *arguments],
        env={f"{service.upper()}_OWNER_DATABASE_URL": url, "PATH": ""},
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
            revise(service, message)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
