"""Every example of a body in the documents is a request that works on the demo as it stands there.

What exists only at run time stands in the document: it is read again where an example has been
sent or does not work any more. A step needs a matter that has come so far; the examples that lead
there are sent before it, by whoever of the demo's people may. What else it takes, and who has the
secrets that stand in no document, says `example_cases.py`.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import pytest

from services.gateway.documents.joining import each_operation
from tests.contracts.example_cases import CASES, Secrets
from tests.contracts.example_ways import way_to
from tests.system import System

pytestmark = [pytest.mark.xdist_group("system"), pytest.mark.slow]

SOON = 3.0
PATIENCE = {
    "recall_ticket": 10.0,
    "verify_rating": 10.0,
    "give_rating": 10.0,
    "ask_to_rate": 10.0,
    "dispute_duty": 300.0,
}
"""Seconds to wait at most: events take a moment, and so do the demo's portals."""
PLACEHOLDER = "01993f6a-6c00-7abc-8def-0123456789ab"
"""Stands for an id where there is none at run time."""
TIME = {
    "correct_no_show": "an appointment of today that nobody came to: its time has to go by first",
    "appeal_penalty": "a penalty, which follows from several such appointments",
    "lift_penalty": "the same",
}
"""Sent by no test here: their case takes hours or days (`tests/appointments/` hands in a clock)."""
AFTER_A_WALK = {"dispute_duty", "decide_dispute", "accept_match", "reject_match"}
"""Tried late: by then the demo's portals have been read."""
UNDOES_PROOFS = {"put_absence_policy", "put_portal", "put_portal_rule", "put_unit"}
"""Tried last: by what these change, nothing is proven absent for an hour, or until all is read."""
OF_THE_NEWEST = {"grant_account", "identify_account"}
"""Whatever they were about before works, too, but is not what the next step is about."""
OWNERS = "change_password"
"""Sent by whoever has set a password by a link."""
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
        self.client = httpx.Client(base_url=system.url, timeout=60)
        self.read: dict[str, Any] | None = None
        self.sent: set[str] = set()
        self.has_changed = False
        self.worked: set[str] = set()
        self.secrets = Secrets()
        self.accounts = system.accounts()
        people = self.accounts.values()
        self.people = [(one["role"], system.sign_in(one["account"])) for one in people]

    def as_(self, role: str) -> dict[str, str]:
        """The headers of the first of them in a role."""
        return next(headers for own, headers in self.people if own == role)

    def password(self, account: str) -> str:
        """What `make accounts` shows."""
        return str(self.accounts[account]["password"])

    def read_portals(self) -> None:
        """Has the portals of the units that dispute read at once, and again by themselves."""
        auditor = self.as_("auditor")
        for unit in ("D01", "D03"):
            portal = self.client.get("/api/v1/portals", params={"unit": unit}, headers=auditor)
            for one in portal.json()["items"]:
                self.client.post(
                    f"/api/v1/portals/{one['id']}/runs", json={"kind": "full"}, headers=auditor
                )

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
        """What is served now, if it was not read before."""
        if self.read is None:
            self.read = self.client.get("/openapi.json").json()
            self.sent, self.has_changed = set(), False
        return self.read

    def operation(self, name: str) -> tuple[str, str, dict[str, Any]]:
        """Path, method and what the document says of it."""
        found = each_operation(self.document()["paths"])
        return next(one for one in found if one[2]["operationId"] == name)

    def example(self, name: str) -> Any:
        """The body that the document shows now."""
        self.read = None
        return next(iter(self.operation(name)[2]["requestBody"]["content"].values()))["example"]

    def path_of(self, name: str) -> str:
        """The first parameter of the path, as the document shows it."""
        parameters = self.operation(name)[2]["parameters"]
        return str(next(one["example"] for one in parameters if one["in"] == "path"))

    def who_may(self, operation: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        """The headers of whose role the operation names; a citizen's, where anybody may call."""
        security = operation.get("security", [{}])
        if {} in security:
            yield self.people[0][1]
            return
        scopes = {scope for one in security for own in one.values() for scope in own}
        yield from (headers for role, headers in self.people if role in scopes or not scopes)

    def send(self, name: str) -> list[httpx.Response]:
        """The answers to the example of `name`, until one is a success.

        What was read before may still work; a key that was used says what it said.
        """
        if name in self.sent or name in OF_THE_NEWEST:
            self.read = None
        answers = self._send(name)
        if not _worked(answers) and self.has_changed:
            self.read = None
            answers += self._send(name)
        return answers

    def _send(self, name: str) -> list[httpx.Response]:
        path, method, operation = self.operation(name)
        answers: list[httpx.Response] = []
        for headers in [self.secrets.owner(self)] if name == OWNERS else self.who_may(operation):
            request = built(self.client, path, method, operation, self.secrets.put_in(self, name))
            if PLACEHOLDER in request.url.path:
                break  # nothing has come so far
            request.headers.update(headers)
            answers.append(self.client.send(request))
            self.sent.add(name)
            if answers[-1].is_success:
                self.has_changed = True
                self.worked.add(name)
                self.secrets.keep(name, answers[-1])
                break
        return answers

    def prepare(self, name: str) -> None:
        """Brings the matter as far as `name` needs it."""
        for step in way_to(name):
            self.send(step)
        if name in CASES:
            CASES[name](self)
            self.read = None

    def send_until(self, name: str, *, seconds: float) -> list[httpx.Response]:
        """The same, tried again for a while."""
        deadline = time.monotonic() + seconds
        while not _worked(answers := self.send(name)) and time.monotonic() < deadline:
            time.sleep(1)
            self.read = None
        return answers


def _worked(answers: Sequence[httpx.Response]) -> bool:
    return bool(answers) and answers[-1].is_success


def built(
    client: httpx.Client,
    path: str,
    method: str,
    operation: Mapping[str, Any],
    secrets: Mapping[str, str],
) -> httpx.Request:
    """The request that the document shows, with the secrets of who sends it."""
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
    body = {**body, **secrets} if secrets else body
    if media == "application/x-www-form-urlencoded":
        return client.build_request(method, path, params=query, headers=headers, data=body)
    sent = json.dumps(body) if media == "application/json" else body
    return client.build_request(method, path, params=query, headers=headers, content=sent)


@pytest.fixture(scope="module")
def visitor(system: System) -> Iterator[Visitor]:
    found = Visitor(system)
    found.tidy_halls()
    found.read_portals()
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
        if name in TIME | dict.fromkeys(visitor.worked):
            continue
        answers = visitor.send(name)
        if not _worked(answers):
            visitor.prepare(name)
            answers += visitor.send_until(name, seconds=PATIENCE.get(name, SOON))
        undeclared |= {f"{name}: {h}" for a in answers for h in _undeclared(operations[name], a)}
        if not _worked(answers):
            refused[name] = [f"{a.request.url.path} {a.status_code} {a.text}" for a in answers]
    assert not refused, "\n".join(f"{name}: {answers}" for name, answers in refused.items())
    assert undeclared == set()


def _turn(name: str) -> int:
    if name in AFTER_A_WALK | UNDOES_PROOFS:
        return 3 if name in UNDOES_PROOFS else 2
    return 0 if name == SOONEST else 1


def _undeclared(operation: Mapping[str, Any], answer: httpx.Response) -> set[str]:
    """The headers of an answer that the document does not name."""
    declared = operation["responses"].get(str(answer.status_code), {}).get("headers", {})
    known = {name.lower() for name in declared} | TRANSPORT
    return {name for name in answer.headers if name not in known}
