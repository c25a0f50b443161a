"""How the tour acts: signs people in, calls the API as them, waits for what events bring."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from deploy.tour.narrator import Narrator
from shared.errors import Text

PATIENCE_SECONDS = 60
POLL_SECONDS = 0.05
RETRIES = 5

T = TypeVar("T")


class TourStopped(Exception):
    """A step did not go as it must; the message says which and how."""


class NotOurSystem(TourStopped):
    """What answers is not the system whose accounts the tour holds; nothing was done there."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass
class Person:
    """Somebody who calls the API: a demo account, or nobody in particular."""

    door: "Door"
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> Any:
        """The answer's JSON."""
        return self._send("GET", path, params=query)

    def every(self, path: str, **query: Any) -> list[Any]:
        """The items of all pages of a list."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=200, **query, **cursor)
            found += page["items"]
            if not page["next_cursor"]:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def post(self, path: str, body: Any = None, *, version: int | None = None) -> Any:
        """The answer's JSON, None for 204; each call has an Idempotency-Key of its own."""
        headers = {"Idempotency-Key": uuid4().hex}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return self._send("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Any, *, version: int) -> Any:
        """The answer's JSON, of what stands there as it was read in that version."""
        return self._send("PUT", path, json=body, headers={"If-Match": f'"{version}"'})

    def delete(self, path: str) -> Any:
        """The answer's JSON."""
        return self._send("DELETE", path)

    def status(self, method: str, path: str, body: Any = None) -> int:
        """Only the status: for what must be refused."""
        return self._request(method, path, json=body).status_code

    def attempt(self, path: str, wanted: Any) -> tuple[Any, str | None]:
        """The answer's JSON and None; or the problem's and its type, for what may be refused."""
        headers = {"Idempotency-Key": uuid4().hex}
        answer = self.send_patiently("POST", path, json=wanted, headers=headers)
        body = answer.json()
        return body, (body.get("type", "") if answer.is_error else None)

    def _send(self, method: str, path: str, **how: Any) -> Any:
        answer = self.send_patiently(method, path, **how)
        if answer.is_error:
            raise TourStopped(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def send_patiently(self, method: str, path: str, **how: Any) -> httpx.Response:
        """The answer, waited for where the door has too much to do just now."""
        answer = self._request(method, path, **how)
        for _ in range(RETRIES):  # the same key: however often it is sent, it is done once
            if answer.status_code not in (429, 503, 504):
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
            answer = self._request(method, path, **how)
        return answer

    def _request(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = {**self.headers, **how.pop("headers", {})}
        url = path if path.startswith("/live") else f"/api/v1{path}"
        return self.door.client.request(method, url, headers=headers, **how)


def _key_ids(answer: httpx.Response) -> set[str] | None:
    """The ids of the keys that a system publishes; None where the answer is no key set."""
    try:
        return {str(key["kid"]) for key in answer.json()["keys"]}
    except (ValueError, KeyError, TypeError):
        return None


class Door:
    """The gateway, and who comes through it."""

    def __init__(self, url: str, accounts: Path, narrator: Narrator) -> None:
        language = "en" if narrator.tongue == "en" else "zh-CN"
        self.client = httpx.Client(
            base_url=url, timeout=30, headers={"Accept-Language": language}, trust_env=False
        )
        self.url = url.rstrip("/")
        self.narrator = narrator
        self._passwords = {a["account"]: a["password"] for a in json.loads(accounts.read_text())}
        self._keys = accounts.parent / "keys"
        self._signed_in: dict[str, Person] = {}
        self.anyone = Person(self)

    def recognise(self) -> None:
        """Makes sure that this is the system whose accounts we hold, before anything is done.

        A letter or a booking of the tour has no place in a system that serves a city, and our
        passwords none with a stranger: the system is known by its public keys first. Raises
        NotOurSystem.
        """
        answer = self.client.get("/.well-known/jwks.json")
        published = _key_ids(answer)
        if published is None:
            raise NotOurSystem(Text("那里应答的不是一扇门", "what answers there is not OneDoor"))
        ours = {json.loads(path.read_text())["kid"] for path in self._keys.glob("*.jwk")}
        if ours and not ours & published:
            raise NotOurSystem(
                Text("那里是另一个系统，密钥不同", "that is another system: its keys are others")
            )
        try:
            self.sign_in("citizen1")
        except TourStopped as stopped:
            if ": 400 " not in str(stopped):
                raise  # it is only busy
            raise NotOurSystem(
                Text("那里不认得这些演示账号", "it does not know these demo accounts")
            ) from None

    def sign_in(self, account: str) -> Person:
        """The person of a demo account; signed in once a tour."""
        if account not in self._signed_in:
            self._signed_in[account] = self._sign_in(account)
        return self._signed_in[account]

    def _sign_in(self, account: str) -> Person:
        form = {
            "grant_type": "password",
            "username": account,
            "password": self._passwords[account],
        }
        answer = self.anyone.send_patiently("POST", "/auth/token", data=form)
        if answer.is_error:
            raise TourStopped(f"sign in {account}: {answer.status_code} {answer.text}")
        return Person(self, {"Authorization": f"Bearer {answer.json()['access_token']}"})

    def until(
        self, look: Callable[[], T | None], event: str = "", *, every: float = POLL_SECONDS
    ) -> T:
        """The first true result of `look`; tells how long the event took that brought it."""
        started = time.monotonic()
        while not (found := look()):
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise TourStopped(f"{event or 'a result'} did not come in {PATIENCE_SECONDS} s")
            time.sleep(every)
        if event:
            self.narrator.event(event, time.monotonic() - started)
        return found

    def quietly(self, look: Callable[[], T]) -> Callable[[], T | None]:
        """`look`, for which "not there yet" is no error."""

        def attempt() -> T | None:
            try:
                return look()
            except TourStopped as stopped:
                if ": 404 " in str(stopped):
                    return None
                raise

        return attempt
