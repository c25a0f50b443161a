"""A busy demo hall, made through the door: somebody waits for every matter, somebody is called."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.system import System

HALL = "H001"
LOOKS, LOOK_SECONDS = 240, 0.25
"""Twice as long as the oldest that a display may be."""


@dataclass(frozen=True)
class Busy:
    """The hall as it is now: what waits, who is called, and the hands that call."""

    client: httpx.Client
    clerk: dict[str, str]
    matters: set[str]
    called: list[dict[str, Any]]
    """The ticket at each window, in the order of `windows`."""
    windows: list[str]

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        key = {"Idempotency-Key": uuid4().hex}
        return self.client.post(path, json=body, headers={**self.clerk, **key, **headers})

    def display(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.client.get(f"/halls/{HALL}/display").raise_for_status().json()
        return shown

    def wait_until_shown(self) -> None:
        """Until the display shows what is the case: on a busy machine it may be seconds old, for it
        is remembered at the door and its forecast is made for everybody at once."""
        wanted = (self.matters, {ticket["number"] for ticket in self.called})
        for _ in range(LOOKS):
            display = self.display()
            waiting = {entry["name"] for entry in display["waiting"]}
            shown = (waiting, {call["number"] for call in display["called"]})
            if shown == wanted:
                return
            time.sleep(LOOK_SECONDS)
        raise AssertionError(f"never shown: {wanted}, last {shown}")

    def call_another(self) -> dict[str, Any]:
        """Serves who is at the last window, which takes every matter, and calls the next there."""
        self.finish(self.called.pop())
        self.called.append(good(self.post(f"/windows/{self.windows[-1]}/call-next")))
        return self.called[-1]

    def finish(self, ticket: dict[str, Any]) -> None:
        if ticket["state"] != "serving":
            good(self.post(f"/tickets/{ticket['id']}/serve"))
        good(self.post(f"/tickets/{ticket['id']}/finish", {"outcome": "done"}))

    def empty(self) -> None:
        """Everybody goes home, so that who comes next finds the hall as it was."""
        left = self.client.get(f"/halls/{HALL}/queue", params={"limit": 200}, headers=self.clerk)
        for ticket in good(left)["items"]:
            if ticket["state"] == "waiting":
                good(self.post(f"/tickets/{ticket['id']}/abandon"))
            elif ticket["state"] in ("called", "recalled", "serving"):
                self.finish(ticket)


def good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


def fill(system: System, client: httpx.Client) -> Busy:
    """Two tickets for each matter, every window open with somebody new at it."""
    busy = Busy(client, system.sign_in("clerk1"), set(), [], [])
    kiosk = system.sign_in("device1")
    items = client.get("/items", params={"hall": HALL}).json()["items"]
    busy.matters.update(item["name"] for item in items)
    # In rounds: those called first are of different matters, so that somebody waits for each.
    for item in (*items, *items):
        good(busy.post("/tickets", {"hall": HALL, "items": [item["code"]]}, **kiosk))
    at_work = client.get(f"/halls/{HALL}/windows-at-work", headers=busy.clerk).json()
    for window in at_work["items"]:
        path = f"/windows/{window['id']}"
        if window["ticket_id"]:
            busy.finish({"id": window["ticket_id"], "state": window["ticket_state"]})
        if window["state"] != "open":
            good(busy.post(f"{path}/open", {}))
    for window in client.get(f"/halls/{HALL}/windows").json()["items"]:
        busy.windows.append(window["id"])
        busy.called.append(good(busy.post(f"/windows/{window['id']}/call-next")))
    busy.wait_until_shown()
    return busy
