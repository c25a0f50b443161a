"""docker-compose.yml and the Dockerfile against the code, as far as that goes without an engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from deploy import env, nats
from deploy.local.options import ROOT
from deploy.services import SERVICES
from shared.settings import Settings
from shared.web import serve
from tests.deploy import images
from tests.deploy.images import (
    COMPOSE,
    DOCKERFILE,
    PARTS,
    TEXT,
    VALUES,
    VARIABLE,
    environment,
    filled,
)


def test_the_topology_is_that_of_make_run() -> None:
    assert {"postgres", "nats", "migrations", *SERVICES} <= PARTS.keys()
    assert PARTS["postgres"]["image"] == "postgres:18"
    assert PARTS["nats"]["image"].startswith("nats:2.15")


OF_OTHERS = {
    "GATEWAY_SMTP_PASSWORD",
    "PROJECTS_EVIDENCE_ACCESS_KEY",
    "PROJECTS_EVIDENCE_SECRET_KEY",
    "PROJECTS_EVIDENCE_FORMER_ACCESS_KEY",
    "PROJECTS_EVIDENCE_FORMER_SECRET_KEY",
    "PROJECTS_PUSH_KEYS",
}
"""Another house's secrets, that nobody here can make; unset where there is none."""


def test_no_secret_has_a_default() -> None:
    used = {match[1]: match[2] for match in VARIABLE.finditer(TEXT)}
    secret = {name for name in used if re.search("PASSWORD|KEY", name)} - OF_OTHERS
    assert all(f"${{{name}:-}}" in TEXT for name in OF_OTHERS)
    assert {used[name] for name in secret} == {":?"}
    assert not {name for name, kind in used.items() if kind is None}
    assert VALUES.keys() == secret, "`make secrets` writes what compose asks for, no more, no less"


def test_the_example_names_every_variable() -> None:
    told = set(re.findall(r"^(?:# )?(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert {match[1] for match in VARIABLE.finditer(TEXT)} <= told


def test_a_city_can_put_its_name_on_its_reports() -> None:
    given = environment("projects")
    assert {"PROJECTS_CITY", "PROJECTS_CITY_EN"} <= given.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_with_the_environment_it_is_given(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in os.environ:
        if name.startswith(("ONEDOOR_", f"{service.upper()}_")):
            monkeypatch.delenv(name)
    for name, value in environment(service).items():
        monkeypatch.setenv(name, value)
    kind = getattr(import_module(f"services.{service}.settings"), f"{service.title()}Settings")
    settings: Settings = kind()
    assert settings.env == "production"
    assert settings.database_url.endswith(f"@postgres:5432/onedoor_{service}")
    assert settings.nats_url.startswith(f"nats://{service}:")


@pytest.mark.parametrize("service", SERVICES)
def test_every_variable_of_a_service_is_a_setting(service: str) -> None:
    kind = getattr(import_module(f"services.{service}.settings"), f"{service.title()}Settings")
    known = {f"{service.upper()}_{field.upper()}" for field in kind.model_fields}
    for field in kind.model_fields.values():
        known |= set(getattr(field.validation_alias, "choices", []))
    assert environment(service).keys() <= known


def test_the_gateway_finds_every_other_service_where_it_listens() -> None:
    upstreams = json.loads(environment("gateway")["GATEWAY_UPSTREAMS"])
    assert upstreams == {s: f"http://{s}:8000" for s in SERVICES if s != "gateway"}
    assert "EXPOSE 8000" in DOCKERFILE
    assert "--port 8000" in images.command_of("service")[-1]


def test_only_the_gateway_can_be_reached_from_outside_and_on_loopback_unless_told() -> None:
    assert [part for part, spec in PARTS.items() if "ports" in spec] == ["gateway"]
    assert filled(PARTS["gateway"]["ports"][0]) == "127.0.0.1:8000:8000"


@pytest.mark.parametrize("part", PARTS)
def test_what_a_part_waits_for_exists_and_can_be_known(part: str) -> None:
    for name, wait in PARTS[part].get("depends_on", {}).items():
        if wait["condition"] == "service_healthy":
            assert PARTS[name]["healthcheck"]["test"]
        else:
            assert wait["condition"] == "service_completed_successfully"
            assert PARTS[name]["restart"] == "no"


@pytest.mark.parametrize("part", PARTS)
def test_volumes_are_declared_and_files_exist(part: str) -> None:
    for volume in PARTS[part].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).is_file()
        else:
            assert source in COMPOSE["volumes"]


@pytest.mark.parametrize("part", [name for name, spec in PARTS.items() if "build" in spec])
def test_an_image_is_built_from_a_stage_and_files_that_exist(part: str) -> None:
    build = PARTS[part]["build"]
    assert (ROOT / build["dockerfile"]).is_file()
    target = build.get("target", "service")
    assert re.search(rf"^FROM \S+ AS {target}$", DOCKERFILE, re.MULTILINE)
    service = build.get("args", {}).get("SERVICE", "setup")
    assert service in (*SERVICES, "setup")
    for source in re.findall(r"^COPY (\S+) ", images.stage(target), re.MULTILINE):
        assert (ROOT / source.replace("${SERVICE}", service)).exists(), source


def test_images_hold_one_service_and_run_as_nobody_special() -> None:
    copied = re.findall(r"^COPY \S+ (\S+)$", images.stage("service"), re.MULTILINE)
    assert copied == [
        "/tmp/requirements.txt",
        "shared",
        "services/__init__.py",
        "services/${SERVICE}",
    ]
    assert DOCKERFILE.count("\nUSER onedoor\n") == DOCKERFILE.count(" AS ") - 1


@pytest.mark.parametrize("part", SERVICES)
def test_a_service_keeps_files_only_in_its_volume(part: str) -> None:
    assert PARTS[part]["read_only"] is True
    assert PARTS[part]["cap_drop"] == ["ALL"]
    kept = [volume.split(":")[1] for volume in PARTS[part].get("volumes", [])]
    for name, value in environment(part).items():
        if name.endswith("_DIR"):
            assert any(value.startswith(f"{folder}/") for folder in kept)


def test_a_service_ends_within_the_grace_of_compose() -> None:
    grace = min(int(PARTS[s]["stop_grace_period"].rstrip("s")) for s in SERVICES)
    assert grace > serve.GRACE_SECONDS


def test_nats_takes_its_configuration_with_this_environment(folder: Path) -> None:
    variables = set(re.findall(r"\$([A-Z_]+)\b", nats.CONF.read_text(encoding="utf-8")))
    given = environment("nats")
    assert {name for name in variables if name.startswith("NATS")} == given.keys()
    server = Path(sys.executable).with_name("nats-server")
    checked = subprocess.run(
        [server, "-t", "-c", nats.CONF],
        env={**given, "NATS_STORE": f'"{folder}"'},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode != 0,
    reason="the compose plugin of docker is not installed",
)
def test_compose_itself_accepts_the_file(folder: Path) -> None:
    (folder / "env").write_text(env.render())
    words = ["docker", "compose", "--env-file", str(folder / "env"), "config", "--quiet"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
