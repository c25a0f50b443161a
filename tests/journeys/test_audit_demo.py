"""Disclosure from the web to a signed report, as `make audit-demo` shows it."""

import re
import subprocess
import sys
from uuid import uuid4

import httpx
import pytest

from tests.system import ROOT, System

pytestmark = pytest.mark.xdist_group("system")


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


def _owe(system: System) -> None:
    """A unit owes one thing more, for others may have had all that was overdue put right."""
    with httpx.Client(base_url=f"{system.url}/api/v1", timeout=30) as client:
        officer = system.sign_in("officer-d03")
        asked = {"unit": "D03", "limit": "200"}
        duties = client.get("/duties", params=asked, headers=officer).json()["items"]
        known = {(duty["project_code"], duty["item_code"]) for duty in duties}
        project, item = next(
            (project, item)
            for project in sorted({project for project, _ in known if project})
            for item in sorted({item for _, item in known if item.startswith("MP-02")})
            if (project, item) not in known
        )
        event = {"project_code": project, "item_code": item, "unit_code": "D03", "kind": "formed"}
        keyed = {**officer, "Idempotency-Key": uuid4().hex}
        made = client.post("/events", json=event | {"on": "2026-03-02"}, headers=keyed)
        assert made.status_code == 201, made.text


@pytest.mark.slow
def test_a_fault_is_put_right_with_proof_and_the_quarter_is_signed(system: System) -> None:
    _owe(system)
    before = _proven(system)
    told = _shown(system)
    [number] = _proven(system).keys() - before.keys()
    order = _proven(system)[number]
    assert f"{number} 复核属实，办结" in told
    assert (order["cause"], order["verdict"], order["rectified"]) == ("overdue", "late", True)
    assert "本人签发被拒（409）" in told, "nobody signs a report of their own"
    address = re.search(r"http://\S+/reports/\S+\.html", told)
    assert address is not None, told
    page = httpx.get(address[0], timeout=30)
    assert page.status_code == 200
    assert "签发〔" in page.text
    assert "季度信息公开监察报表" in page.text
