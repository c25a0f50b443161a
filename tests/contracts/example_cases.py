"""What some examples need besides what the demo has: a case that people make, or a secret.

No document shows a secret. Whoever has one puts it into the example, and leaves the rest as it is.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import uuid4

import httpx

API = "/api/v1"
FLOOD = 7
"""So many equal letters are more than are registered without a look."""
LINKS = {"create_account", "reset_password"}
"""Whose answers carry a one-time link."""
MINE = "citizen1"


class Sending(Protocol):
    """What a case is made with."""

    client: httpx.Client
    has_changed: bool

    def as_(self, role: str) -> dict[str, str]: ...

    def password(self, account: str) -> str: ...

    def example(self, name: str) -> Any: ...

    def path_of(self, name: str) -> str: ...

    def send(self, name: str) -> list[httpx.Response]: ...

    def carried(self, kind: str) -> list[dict[str, str]]: ...


class Secrets:
    """What an administrator or an owner holds in their hands, as the answers gave it to them."""

    def __init__(self) -> None:
        self._token = self._account = self._code = self._device_key = ""
        self._numbers: dict[str, Any] = {}

    def keep(self, name: str, answer: httpx.Response) -> None:
        """Remembers the link that came with an account, the code and the key of a device."""
        if name in LINKS:
            made = answer.json()
            self._token, self._account = made["password_link"]["token"], made["name"]
        if name == "invite_device":
            self._code = answer.json()["code"]
        if name == "enrol_device":
            self._device_key = answer.json()["key"]
        if name == "hand_out_numbers":
            self._numbers = answer.json()

    def put_in(self, visitor: Sending, name: str) -> dict[str, Any]:
        """The fields of the example of `name` that are secrets."""
        if name == "issue_token":
            return {"password": visitor.password(MINE)}
        if name == "revoke_token":
            tokens = _signed_in(visitor, MINE, visitor.password(MINE)).json()
            return {"token": tokens["refresh_token"]}
        if name == "confirm_email":
            return _mailed(visitor)
        held = {
            "set_password_by_link": {"token": self._token},
            "enrol_device": {"code": self._code},
            "report_device": {"key": self._device_key},
            "hand_out_numbers": {"key": self._device_key},
            "merge_offline_tickets": self._printed(),
        }
        if name in held:
            return held[name]
        return {"current_password": _chosen(visitor)} if name == "change_password" else {}

    def _printed(self) -> dict[str, Any]:
        """A ticket with the first of the numbers that the device got."""
        if not self._numbers:
            return {"key": self._device_key}
        numbers = self._numbers
        number = f"{numbers['letter']}{numbers['first']:03d}"
        ticket = {"number": number, "items": ["PBOC-01"], "taken_at": numbers["handed_at"]}
        return {"key": self._device_key, "numbers": numbers, "tickets": [ticket]}

    def owner(self, visitor: Sending) -> dict[str, str]:
        """The headers of whoever set a password by the link, none as long as nobody did."""
        answer = _signed_in(visitor, self._account or "nobody", _chosen(visitor))
        found = answer.json().get("access_token")
        return {"Authorization": f"Bearer {found}"} if found else {}


def _signed_in(visitor: Sending, account: str, password: str) -> httpx.Response:
    form = {"grant_type": "password", "username": account, "password": password}
    return visitor.client.post(f"{API}/auth/token", data=form)


def _chosen(visitor: Sending) -> str:
    password: str = visitor.example("set_password_by_link")["new_password"]
    return password


def _post(
    visitor: Sending, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Any:
    sent = {"Idempotency-Key": str(uuid4()), **(headers or {})}
    answer = visitor.client.post(f"{API}/{path}", json=body, headers=sent)
    assert answer.is_success, answer.text
    visitor.has_changed = True
    return answer.json()


def book_for_somebody(visitor: Sending) -> None:
    """Staff of the hall book for a person without an account."""
    person = {"name": "李红", "phone": "13800138001"}
    body = {**visitor.example("hold_appointment"), "citizen": person}
    _post(visitor, "appointments", body, visitor.as_("hall_manager"))


def flood(visitor: Sending) -> list[dict[str, str]]:
    """Equal letters of nobody; the receipts of those that wait to be looked at."""
    letter = {**visitor.example("write_letter"), "body": f"同一句话，发了许多遍。{uuid4().hex}"}
    del letter["contact"]
    receipts = [_post(visitor, "letters", letter) for _ in range(FLOOD)]
    return [one for one in receipts if one["state"] == "quarantined"]


def appeal_a_dropped_letter(visitor: Sending) -> None:
    """A dispatcher drops a flood, and one of its senders does not put up with it."""
    [*_, receipt] = flood(visitor)
    appeal = {**visitor.example("appeal_my_letter"), "code": receipt["query_code"]}
    [*_, dropped] = visitor.send("drop_quarantined_letter")
    assert dropped.is_success, dropped.text
    _post(visitor, f"letters/{receipt['reg_no']}/appeal", appeal)


def rename_by_an_officer(visitor: Sending) -> None:
    """The unit in charge gives its project another name, which waits to be confirmed."""
    visitor.send("put_project")
    path = f"{API}/projects/{visitor.path_of('confirm_project_names')}"
    project = visitor.client.get(path).json()["project"]
    known = visitor.example("put_project")
    name = f"{known['name']}（{uuid4().hex[:6]}）"
    renamed = {**known, "name": name, "version": project["version"]}
    answer = visitor.client.put(path, json=renamed, headers=visitor.as_("officer"))
    assert answer.is_success, answer.text


def report_on_a_period(visitor: Sending) -> None:
    """An auditor reports on what fell due since a day: schemes are tried on such a report."""
    order = {"since": "2020-01-01"}
    _post(visitor, "audits", order, visitor.as_("auditor"))


def _mailed(visitor: Sending) -> dict[str, Any]:
    """The code that came last to whoever has an address confirmed."""
    mails = visitor.carried("email_confirmation")
    found = re.search(r"\d{8}", mails[-1]["text"]) if mails else None
    return {} if found is None else {"code": found[0]}


def another_address(visitor: Sending) -> None:
    """A citizen wants notices at an address of theirs that nobody has confirmed yet."""
    before, deadline = len(visitor.carried("email_confirmation")), time.monotonic() + 10
    path, mine = f"{API}/notices/preferences", visitor.as_("citizen")
    body = {**visitor.example("put_notice_preferences"), "email": f"{uuid4().hex}@city.example"}
    answer = visitor.client.put(path, json=body, headers=mine)
    assert answer.is_success, answer.text
    visitor.has_changed = True
    while len(visitor.carried("email_confirmation")) == before and time.monotonic() < deadline:
        time.sleep(0.2)


CASES: Mapping[str, Callable[[Sending], object]] = {
    "read_appointment_contact": book_for_somebody,
    "confirm_email": another_address,
    "send_email_code": another_address,
    "drop_quarantined_letter": flood,
    "release_quarantined_letter": flood,
    "reject_quarantine_appeal": appeal_a_dropped_letter,
    "confirm_project_names": rename_by_an_officer,
    "try_schemes": report_on_a_period,
}
"""Who does what before the example of an operation can be sent."""
