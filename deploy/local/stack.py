"""The whole system on one machine: its servers, its one-shot steps, its services, in order."""

import asyncio
import hashlib
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from deploy import postgres as roles
from deploy.local import nats, postgres, servers, steps
from deploy.local.console import Console
from deploy.local.options import ROOT, Options
from deploy.local.secrets import Secrets
from deploy.local.servers import LOOPBACK, Command
from deploy.local.supervisor import Part, Supervisor
from deploy.services import SERVICES

PORTAL = "services.projects.demo_portal"
IMPORTED = (
    *(f"services.{service}.app" for service in SERVICES),
    "deploy.postgres",
    "deploy.streams",
    f"{PORTAL}.app",
    "shared.database.migrate",
    "shared.web.http_protocol",
    "uvicorn.lifespan.on",
    "uvloop",
)
"""What our processes begin with."""


class Stack:
    """One system: `start` brings it up, and the supervisor keeps it up."""

    def __init__(self, options: Options, secrets: Secrets, console: Console) -> None:
        self.options, self._secrets, self._console = options, secrets, console
        self.supervisor = Supervisor(console)
        self.ports = {service: servers.free_port() for service in SERVICES}
        portal = servers.kept_port(options.data / "demo-portal.port")
        self.ports |= {"gateway": options.port, "portal": portal}
        self._database_urls: dict[str, roles.Urls] = {}
        self._nats_urls: dict[str, str] = {}
        self._admin: dict[str, str] = {}
        self._done = steps.Done(options.data / "postgres" / "done.json")
        self._accounts = options.data / "demo-accounts.json"

    async def start(self) -> None:
        """Everything is up, loaded and ready afterwards; raises StartFailed otherwise."""
        await self.supervisor.share_imports(IMPORTED)
        await self._both(self._databases(), self._bus(), self._portal())
        await self._for_each(self._migrate, "迁移数据库……", "Migrating the databases...")
        await self._for_each(self._load_demo, "载入演示数据……", "Loading the demo data...")
        self._remember()
        self._console.step("启动服务……", "Starting the services...")
        await self._both(*(self.supervisor.start(self._service(name)) for name in SERVICES))
        await self.supervisor.end_sharing()

    def environment(self, service: str) -> dict[str, str]:
        """What one service finds in its environment."""
        name = service.upper()
        return {
            "ONEDOOR_ENV": "local",
            "FORCE_COLOR": "1" if sys.stdout.isatty() else "",
            "ONEDOOR_JWKS_URL": f"{self.options.url}/.well-known/jwks.json",
            "ONEDOOR_COLUMN_KEYS": self._secrets.column_keys,
            "ONEDOOR_INDEX_KEY": self._secrets.index_key,
            f"{name}_DATABASE_URL": self._database_urls[service].service,
            f"{name}_NATS_URL": self._nats_urls[service],
            f"{name}_WORKERS": str(self.options.workers_of(service)),
            **self._own_settings(service),
        }

    def _own_settings(self, service: str) -> dict[str, str]:
        data = self.options.data
        if service == "appointments":
            return {"APPOINTMENTS_CHANNEL_POOLS": "true"}
        if service == "gateway":
            backends = {s: f"http://{LOOPBACK}:{self.ports[s]}" for s in SERVICES if s != service}
            return {
                "GATEWAY_UPSTREAMS": json.dumps(backends),
                "GATEWAY_KEYS_DIR": str(data / "keys"),
                "GATEWAY_DOCUMENTS_DIR": str(data / "documents"),
                "GATEWAY_DEMO_ACCOUNTS_FILE": str(self._accounts),
                "GATEWAY_NOTICES_FILE": str(data / "notices.jsonl"),
                "GATEWAY_PUBLIC_NATS_HOST": self._nats_urls[service].rpartition("@")[2],
            }
        if service == "projects":
            return {
                "PROJECTS_DEMO_PORTAL_URL": f"http://{LOOPBACK}:{self.ports['portal']}",
                "PROJECTS_EVIDENCE_DIR": str(data / "evidence"),
                "PROJECTS_CITY": "宁川市",
                "PROJECTS_CITY_EN": "Ningchuan",
                "PROJECTS_PUBLIC_URL": f"http://{LOOPBACK}:{self.ports['gateway']}",
            }
        return {}

    async def _databases(self) -> None:
        admin = self.options.database_url or await self._own_postgres()
        self._admin["ONEDOOR_DATABASE_URL"] = admin
        for service in SERVICES:
            passwords = self._secrets.of(service)
            self._database_urls[service] = await roles.provision(admin, service, passwords)
        await self.supervisor.run("connections", self._connections())

    async def _own_postgres(self) -> str:
        self._console.step("启动 PostgreSQL……", "Starting PostgreSQL...")
        data, port = self.options.data / "postgres", servers.free_port()
        await self.supervisor.start(
            Part(
                "postgres",
                await asyncio.to_thread(postgres.command, data, port),
                lambda: postgres.is_ready(data, port),
                prepare=lambda: self._prepare_postgres(data),
                shows=_is_no_routine,
            )
        )
        return postgres.url(self._secrets.postgres, port)

    def _prepare_postgres(self, data: Path) -> None:
        for folder in postgres.prepare(data, self._secrets.postgres):
            self._console.step(
                f"PostgreSQL 不以 root 运行：已允许其账号经过 {folder}（o+x）。",
                f"PostgreSQL does not run as root: its account may now pass {folder} (o+x).",
            )

    def _connections(self) -> Command:
        """The step that looks whether the database has enough of them for all workers."""
        workers = {f"{s.upper()}_WORKERS": str(self.options.workers_of(s)) for s in SERVICES}
        return _python("-m", "deploy.connections", **self._admin, **workers)

    async def _bus(self) -> None:
        known = {}
        if self.options.nats_url is None:
            known = await self._own_nats()
        admin = self.options.nats_url or known["ONEDOOR_NATS_URL"]
        self._admin["ONEDOOR_NATS_URL"] = admin
        for service in SERVICES:
            own = os.environ.get(f"{service.upper()}_NATS_URL", admin)
            self._nats_urls.setdefault(service, own)
        step = _python("-m", "deploy.streams", "apply", **{"ONEDOOR_NATS_URL": admin, **known})
        await self.supervisor.run("streams", step)

    async def _own_nats(self) -> dict[str, str]:
        """The address of its administrator, and where it can be asked how it writes."""
        self._console.step("启动 NATS……", "Starting NATS...")
        data = self.options.data
        port = servers.kept_port(data / "nats.port")
        monitor = servers.kept_port(data / "nats-monitor.port")
        directory, passwords = data / "nats", self._secrets.nats
        directory.mkdir(parents=True, exist_ok=True)
        rights = _python("-m", "deploy.nats", "render", str(nats.conf(directory)))
        await self.supervisor.run("nats", rights)
        await self.supervisor.start(
            Part(
                "nats",
                nats.configured(directory, port, monitor, passwords),
                lambda: nats.is_ready(monitor),
                shows=_is_no_chatter,
                is_stuck=lambda: nats.is_stuck(directory, monitor),
            )
        )
        self._nats_urls = {s: nats.url(s, passwords[s], port) for s in SERVICES}
        return {
            "ONEDOOR_NATS_URL": nats.url("deploy", passwords["deploy"], port),
            "ONEDOOR_NATS_MONITOR": f"http://{LOOPBACK}:{monitor}",
        }

    async def _migrate(self, service: str) -> None:
        urls, step = self._database_urls[service], f"{service}-migrations"
        if self._done.holds(step, await self._migrated(service)):
            return
        environment = {f"{service.upper()}_OWNER_DATABASE_URL": urls.owner}
        command = _python("-m", "shared.database.migrate", service, "upgrade", **environment)
        await self.supervisor.run(service, command)
        await roles.protect(urls.owner, service)
        self._note(step, await self._migrated(service))

    async def _migrated(self, service: str) -> str:
        """The migrations that there are, and where the database stands."""
        there = await roles.version_of(self._database_urls[service].owner)
        files = await asyncio.to_thread(steps.fingerprint, service, "migrations")
        return " ".join([files, *sorted(there)])

    async def _load_demo(self, service: str) -> None:
        module = f"services.{service}.demo"
        if find_spec(module) is None:
            return
        if self._done.holds(service, await self._demo(service)):
            return
        command = _python("-m", module, **self.environment(service))
        await self.supervisor.run(service, command)
        self._note(service, await self._demo(service))

    async def _demo(self, service: str) -> str:
        """The code and files that make the demo data, and for accounts whether they still agree."""
        files = await asyncio.to_thread(steps.fingerprint, service)
        if service != "gateway":
            return files
        with suppress(FileNotFoundError):
            passwords = hashlib.sha256(self._accounts.read_bytes()).hexdigest()
            there = await roles.demo_accounts(self._database_urls[service].owner)
            return f"{files} {passwords} {there}"
        return "no accounts"

    def _note(self, step: str, mark: str) -> None:
        """Not on servers of somebody else: what we did there may be gone, and the note not."""
        if self.options.database_url is None:
            self._done.note(step, mark)

    async def _portal(self) -> None:
        if find_spec(PORTAL) is None:
            return
        port = self.ports["portal"]
        first_day = str(self.options.data / "demo-portal.day")
        command = _python("-m", PORTAL, "--port", str(port), "--first-day-in", first_day)
        await self.supervisor.start(Part("portal", command, lambda: servers.accepts(port)))

    def _service(self, service: str) -> Part:
        is_door, port = service == "gateway", self.ports[service]
        host = self.options.host if is_door else LOOPBACK
        factory = f"services.{service}.app:create_app"
        arguments = ("-m", "shared.web.serve", factory, "--host", host, "--port", str(port))
        url = self.options.url if is_door else f"http://{LOOPBACK}:{port}"
        command = _python(*arguments, **self.environment(service))
        return Part(service, command, lambda: _is_ok(f"{url}/readyz"))

    def _remember(self) -> None:
        """Writes what the other `make` targets need to reach this system, for our eyes only."""
        known = dict(self._admin)
        for service in SERVICES:
            known |= self.environment(service)
            known[f"{service.upper()}_OWNER_DATABASE_URL"] = self._database_urls[service].owner
        known["ONEDOOR_URL"] = self.options.url
        path = self.options.data / "stack.json"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(known, file, indent=2)

    async def _for_each(self, step: Callable[[str], Awaitable[None]], zh: str, en: str) -> None:
        self._console.step(zh, en)
        await self._both(*(step(service) for service in SERVICES))

    async def _both(self, *steps: Awaitable[None]) -> None:
        """Takes the steps at once; the first failure ends the others."""
        tasks = [asyncio.ensure_future(step) for step in steps]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _python(*arguments: str, **environment: str) -> Command:
    return Command((sys.executable, *arguments), {"PYTHONPATH": str(ROOT), **environment})


def _is_ok(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def _is_no_routine(line: str) -> bool:
    """PostgreSQL tells each start and stop in ten lines; only that it had to recover is news."""
    return " LOG: " not in line or "recovery" in line


def _is_no_chatter(line: str) -> bool:
    """NATS tells its whole start-up, and that local passwords are plain: neither is news."""
    return "[INF]" not in line and "Plaintext passwords" not in line
