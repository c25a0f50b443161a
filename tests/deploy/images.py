"""What `docker build` and `docker compose up` do, as far as that goes without an engine.

`lay` copies into a folder what the Dockerfile copies into an image, and beside it exactly the
distributions that its requirements name, taken from the environment of the tests (the versions
are the same). `Part` runs a part of docker-compose.yml there: its command, word for word, with its
environment, where only the names of hosts and volumes are replaced by what stands for them.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import distribution
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement

from deploy import env
from deploy.local.options import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
PARTS: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
VALUES = dict(line.partition("=")[::2] for line in env.render().splitlines())
VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?])([^{}]*))?\}")
"""Of one inside the default of another, the inner one."""

RUN_SECONDS = 300

_SHIM = '#!/bin/sh\nexec "{}" -S "$@"\n'
"""Python as in the image: without the packages that are installed beside it here."""


def filled(text: str) -> str:
    """The text as compose reads it with a fresh `.env`."""
    while (inner := VARIABLE.sub(lambda m: VALUES.get(m[1], m[3] or ""), text)) != text:
        text = inner
    return text.replace("$$", "$")


def environment(part: str) -> dict[str, str]:
    return {name: filled(str(value)) for name, value in PARTS[part]["environment"].items()}


def stage(target: str) -> str:
    """The lines of one stage of the Dockerfile."""
    return DOCKERFILE.partition(f" AS {target}\n")[2].partition("\nFROM ")[0]


def command_of(target: str) -> list[str]:
    """What the image runs."""
    return _words(r"^CMD (\[.*\])$", stage(target))


def health_check() -> list[str]:
    """What tells the engine whether a service is well."""
    return _words(r"^HEALTHCHECK .*\n +CMD (\[.*\])$", stage("service"))


def _words(pattern: str, text: str) -> list[str]:
    found = re.search(pattern, text, re.MULTILINE)
    assert found is not None
    words: list[str] = yaml.safe_load(found[1])
    return words


def lay(folder: Path, target: str, service: str) -> Path:
    """The image of `target` for `service`, in `folder`: `app`, `site` and `bin`."""
    for source, place in re.findall(r"^COPY (\S+) (\S+)$", stage(target), re.MULTILINE):
        origin = ROOT / source.replace("${SERVICE}", service)
        if place == "/tmp/requirements.txt":
            _install(origin, folder / "site")
        else:
            _copy(origin, folder / "app" / place.replace("${SERVICE}", service))
    (folder / "bin").mkdir()
    shim = folder / "bin" / "python"
    shim.write_text(_SHIM.format(getattr(sys, "_base_executable", sys.executable)))
    shim.chmod(0o755)
    return folder


def _copy(origin: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_dir():
        shutil.copytree(origin, place, copy_function=_share)
    else:
        _share(origin, place)


def _share(origin: str | Path, place: str | Path) -> None:
    """The same file, which nobody changes; a copy where it lies on another disk."""
    try:
        os.link(origin, place)
    except OSError:
        shutil.copy2(origin, place)


def _install(requirements: Path, site: Path) -> None:
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            continue
        wanted = Requirement(line.rstrip(" \\"))
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        found = distribution(wanted.name)
        assert found.version in wanted.specifier, wanted
        files = [file for file in found.files or () if ".." not in file.parts]
        packages = {file.parts[0] for file in files if file.parts[1:] == ("__init__.py",)}
        site.mkdir(parents=True, exist_ok=True)
        for package in packages:  # whole: to share its hundreds of files each costs seconds
            (site / package).symlink_to(str(found.locate_file(package)))
        for file in files:
            if file.parts[0] not in packages and file.suffix != ".pyc":
                _with_bytecode(Path(str(found.locate_file(file))), site / file)


def _with_bytecode(origin: Path, place: Path) -> None:
    """pip compiles what it installs; here it is compiled already."""
    _copy(origin, place)
    if origin.suffix == ".py" and (compiled := Path(cache_from_source(str(origin)))).exists():
        _copy(compiled, Path(cache_from_source(str(place))))


class Part:
    """A part of docker-compose.yml that runs in a laid image."""

    def __init__(self, name: str, image: Path, stand_ins: Mapping[str, str]) -> None:
        self.name, self.image, self._stand_ins = name, image, stand_ins

    @property
    def environment(self) -> dict[str, str]:
        """What compose and the Dockerfile give it, and nothing of ours."""
        own = {name: self._here(value) for name, value in environment(self.name).items()}
        return {
            **own,
            "PATH": f"{self.image / 'bin'}:/usr/bin:/bin",
            "PYTHONPATH": f"{self.image / 'app'}:{self.image / 'site'}",
            "SERVICE": PARTS[self.name]["build"].get("args", {}).get("SERVICE", ""),
        }

    def run(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        """The command, to its end."""
        return subprocess.run(
            [self._here(filled(word)) for word in words],
            cwd=self.image / "app", env=self.environment,
            capture_output=True, text=True, check=False, timeout=RUN_SECONDS,
        )  # fmt: skip

    def start(self, words: list[str], log: Path) -> "subprocess.Popen[bytes]":
        with log.open("wb") as out:
            return subprocess.Popen(
                [self._here(word) for word in words],
                cwd=self.image / "app", env=self.environment,
                stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def _here(self, text: str) -> str:
        for name, place in self._stand_ins.items():
            text = text.replace(name, place)
        return text


def without_port(words: list[str], port: int) -> list[str]:
    """The command of a service on a port of its own: here all share one host."""
    return [
        word.replace("--host 0.0.0.0 --port 8000", f"--host 127.0.0.1 --port {port}").replace(
            "127.0.0.1:8000", f"127.0.0.1:{port}"
        )
        for word in words
    ]
