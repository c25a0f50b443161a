"""What anybody can check: a project's public page, and a verdict, without the system."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy import check_proof
from deploy.tour.visiting import Door, TourStopped
from shared.errors import Text


def show(door: Door, order: dict[str, Any]) -> None:
    """Of the duty that an order is about."""
    _page(door, order["project_code"])
    _proof(door, order["duty_id"])


def _page(door: Door, project: str) -> None:
    path = f"/projects/{project}.html"
    answer = door.anyone.send_patiently("GET", path)
    if answer.is_error:
        raise TourStopped(f"GET {path}: {answer.status_code} {answer.text}")
    door.narrator.step(
        Text("项目全过程公开，人人可看", "the life line of its project is public"),
        Text(f"/api/v1{path}", f"/api/v1{path}"),
    )


def _proof(door: Door, duty: str) -> None:
    """The bundle is checked in a process that gets nothing but the file."""
    answer = door.sign_in("auditor1").send_patiently("GET", f"/duties/{duty}/proof.zip")
    if answer.is_error:
        raise TourStopped(f"GET /duties/{duty}/proof.zip: {answer.status_code} {answer.text}")
    with TemporaryDirectory() as folder:
        bundle = Path(folder) / "proof.zip"
        bundle.write_bytes(answer.content)
        checked = subprocess.run(
            [sys.executable, "-I", str(check_proof.__file__), str(bundle)],
            capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
            env={"PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
    said = checked.stdout.strip().partition("\n")[0]
    # What was captured today is sealed tonight: until then the program leaves it open.
    if checked.returncode == 1 or not said.startswith(("✓", "? 20")):
        raise TourStopped(f"check_proof: {checked.stdout}{checked.stderr}")
    door.narrator.step(
        Text(
            f"下载结论的证明（{len(answer.content) // 1024} KB），用独立程序核对",
            f"the proof of the verdict, {len(answer.content) // 1024} KB, checked independently",
        ),
        Text(said.partition(" | ")[0], f"{said[0]} {said.partition(' | ')[2]}"),
    )
