"""Every example of a body in the documents is a request that works on the demo as it stands there.

The document is read again whenever something has changed: what exists only at run time stands in
it. A step needs a matter that has come so far; the examples that lead there are sent before it, by
whoever of the demo's people may.
"""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from services.gateway.documents.joining import each_operation
from tests.contracts.example_ways import way_to
from tests.system import System

pytestmark = [pytest.mark.xdist_group("system"), pytest.mark.slow]

SOON = 3.0
PATIENCE = {
    "recall_ticket": 10.0,
    "verify_rating": 10.0,
    "give_rating": 10.0,
    "ask_to_rate": 10.0,
    "dispute_duty": 120.0,
}
"""Seconds to wait: events take a moment, and so do the demo's portals."""
PLACEHOLDER = "01993f6a-6c00-7abc-8def-0123456789ab"
"""Stands for an id where there is none at run time."""
SECRETS = {
    "issue_token": "the password of an account, which no document shows",
    "change_password": "the same",
    "set_password_by_link": "the token of a one-time link, which only its owner gets",
    "approve_account": "an account whose owner has set a password by that link",
}
TIME = {
    "correct_no_show": "an appointment that nobody came to: the demo's day is not over",
    "appeal_penalty": "a penalty, which follows from such appointments",
    "lift_penalty": "the same",
    "drop_quarantined_letter": "a flood of equal letters",
    "release_quarantined_letter": "the same",
    "reject_quarantine_appeal": "the same",
    "confirm_project_names": "a project that an officer has renamed",
    "read_appointment_contact": "an appointment that staff booked for somebody",
}
AFTER_A_WALK = {"dispute_duty", "decide_dispute", "accept_match", "reject_match"}
"""Tried last: by then the demo's portals have been read."""
SOONEST = "check_in_appointment"
"""Tried first, while the next day is free."""
ASKED = ("dry_run", "title")
"""What an import says besides its file."""
TRANSPORT = {
    *{"connection", "content-length", "content-type", "date", "server", "transfer-encoding"},
    *{"vary", "content-encoding", "content-security-policy", "x-content-type-options"},
}
"""What HTTP itself says of any answer, and what keeps browsers safe."""


class Visitor:
    """Sends what the document shows, as one of the demo's people."""

    def __init__(self, system: System) -> None:
        self.url = system.url
        self.client = httpx.Client(base_url=system.url, timeout=60)
        self.read: dict[str, Any] | None = None
        self.worked: set[str] = set()
        people = system.accounts().values()
        self.people = [(one["role"], system.sign_in(one["account"])) for one in people]

    def tidy_halls(self) -> None:
        """Closes the windows that others left open, and lets a recall follow a call at once."""
        rules = {"rules": {"recall_gap_seconds": 1}, "basis": "本中心优先服务规定〔2026〕3号"}
        managers = [headers for role, headers in self.people if role == "hall_manager"]
        for hall in self.client.get("/api/v1/halls").json()["items"]:
            path = f"/api/v1/halls/{hall['code']}"
            for headers in managers:
                self.client.put(f"{path}/queue-policy", json=rules, headers=headers)
                answer = self.client.get(f"{path}/windows", headers=headers)
                listed = answer.json() if answer.is_success else []
                for window in listed if isinstance(listed, list) else listed["items"]:
                    self.client.post(f"/api/v1/windows/{window['id']}/close", headers=headers)

    def document(self) -> dict[str, Any]:
        """What is served now: read again once a request has changed something."""
        if self.read is None:
            self.read = self.client.get("/openapi.json").json()
        return self.read

    def who_may(self, operation: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        """The headers of whose role the operation names; a citizen's, where anybody may call."""
        security = operation.get("security", [{}])
        if {} in security:
            yield self.people[0][1]
            return
        scopes = {scope for one in security for own in one.values() for scope in own}
        yield from (headers for role, headers in self.people if role in scopes or not scopes)

    def send(self, name: str) -> list[httpx.Response]:
        """The answers to the example of `name`, until one is a success."""
        path, method, operation = next(
            found
            for found in each_operation(self.document()["paths"])
            if found[2]["operationId"] == name
        )
        answers: list[httpx.Response] = []
        for headers in self.who_may(operation):
            request = built(self.client, path, method, operation)
            if PLACEHOLDER in request.url.path:
                break  # nothing has come so far
            request.headers.update(headers)
            answers.append(self.client.send(request))
            if answers[-1].is_success:
                self.read = None
                self.worked.add(name)
                break
        return answers

    def send_until(self, name: str, *, seconds: float) -> list[httpx.Response]:
        """The same, tried again for a while."""
        deadline = time.monotonic() + seconds
        while not ((answers := self.send(name)) and answers[-1].is_success):
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
            self.read = None
        return answers


def built(
    client: httpx.Client, path: str, method: str, operation: Mapping[str, Any]
) -> httpx.Request:
    """The request that the document shows."""
    query, headers = {}, {}
    for parameter in operation.get("parameters", ()):
        if "example" not in parameter:
            continue
        name, value = parameter["name"], parameter["example"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", str(value))
        elif (
            parameter["in"] == "query" and parameter.get("required") or name in ("dry_run", "title")
        ):
            query[name] = value
        elif name.lower() in ("if-match", "idempotency-key"):
            headers[name] = value
    media, content = next(iter(operation["requestBody"]["content"].items()))
    body, headers["Content-Type"] = content["example"], media
    if media == "application/x-www-form-urlencoded":
        return client.build_request(method, path, params=query, headers=headers, data=body)
    sent = json.dumps(body) if media == "application/json" else body
    return client.build_request(method, path, params=query, headers=headers, content=sent)


@pytest.fixture(scope="module")
def visitor(system: System) -> Iterator[Visitor]:
    found = Visitor(system)
    found.tidy_halls()
    yield found
    found.client.close()


def test_every_body_has_an_example(visitor: Visitor) -> None:
    lacking = [
        operation["operationId"]
        for _, _, operation in each_operation(visitor.document()["paths"])
        if "requestBody" in operation
        and "example" not in next(iter(operation["requestBody"]["content"].values()))
    ]
    assert lacking == [], "put it into the service's examples.json"


def test_every_example_works_on_the_demo(visitor: Visitor) -> None:
    paths = visitor.document()["paths"]
    operations = {o["operationId"]: o for _, _, o in each_operation(paths)}
    names = [name for name, one in operations.items() if "requestBody" in one]
    refused: dict[str, list[str]] = {}
    undeclared: set[str] = set()
    for name in sorted(names, key=_turn):
        if name in SECRETS | TIME | dict.fromkeys(visitor.worked):
            continue
        answers = visitor.send(name)
        if not (answers and answers[-1].is_success):
            for step in way_to(name):
                visitor.send(step)
            answers = visitor.send_until(name, seconds=PATIENCE.get(name, SOON))
        undeclared |= {f"{name}: {h}" for a in answers for h in _undeclared(operations[name], a)}
        if not (answers and answers[-1].is_success):
            refused[name] = [f"{a.request.url.path} {a.status_code} {a.text}" for a in answers]
    assert not refused, "\n".join(f"{name}: {answers}" for name, answers in refused.items())
    assert undeclared == set()


def _turn(name: str) -> int:
    return 0 if name == SOONEST else 2 if name in AFTER_A_WALK else 1


def _undeclared(operation: Mapping[str, Any], answer: httpx.Response) -> set[str]:
    """The headers of an answer that the document does not name."""
    declared = operation["responses"].get(str(answer.status_code), {}).get("headers", {})
    known = {name.lower() for name in declared} | TRANSPORT
    return {name for name in answer.headers if name not in known}
