"""How the proof of a case may be forged so that its manifest still fits, and what is said of it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from deploy import check_proof
from tests.projects.proof_cases import at
from tests.projects.proofs import Files, forged
from tests.projects.proven import FIRST


def edited(name: str, *path: Any, to: Any) -> Callable[[Files], Files]:
    """The proof with one value of a file changed, and a manifest that knows of it."""

    def edit(content: Any) -> None:
        for step in path[:-1]:
            content = content[step]
        assert content[path[-1]] != to
        content[path[-1]] = to

    return lambda files: forged(files, edit, name)


def _as_recorded(name: str, *path: Any, to: Any) -> Callable[[Files], Files]:
    """The same of an observation that no report has sealed, with the hash that it has then."""

    def forge(files: Files) -> Files:
        changed = edited(name, *path, to=to)(files)
        owner = json.loads(changed["duty.json"])["duty_id"]
        facts = json.loads(changed["facts.json"])
        value = check_proof.fact_hash(facts[0], owner)
        unsealed = edited("facts.json", 0, "proof", to=None)(changed)
        return edited("facts.json", 0, "sha256", to=value)(unsealed)

    return forge


def _left_out(files: Files) -> Files:
    """What was captured is named as too long to be sent."""
    ids = sorted({name.split("/")[1] for name in files if name.startswith("evidence/")})
    kept = {name: body for name, body in files.items() if not name.startswith("evidence/")}
    manifest = json.loads(kept["manifest.json"])
    manifest["files"] = {name: each for name, each in manifest["files"].items() if name in kept}
    kept["manifest.json"] = json.dumps(manifest).encode()
    return edited("walks.json", "left_out", to=ids)(kept)


_IN_TIME, _CLAIMED, _OVERDUE = "seen on the last day", "claims the last day", "absent"
_REST = {"date": "2026-03-04", "is_workday": False, "notice": ""}
_YEAR_BEFORE = (FIRST - timedelta(days=365)).isoformat()
FORGED: dict[str, tuple[str, Callable[[Files], Files], str]] = {
    "seen on another day": (
        _CLAIMED,
        edited("facts.json", 0, "observed_at", to=at(41).isoformat()),
        "the observation was changed",
    ),
    "nothing was captured": (
        _IN_TIME,
        _as_recorded("facts.json", 0, "evidence_id", to=None),
        "no evidence goes with the observation",
    ),
    "what was captured is left out": (_IN_TIME, _left_out, "its evidence was left out"),
    "it was seen before it was captured": (
        _IN_TIME,
        _as_recorded("facts.json", 0, "observed_at", to=at(3).isoformat()),
        "its evidence is later than it was seen",
    ),
    "its page claims another day": (
        _CLAIMED,
        _as_recorded("facts.json", 0, "claimed_at", to=at(9).isoformat()),
        "its page does not state the day",
    ),
    "it is of no report": (
        _CLAIMED,
        edited("facts.json", 0, "proof", 0, "hash", to="0" * 64),
        "its path does not lead to the report",
    ),
    "another report": (
        _CLAIMED,
        edited("report.json", "evidence_root", to="0" * 64),
        "its path does not lead to the report",
    ),
    "no list shows the absence": (
        _OVERDUE,
        edited("walks.json", "lists", to=[]),
        "no list shows the absence",
    ),
    "the lists are left out": (
        _OVERDUE,
        _left_out,
        "nothing that was captured of it is in the file",
    ),
    "the list was read long before": (
        _OVERDUE,
        edited("walks.json", "lists", 0, "started_at", to=_YEAR_BEFORE),
        "it was read at another time",
    ),
    "the list was captured at another time": (
        _OVERDUE,
        edited("walks.json", "lists", 0, "finished_at", to=at(45).isoformat()),
        "a capture is not of this reading",
    ),
    "the list is of another place": (
        _OVERDUE,
        edited("walks.json", "lists", 0, "portal_id", to="p9"),
        "a capture is of another place",
    ),
    "an extension that nobody ruled": (
        _OVERDUE,
        edited("duty.json", "clock", "extended_by", to=60),
        "the rulings add 0 days",
    ),
    "an exemption that nobody ruled": (
        _OVERDUE,
        edited("duty.json", "hold", to="exempt"),
        "the rulings make it None",
    ),
    "an exemption that is not told": (
        "exempt",
        edited("duty.json", "rulings", to=[]),
        "the rulings make it None",
    ),
    "a day less": (
        _OVERDUE,
        lambda files: forged(files, lambda found: found["days"].pop(5), "calendar.json"),
        "a day is missing after",
    ),
    "a day of rest by no notice": (
        _OVERDUE,
        edited("calendar.json", "days", 2, to=_REST),
        "no notice is named for 2026-03-04",
    ),
}
"""Forgeries of a case, each with its manifest, and what is said of them. What has no evidence is
said to be open, and the rest to differ."""
