"""The main job from end to end, as `make tour` walks it (in Chinese: tests/faults/test_workers)."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.tour import rectifying
from shared.clock import now, today
from tests.system import ROOT, System

pytestmark = pytest.mark.xdist_group("system")


def _tour(system: System, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deploy.tour"],
        cwd=ROOT, env={**system.environment, **environment}, capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip


def _play(system: System) -> None:
    """Somebody tried every window by hand and left a person at each."""
    with httpx.Client(base_url=f"{system.url}/api/v1", timeout=30) as client:
        clerk, kiosk = system.sign_in("clerk1"), system.sign_in("device1")
        for window in client.get("/halls/H001/windows").json()["items"]:
            path = f"/windows/{window['id']}"
            client.post(f"{path}/open", json={}, headers=clerk)
            body = {"hall": "H001", "items": window["items"][:1]}
            key = {"Idempotency-Key": f"played-at-window-{window['no']}"}
            issued = client.post("/tickets", json=body, headers={**kiosk, **key})
            assert issued.status_code == 201, issued.text
            called = client.post(f"{path}/call-next", headers={**clerk, **key})
            is_busy = called.is_error and called.json()["type"] == "/problems/window-busy"
            assert called.status_code == 200 or is_busy, called.text  # somebody is there: as wanted
            if window["no"] == 2:
                client.post(f"{path}/close", headers=clerk)
        _wait_in_line(client, clerk, system.sign_in("citizen1"))
        busy = client.get("/halls/H001/windows-at-work", headers=clerk).json()["items"]
        assert all(window["ticket_id"] for window in busy)


def _wait_in_line(client: httpx.Client, clerk: dict[str, str], citizen: dict[str, str]) -> None:
    """Somebody waits for what the tour is about, and the tour's own citizen does."""
    items = client.get("/items", params={"hall": "H001"}).json()["items"]
    item = next(one["code"] for one in items if one["department_code"] == "PBOC")
    body = {"hall_code": "H001", "items": [item]}
    seen = {"class": "green_channel", "evidence": {"kind": "staff", "reason": "老人独自来办"}}
    for who, key, more in ((clerk, "first-in-line", seen), (citizen, "citizen1-waits", {})):
        keyed = {**who, "Idempotency-Key": f"tour-{key}-once"}
        issued = client.post("/tickets", json=body | more, headers=keyed)
        holds_one = who is citizen and issued.json().get("type") == "/problems/already-ticketed"
        assert issued.status_code == 201 or holds_one, issued.text


def _free_slots(system: System) -> int:
    with httpx.Client(base_url=f"{system.url}/api/v1", timeout=30) as client:
        items = client.get("/items", params={"hall": "H001"}).json()["items"]
        item = next(one["code"] for one in items if one["department_code"] == "PBOC")
        days = {"from": str(today(now())), "to": str(today(now()) + timedelta(days=14))}
        asked = {"hall": "H001", "item": item, "limit": 50, **days}
        free, cursor = 0, dict[str, str]()
        while True:
            page = client.get("/availability", params={**asked, **cursor}).json()
            free += len([slot for slot in page["items"] if slot["free"] > 0])
            if not page["next_cursor"]:
                return free
            cursor = {"cursor": page["next_cursor"]}


def _is_to_be_put_right(system: System) -> bool:
    """Whether a unit of the demo owes something: an order that the tour goes on with, or a duty
    that is overdue and that nobody is at."""
    with httpx.Client(base_url=f"{system.url}/api/v1", timeout=30) as client:
        auditor = system.sign_in("auditor1")

        def listed(path: str, **asked: str) -> list[dict[str, Any]]:
            found = client.get(path, params={"limit": "100", **asked}, headers=auditor)
            assert found.status_code == 200, found.text
            return list(found.json()["items"])

        for unit in rectifying.OFFICERS:
            orders = listed("/rectifications", unit=unit)
            ours = [one for one in orders if one["demand"] == rectifying.DEMAND]
            duties = listed("/duties", unit=unit, verdict="overdue")
            taken = [one for one in duties if one["in_rectification"] or one["dispute"]]
            free = [one for one in duties if one not in taken]
            if any(one["state"] in (*rectifying.WITH_UNIT, "replied") for one in ours):
                return True
            if any(one["project_code"] and not one["subject"] for one in free):
                return True
    return False


def _of_an_order(walked: str, *, owes: bool) -> tuple[str, ...]:
    """What the tour says of an order: of a new one all of it. Others may have had everything put
    right: then it shows the last one, or that there is none, but not while something is owed."""
    shown = ("the life line of its project is public", "checked independently")
    if "an auditor has it put right" in walked:
        return (*shown, "approved before it goes out", "the unit replies with the address")
    if owes:
        return (*shown, "is open from before")
    nothing = "there is nothing to be put right"
    return (nothing,) if nothing in walked else (*shown, "the last order")


@pytest.mark.slow
def test_the_tour_can_be_walked_in_english_after_somebody_played(system: System) -> None:
    _play(system)
    free, owes = _free_slots(system), _is_to_be_put_right(system)
    walked = _tour(system, LANG="en_US.UTF-8")
    assert walked.returncode == 0, walked.stdout + walked.stderr
    for said in (
        "is served first",
        "call next",
        "put right",
        "somebody else has to call",
        "opens its rectification by itself",
        "all opinions are there",
        "supervision order",
        "shown once",
        "given up for a new one",
        "two people with two matters are one booking",
        "what is left of the visit",
        "is booked out",
        "the citizen reads the notice in their inbox",
        "A time has become free",
        "the citizen confirms in time",
        "disputes and exemptions have lists",
    ):
        assert said in walked.stdout, walked.stdout
    for said in _of_an_order(walked.stdout, owes=owes):
        assert said in walked.stdout, walked.stdout
    assert re.search(r"serves \d+ (person|people) first", walked.stdout), walked.stdout
    told = re.search(r"out of (\d+) free slots", walked.stdout)
    assert told is not None
    assert abs(int(told[1]) - free) <= 2, "no more than who came or went meanwhile"


@pytest.mark.slow
def test_the_tour_does_nothing_in_a_system_that_does_not_know_its_accounts(
    system: System, tmp_path: Path
) -> None:
    others = tmp_path / "accounts.json"
    others.write_text(json.dumps([{"account": "citizen1", "password": "another-city-s-password"}]))
    walked = _tour(system, ONEDOOR_DEMO_ACCOUNTS=str(others), LANG="en")
    assert walked.returncode == 1
    assert "does not know these demo accounts. Nothing was done there." in walked.stderr
    assert walked.stdout == ""


def test_without_a_system_the_tour_says_what_to_do(tmp_path: os.PathLike[str]) -> None:
    environment = {**os.environ, "ONEDOOR_DATA": str(tmp_path), "PORT": "1"}
    walked = subprocess.run(
        [sys.executable, "-m", "deploy.tour"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert walked.returncode == 1
    assert "make run" in walked.stderr
