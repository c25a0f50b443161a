"""Disclosure from the web to a signed report, as `make audit-demo` shows it, time and again."""

import re
import subprocess
import sys

import httpx
import pytest

from tests.system import ROOT, System

pytestmark = pytest.mark.xdist_group("system")


def _shown(system: System, **environment: str) -> str:
    """What it tells."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.audit_demo"],
        cwd=ROOT, env={**system.environment, **environment}, capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _closed(system: System) -> list[dict[str, object]]:
    """Every order that was closed by proof."""
    path, auditor = f"{system.url}/api/v1/rectifications", system.sign_in("auditor1")
    query = {"state": "closed", "limit": "200"}
    listed = httpx.get(path, params=query, headers=auditor, timeout=30).json()["items"]
    return [order for order in listed if order["closing"] == "proof"]


@pytest.mark.slow
def test_a_fault_is_put_right_with_proof_and_the_quarter_is_signed(system: System) -> None:
    before = len(_closed(system))
    told = _shown(system, LANG="en_US.UTF-8")
    assert "is refused (409)" in told or "is refused (403)" in told, told
    [order, *_] = sorted(_closed(system), key=lambda one: str(one["ended_at"]), reverse=True)
    assert len(_closed(system)) == before + 1, told
    assert (order["cause"], order["verdict"], order["rectified"]) == ("overdue", "late", True)
    address = re.search(r"http://\S+/reports/\S+\.html", told)
    assert address is not None, told
    page = httpx.get(address[0], timeout=30)
    assert page.status_code == 200
    assert "签发" in page.text


@pytest.mark.slow
def test_it_can_be_shown_again_in_chinese(system: System) -> None:
    told = _shown(system, LANG="zh_CN.UTF-8")
    assert [
        word for word in ("登记备案号", "复核属实", "季报", "得分即公布") if word not in told
    ] == []
