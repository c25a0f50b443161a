"""An earlier release of this repository: its code as its commit has it, to be run beside ours."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path

from alembic.script import ScriptDirectory

from deploy.local.options import ROOT
from shared.database import lineage
from shared.database.migrate import config

KNOWS_ITS_LINE = Path(str(lineage.__file__)).relative_to(ROOT).as_posix()
RUN_SECONDS = 120


def before(service: str) -> str | None:
    """The last commit that has not our newest migration of `service`, and can know of later ones.

    None where no such commit is at hand: a shallow clone, no repository, or none since then.
    """
    folder = f"services/{service}/migrations"
    ours = {f"{folder}/{file.name}" for file in (ROOT / folder).glob("*.py")}
    newest = ScriptDirectory.from_config(config(service)).get_revision("head")
    newest_file = f"{folder}/{Path(newest.path).name}"
    for commit in _candidates(folder):
        theirs = {name for name in _files(commit, folder) if name.endswith(".py")}
        if theirs <= ours - {newest_file} and _files(commit, KNOWS_ITS_LINE):
            return commit
    return None


def _candidates(folder: str) -> Iterator[str]:
    """The newest commit, and each that was the last before a migration came, newest first."""
    yield "HEAD"
    for commit in _git("log", "--format=%H", "--diff-filter=A", "--", folder).split():
        yield f"{commit}^"


def _files(commit: str, path: str) -> list[str]:
    return _git("ls-tree", "--name-only", "-r", commit, "--", path).split()


def _git(*words: str) -> str:
    """What git answers; nothing where it cannot."""
    try:
        return subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def lay(commit: str, folder: Path) -> Path:
    """The code of that commit in `folder`."""
    wanted = ["git", "archive", "--format=tar", commit, "services", "shared", "deploy"]
    packed = subprocess.run(wanted, cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    for file in folder.rglob("*.py"):
        _take_bytecode(file, ROOT / file.relative_to(folder))
    return folder


def _take_bytecode(file: Path, ours: Path) -> None:
    """Of what is the same today: to compile it again takes as long as to start the service."""
    if not ours.exists() or ours.read_bytes() != file.read_bytes():
        return
    compiled = Path(cache_from_source(str(ours)))
    if compiled.exists():
        shutil.copystat(ours, file)  # which the bytecode goes by
        place = Path(cache_from_source(str(file)))
        place.parent.mkdir(exist_ok=True)
        shutil.copy2(compiled, place)


def run(release: Path, *words: str, **environment: str) -> str:
    """What a module of that release prints; raises AssertionError where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=release,
        env={**os.environ, "PYTHONPATH": str(release), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
