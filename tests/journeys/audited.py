"""Disclosure from the web to a signed report, as `make audit-demo` shows it."""

import re
import subprocess
import sys

import httpx

from tests.system import ROOT, System


def _shown(system: System) -> str:
    """What it tells, in Chinese; English is what the tour's test reads of the same steps."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.audit_demo"],
        cwd=ROOT, env={**system.environment, "LANG": "C.UTF-8"}, capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _proven(system: System) -> dict[str, dict[str, object]]:
    """The orders that were closed by proof, by number."""
    path, auditor = f"{system.url}/api/v1/rectifications", system.sign_in("auditor1")
    query = {"state": "closed", "limit": "200"}
    listed = httpx.get(path, params=query, headers=auditor, timeout=30).json()["items"]
    return {order["number"]: order for order in listed if order["closing"] == "proof"}


def ends_in_a_signed_report(system: System) -> None:
    before = _proven(system)
    told = _shown(system)
    after = _proven(system)
    new = after.keys() - before.keys()
    assert len(new) == 1, told
    [number] = new
    order = after[number]
    assert f"{number} 复核属实，办结" in told
    assert (order["cause"], order["verdict"], order["rectified"]) == ("overdue", "late", True)
    assert "本人签发被拒（409）" in told, "nobody signs a report of their own"
    address = re.search(r"http://\S+/reports/\S+\.html", told)
    assert address is not None, told
    page = httpx.get(address[0], timeout=30)
    assert page.status_code == 200
    assert "签发〔" in page.text
    assert "季度信息公开监察报表" in page.text
