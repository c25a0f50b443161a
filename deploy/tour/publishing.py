"""先审后发: a document is drafted, checked for secrets, approved by another, and then goes out."""

import base64
from typing import Any

import httpx

from deploy.tour.visiting import Door, Person, TourStopped
from shared.errors import Text

LOOPBACK = ("127.0.0.1", "localhost")
DOCUMENT = base64.b64encode(b"%PDF-1.7\n%%EOF\n").decode()
"""What is to be published, checked and approved: the tour's is an empty one."""
BASIS = "已按保密审查制度审查，不涉及国家秘密、商业秘密和个人隐私"


def publish(door: Door, duty: dict[str, Any], officer: Person) -> str | None:
    """The address of the page that the unit puts up once it is approved.

    None where the unit's site cannot be reached from here: what is ordered waits then.
    """
    entry = _approved(door, duty, officer)
    url = _put_up(door, duty)
    if url is None:
        door.narrator.step(
            Text("单位的网站不在本机，等它自己发布", "its site is elsewhere: the order waits")
        )
        return None
    if entry["state"] == "approved":
        out = {"places": [{"carrier_code": "city-portal", "url": url}]}
        officer.post(f"/release-register/{entry['id']}/release", out)
    door.narrator.step(
        Text("批准之后，单位在自己的网站上发布", "once approved, the unit publishes on its site"),
        Text(url, url),
    )
    return url


def _approved(door: Door, duty: dict[str, Any], officer: Person) -> dict[str, Any]:
    """The entry of the register: three persons have their hands in it."""
    entry = _known(officer, duty) or officer.post("/release-register", _draft(duty))
    path = f"/release-register/{entry['id']}"
    if entry["state"] == "draft" and entry["document"] is None:
        given = {"name": "公示.pdf", "content": DOCUMENT}
        entry = officer.put(f"{path}/document", given, version=entry["version"])
    steps = (
        ("draft", officer, "submit", None),
        ("submitted", door.sign_in("reviewer1"), "check", {"basis": BASIS}),
        ("checked", door.sign_in("reviewer2"), "approve", None),
    )
    for state, person, action, body in steps:
        if entry["state"] == state:
            entry = person.post(f"{path}/{action}", body, version=entry["version"])
    door.narrator.step(
        Text(
            "先审后发：经办人起草，一人保密审查，另一人批准",
            "approved before it goes out: one drafts, one checks for secrets, another approves",
        ),
        Text(f"登记备案号 {entry['register_no']}", f"registered as {entry['register_no']}"),
    )
    found: dict[str, Any] = entry
    return found


def _known(officer: Person, duty: dict[str, Any]) -> dict[str, Any] | None:
    """The entry that was begun before."""
    entries = officer.every("/release-register", unit=duty["unit_code"])
    usable = [e for e in entries if e["duty_id"] == duty["id"] and e["state"] in _GOING_ON]
    return usable[0] if usable else None


_GOING_ON = ("draft", "submitted", "checked", "approved", "released", "verified")


def _draft(duty: dict[str, Any]) -> dict[str, Any]:
    kept = ("unit_code", "item_code", "project_code", "doc_no")
    title = f"关于{duty['project_name']}{duty['item_name']}的公示"
    return {name: duty[name] for name in kept} | {"duty_id": duty["id"], "title": title}


def _put_up(door: Door, duty: dict[str, Any]) -> str | None:
    """What the unit's editor does on the demo's portal, which is a site of its own."""
    portals = door.sign_in("auditor1").every("/portals")
    mine = [one for one in portals if one["id"] == f"demo-{duty['unit_code']}"]
    start = httpx.URL(mine[0]["start_url"]) if mine else None
    if start is None or start.host not in LOOPBACK:
        return None
    wanted = {"unit_code": duty["unit_code"], "doc_no": duty["doc_no"]}
    try:
        answer = httpx.post(start.join("/manage/pages"), json=wanted, trust_env=False)
    except httpx.ConnectError:
        return None
    if answer.is_error:
        raise TourStopped(f"POST {answer.url}: {answer.status_code} {answer.text}")
    return str(start.join(answer.json()["path"]))
