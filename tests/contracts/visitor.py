"""Whoever tries what the documents show: every operation of the demo, by the people who may.

What exists only at run time stands in the document: it is read again where an example has been
sent or does not work any more. A step needs a matter that has come so far; the examples that lead
there are sent before it, by whoever of the demo's people may. What else it takes, and who has the
secrets that stand in no document, says `example_cases.py`.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx
import orjson

from services.gateway.documents.joining import each_operation
from tests.contracts.example_cases import CASES, Secrets
from tests.contracts.example_order import (
    AFTER_A_WALK,
    OF_THE_NEWEST,
    OWNERS,
    PATIENCE,
    SOON,
    SOONEST,
    TIME,
    UNDOES_PROOFS,
)
from tests.contracts.example_ways import way_to
from tests.system import System

PLACEHOLDER = "01993f6a-6c00-7abc-8def-0123456789ab"
"""Stands for an id where there is none at run time."""
MOST_GUESSES = 6
ASKED = {"hall": "H001"}
"""What a query needs where the document has no example."""
LASTS = "text/event-stream"
"""The type of an answer that never ends."""
METHODS = ("get", "put", "patch", "post", "delete")
"""Of what has no body: reads come first, and what deletes comes last."""


class Visitor:
    """Sends what the document shows, as one of the demo's people."""

    def __init__(self, system: System) -> None:
        self.client = httpx.Client(base_url=system.url, timeout=60)
        self.read: dict[str, Any] | None = None
        self._known: dict[str, Any] = {}
        self._known_as = ""
        self.sent: set[str] = set()
        self.has_changed = False
        self.worked: dict[str, httpx.Response] = {}
        self.refused: dict[str, list[str]] = {}
        self.answers: dict[str, list[httpx.Response]] = defaultdict(list)
        self._templates = {name: path for name, (path, _, _) in self.operations().items()}
        self.secrets = Secrets()
        self._carried = system.data / "notices.jsonl"
        self.accounts = system.accounts()
        people = self.accounts.values()
        self.people = [(one["role"], system.sign_in(one["account"])) for one in people]

    def as_(self, role: str) -> dict[str, str]:
        """The headers of the first of them in a role."""
        return next(headers for own, headers in self.people if own == role)

    def password(self, account: str) -> str:
        """What `make accounts` shows."""
        return str(self.accounts[account]["password"])

    def carried(self, kind: str) -> list[dict[str, str]]:
        """The messages of a kind that would have left the house, in their order."""
        lines = self._carried.read_text().splitlines() if self._carried.exists() else []
        return [found for line in lines if (found := json.loads(line))["kind"] == kind]

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
            # It is read hundreds of times: as it is, and only where it has changed.
            headers = {"Accept-Encoding": "identity", "If-None-Match": self._known_as}
            answer = self.client.get("/openapi.json", headers=headers)
            if answer.status_code != HTTPStatus.NOT_MODIFIED:
                self._known, self._known_as = orjson.loads(answer.content), answer.headers["etag"]
            self.read, self.sent, self.has_changed = self._known, set(), False
        return self.read

    def operations(self) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """Path, method and what the document says of it, by the operation's id."""
        return {one[2]["operationId"]: one for one in each_operation(self.document()["paths"])}

    def operation(self, name: str) -> tuple[str, str, dict[str, Any]]:
        """The same of one."""
        return self.operations()[name]

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

    def send(self, name: str, **query: Any) -> list[httpx.Response]:
        """The answers to the example of `name`, until one is a success.

        What was read before may still work; a key that was used says what it said.
        """
        if name in self.sent or name in OF_THE_NEWEST:
            self.read = None
        answers = self._send(name, query)
        if not _worked(answers) and self.has_changed:
            self.read = None
            answers += self._send(name, query)
        return answers

    def _send(self, name: str, query: Mapping[str, Any]) -> list[httpx.Response]:
        path, method, operation = self.operation(name)
        secrets, answers = self.secrets.put_in(self, name), list[httpx.Response]()
        guesses = [{}] if "requestBody" in operation else self._guesses(path)
        for headers in [self.secrets.owner(self)] if name == OWNERS else self.who_may(operation):
            for values in guesses:
                request = built(self.client, path, method, operation, secrets, values, query)
                if PLACEHOLDER in request.url.path or "%7B" in request.url.raw_path.decode():
                    continue  # nothing has come so far
                request.headers.update(headers)
                answers.append(self._answer(name, request))
                if answers[-1].is_success:
                    return answers
                if answers[-1].status_code not in (404, 409, 422):
                    break
        return answers

    def _answer(self, name: str, request: httpx.Request) -> httpx.Response:
        request.headers["X-Request-ID"] = uuid4().hex
        if request.method != "GET":
            request.headers.setdefault("Idempotency-Key", uuid4().hex)
            self.sent.add(name)
        answer = self.client.send(request)
        self.answers[name].append(answer)
        if answer.is_success:
            self.has_changed = self.has_changed or request.method != "GET"
            self.worked.setdefault(name, answer)
            self.secrets.keep(name, answer)
        return answer

    def _guesses(self, path: str) -> list[dict[str, str]]:
        """What to put into the path: what stands there, or what worked in others, newest first."""
        wanted = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        found: list[dict[str, str]] = [{}]
        for name, answer in reversed(self.worked.items()):
            template = self._templates[name]
            parts = zip(template.split("/"), answer.request.url.path.split("/"), strict=False)
            known = {part[1:-1]: value for part, value in parts if part.startswith("{")}
            here = {part: known[part] for part in wanted if part in known}
            if here and here not in found:
                found.append(here)
        return found[:MOST_GUESSES]

    def walk(self) -> None:
        """Sends every example, those of a body first; what was refused stands in `refused`."""
        operations = self.operations()
        bodies = {name for name, one in operations.items() if "requestBody" in one[2]}
        for name in sorted(bodies - TIME.keys(), key=lambda name: (_turn(name), name)):
            if name not in self.worked:
                self._try(name)
        bare = operations.keys() - bodies - TIME.keys()
        for name in sorted(bare, key=lambda name: (METHODS.index(operations[name][1]), name)):
            if not _lasts(operations[name][2]) and name not in self.worked:
                self._try_bare(name)

    def _try(self, name: str) -> None:
        answers = self.send(name)
        if not _worked(answers):
            late = self.prepare(name)
            answers += self.send_until(name, *late, seconds=PATIENCE.get(name, SOON))
        if not _worked(answers):
            self.refused[name] = [f"{a.request.url.path} {a.status_code} {a.text}" for a in answers]

    def _try_bare(self, name: str) -> None:
        if not _worked(self.send(name)):
            self.prepare(name)
            self.send(name)

    def prepare(self, name: str) -> list[str]:
        """Brings the matter as far as `name` needs it; the steps that were refused."""
        late = [step for step in way_to(name) if not _worked(self.send(step))]
        if name in CASES:
            CASES[name](self)
            self.read = None
        return late

    def send_until(self, name: str, *late: str, seconds: float) -> list[httpx.Response]:
        """The same, tried again for a while: before it what came too early, such as a rating of
        what feedback has not heard of yet."""
        deadline = time.monotonic() + seconds
        while not _worked(answers := self.send(name)) and time.monotonic() < deadline:
            time.sleep(1)
            self.read = None
            late = tuple(step for step in late if not _worked(self.send(step)))
        return answers


def _turn(name: str) -> int:
    if name in AFTER_A_WALK | UNDOES_PROOFS:
        return 3 if name in UNDOES_PROOFS else 2
    return 0 if name == SOONEST else 1


def _lasts(operation: Mapping[str, Any]) -> bool:
    answers = operation["responses"].values()
    return any(LASTS in answer.get("content", {}) for answer in answers)


def _worked(answers: Sequence[httpx.Response]) -> bool:
    return bool(answers) and answers[-1].is_success


def built(
    client: httpx.Client,
    path: str,
    method: str,
    operation: Mapping[str, Any],
    secrets: Mapping[str, Any],
    values: Mapping[str, str],
    asked: Mapping[str, Any],
) -> httpx.Request:
    """The request that the document shows, with the secrets of who sends it; `values` go into its
    path, `asked` into its query."""
    query, headers = dict(asked), {}
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        value = parameter.get("example", ASKED.get(name))
        if value is None:
            continue
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", str(value))
        elif (
            parameter["in"] == "query" and parameter.get("required") or name in ("dry_run", "title")
        ):
            query[name] = value
        elif name.lower() in ("if-match", "idempotency-key"):
            headers[name] = value
    if "requestBody" not in operation:
        return client.build_request(method, path, params=query, headers=headers)
    media, content = next(iter(operation["requestBody"]["content"].items()))
    body, headers["Content-Type"] = content["example"], media
    body = {**body, **secrets} if secrets else body
    if media == "application/x-www-form-urlencoded":
        return client.build_request(method, path, params=query, headers=headers, data=body)
    sent = json.dumps(body) if media == "application/json" else body
    return client.build_request(method, path, params=query, headers=headers, content=sent)
