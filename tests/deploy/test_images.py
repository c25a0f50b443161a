"""The images and docker-compose.yml, run for real: everything but the engine itself."""

import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy import nats as nats_configuration
from deploy.local import nats as local_nats
from deploy.local import postgres as local_postgres
from deploy.local.servers import free_port
from deploy.services import SERVICES
from tests import support
from tests.deploy import images
from tests.deploy.images import PARTS, VALUES, Part

READY_SECONDS = 180
pytestmark = pytest.mark.xdist_group("images")


@dataclass(frozen=True)
class Deployment:
    """All parts of docker-compose.yml, running; `door` is the gateway's address."""

    door: str
    ports: dict[str, int]
    parts: dict[str, Part]
    processes: "dict[str, subprocess.Popen[bytes]]"
    folder: Path


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with ExitStack() as stack:
        folder = stack.enter_context(support.private_folder())
        ports = {service: free_port() for service in SERVICES}
        parts = _parts(folder, ports, _servers(folder, stack))
        _run_once(parts["migrations"], images.command_of("setup"))
        _run_once(parts["gateway-keys"], PARTS["gateway-keys"]["command"])
        processes: dict[str, subprocess.Popen[bytes]] = {}
        stack.callback(lambda: _end(processes.values()))
        for service in SERVICES:
            words = images.without_port(images.command_of("service"), ports[service])
            processes[service] = parts[service].start(words, folder / f"{service}.log")
        running = Deployment(
            f"http://127.0.0.1:{ports['gateway']}", ports, parts, processes, folder
        )
        _wait_until_healthy(running)
        yield running


def _servers(folder: Path, stack: ExitStack) -> dict[str, str]:
    """PostgreSQL and NATS with the secrets of `.env`, and what stands for their names."""
    password, settings = VALUES["POSTGRES_PASSWORD"], support.UNSAFE
    pg = local_postgres.start(folder / "pg", password=password, settings=settings)
    stack.callback(pg.stop)
    users = nats_configuration.USERS
    passwords = {user: VALUES[f"NATS_{user.upper()}_PASSWORD"] for user in users}
    bus = local_nats.start(folder / "nats", passwords=passwords)
    stack.callback(bus.stop)
    return {
        "@postgres:5432": f"@127.0.0.1:{pg.port}",
        "@nats:4222": f"@127.0.0.1:{bus.running.port}",
        "http://nats:8222": bus.monitor_url,
    }


def _parts(folder: Path, ports: dict[str, int], servers: dict[str, str]) -> dict[str, Part]:
    hosts = {f"http://{s}:8000": f"http://127.0.0.1:{port}" for s, port in ports.items()}
    laid = {s: images.lay(folder / s, "service", s) for s in SERVICES}
    laid["setup"] = images.lay(folder / "setup", "setup", "setup")
    made = {}
    for name, spec in PARTS.items():
        if "build" in spec:
            service = spec["build"].get("args", {}).get("SERVICE", "setup")
            volume = folder / "volumes" / service
            volume.mkdir(parents=True, exist_ok=True)
            own = {"http://127.0.0.1:8000": hosts.get(f"http://{service}:8000", "")}
            stand_ins = {**servers, **hosts, **own, "/var/lib/onedoor": str(volume)}
            made[name] = Part(name, laid[service], stand_ins)
    return made


def _run_once(part: Part, words: list[str]) -> None:
    done = part.run(words)
    assert done.returncode == 0, f"{part.name}: {done.stdout}{done.stderr}"


def _end(processes: Iterable["subprocess.Popen[bytes]"]) -> None:
    """All at once, as compose does."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_healthy(running: Deployment) -> None:
    """Then each image's own health check says so too: a process of its own each time, which gives
    up after seconds, and which the engine asks again as well."""
    deadline = time.monotonic() + READY_SECONDS
    for service, process in running.processes.items():
        while not _is_ready(running.ports[service]):
            log = (running.folder / f"{service}.log").read_text(errors="replace")
            assert process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.1)
        check = images.without_port(images.health_check(), running.ports[service])
        while (told := running.parts[service].run(check)).returncode:
            assert time.monotonic() < deadline, told.stderr


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("part", ["seal-anew", "index-anew"])
def test_keys_are_changed_beside_the_running_services(deployment: Deployment, part: str) -> None:
    done = deployment.parts[part].run(PARTS[part]["command"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.endswith(":")] == [
        f"{service}:" for service in SERVICES
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_no_other_service(deployment: Deployment, service: str) -> None:
    image = deployment.parts[service].image
    held = {path.parent.name for path in image.glob("app/services/*/*.py")}
    assert held == {service}
    assert not [*image.glob("app/deploy"), *image.glob("site/services"), *image.glob("site/deploy")]


BY_OPERATORS = ("deploy.rebuild", "deploy.dead", "shared.security.verify_audit_log")
ONE_AFTER_THE_OTHER = """
import runpy, sys

_, *modules = sys.argv
for module in modules:
    print("##", module, flush=True)
    sys.argv = [module]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if ended.code:
            raise
"""
"""As commands of their own they would each load all services first."""


def test_what_operators_run_finds_the_servers_of_this_deployment(deployment: Deployment) -> None:
    """And the step before, run again, changes nothing."""
    before = images.command_of("setup")
    assert before == ["python", "-m", "deploy.setup"]
    words = ["python", "-c", ONE_AFTER_THE_OTHER, *BY_OPERATORS, "deploy.setup"]
    done = deployment.parts["migrations"].run(words)
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(part.split("\n", 1) for part in done.stdout.split("## ")[1:])
    assert said["deploy.rebuild"].count("published again") == len(SERVICES)
    assert "No dead letters." in said["deploy.dead"]
    assert said["shared.security.verify_audit_log"].count("intact") == len(SERVICES)
    assert said["deploy.setup"].count("database ready") == len(SERVICES)
    assert "create" not in said["deploy.setup"] + done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_verify_its_own_audit_log(deployment: Deployment, service: str) -> None:
    words = ["python", "-m", "shared.security.verify_audit_log", service]
    done = deployment.parts[service].run(words)
    assert (done.returncode, "intact" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_new_city_signs_in_and_works_through_the_door(deployment: Deployment) -> None:
    """From no account at all to a hall that everybody can see."""
    words = ["python", "-m", "services.gateway.access.first_admin"]
    made = deployment.parts["gateway"].run([*words, "root1"])
    assert made.returncode == 0, made.stderr

    with httpx.Client(base_url=deployment.door, timeout=10, trust_env=False) as client:
        _set_password(client, made.stdout.split("#")[1].split()[0])
        admin = _sign_in(client, "root1", PASSWORD)
        hall = {"name": "新城大厅", "address": "新城路 1 号", "latitude": 37.8, "longitude": 112.5}
        put = client.put("/api/v1/halls/H900", json=hall, headers=admin)
        assert put.is_success, put.text
        wanted = {"account": "manager9", "roles": ["hall_manager"], "places": ["H900"]}
        account = client.post("/api/v1/accounts", json=wanted, headers=admin)
        assert account.status_code == 201, account.text
        _set_password(client, account.json()["password_link"]["token"])
        manager = _sign_in(client, "manager9", PASSWORD)
        assert client.get("/api/v1/auth/me", headers=manager).json()["places"] == ["H900"]
        for path in ("/api/v1/halls", "/api/v1/published-letters", "/api/v1/calendar"):
            assert client.get(path).status_code == 200, path
        titles = client.get("/openapi.json").json()["paths"]
        assert {"/api/v1/appointments", "/api/v1/duties", "/api/v1/letters"} <= titles.keys()


PASSWORD = "Lotus-Pond-by-the-river-27"


def _set_password(client: httpx.Client, token: str) -> None:
    wanted = {"token": token, "new_password": PASSWORD}
    answer = client.post("/api/v1/auth/password/link", json=wanted)
    assert answer.status_code == 200, answer.text


def _sign_in(client: httpx.Client, account: str, password: str) -> dict[str, str]:
    form = {"grant_type": "password", "username": account, "password": password}
    answer = client.post("/api/v1/auth/token", data=form)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_the_end_is_orderly_and_within_the_grace_of_compose(deployment: Deployment) -> None:
    """The last test of this file: nothing runs afterwards."""
    for process in deployment.processes.values():
        process.send_signal(signal.SIGTERM)
    for service, process in deployment.processes.items():
        assert process.wait(15) == 0, (deployment.folder / f"{service}.log").read_text()
