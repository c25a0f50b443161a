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

PATIENCE_SECONDS = 60
POLL_SECONDS = 0.05
RETRIES = 5

T = TypeVar("T")


class TourStopped(Exception):
    """A step did not go as it must; the message says which and how."""


@dataclass
class Person:
    """Somebody who calls the API: a demo account, or nobody in particular."""

    door: "Door"
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> Any:
        """The answer's JSON."""
        return self._send("GET", path, params=query)

    def post(self, path: str, body: Any = None, *, version: int | None = None) -> Any:
        """The answer's JSON, None for 204; each call has an Idempotency-Key of its own."""
        headers = {"Idempotency-Key": uuid4().hex}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return self._send("POST", path, json=body, headers=headers)

    def status(self, method: str, path: str, body: Any = None) -> int:
        """Only the status: for what must be refused."""
        return self._request(method, path, json=body).status_code

    def _send(self, method: str, path: str, **how: Any) -> Any:
        answer = self._request(method, path, **how)
        for _ in range(RETRIES):  # the same key: however often it is sent, it is done once
            if answer.status_code not in (503, 504):
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
            answer = self._request(method, path, **how)
        if answer.is_error:
            raise TourStopped(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def _request(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = {**self.headers, **how.pop("headers", {})}
        url = path if path.startswith("/live") else f"/api/v1{path}"
        return self.door.client.request(method, url, headers=headers, **how)


class Door:
    """The gateway, and who comes through it."""

    def __init__(self, url: str, accounts: Path, narrator: Narrator) -> None:
        language = "en" if narrator.tongue == "en" else "zh-CN"
        self.client = httpx.Client(
            base_url=url, timeout=30, headers={"Accept-Language": language}, trust_env=False
        )
        self.narrator = narrator
        self._passwords = {a["account"]: a["password"] for a in json.loads(accounts.read_text())}
        self.anyone = Person(self)

    def sign_in(self, account: str) -> Person:
        """The person of a demo account, with a fresh token."""
        form = {
            "grant_type": "password",
            "username": account,
            "password": self._passwords[account],
        }
        answer = self.client.post("/api/v1/auth/token", data=form)
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
