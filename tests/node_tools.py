"""Programs of the npm registry that read our documents, installed once into `.tools/`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_INSTALL = ("npm", "install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts")


def installed(name: str, *packages: str) -> Path:
    """The folder of the tool `name`, with these packages (`name@version`) in its `node_modules`.

    Skips the test, with the reason, where they cannot be had.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip(f"node and npm are not installed: {name} runs on them")
    folder = ROOT / ".tools" / name
    missing = [one for one in packages if _version(folder, one) != one.rpartition("@")[2]]
    if missing:
        done = subprocess.run([*_INSTALL, "--prefix", str(folder), *packages], capture_output=True)
        if done.returncode:
            pytest.skip(f"{', '.join(missing)} cannot be installed from the npm registry")
    return folder


def _version(folder: Path, package: str) -> str | None:
    manifest = folder / "node_modules" / package.rpartition("@")[0] / "package.json"
    if not manifest.exists():
        return None
    found: str = json.loads(manifest.read_text())["version"]
    return found
