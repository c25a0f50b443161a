"""The tour speaks the visitor's language, and does nothing in a system that is not its own."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from deploy import audit_demo
from deploy.tour import disclosure, narrator, quarter, waiting
from deploy.tour.__main__ import main
from deploy.tour.lights import LIGHTS
from deploy.tour.visiting import Person
from services.projects.auditing.models import Verdict

KEYS = {"keys": [{"kty": "OKP", "kid": "of-another-city"}]}


@pytest.mark.parametrize(
    ("environment", "tongue"),
    [
        ({"LANG": "en"}, "en"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_GB"}, "en"),
        ({"LANG": "en-US"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "enm"}, "zh"),
        ({}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_speaks_english_where_the_locale_is_english(
    environment: dict[str, str], tongue: str
) -> None:
    assert narrator.language(environment) == tongue


def test_shows_words_and_no_codes() -> None:
    """Every verdict has its light and its word; a day that is not known has a sentence."""
    assert set(LIGHTS) == set(Verdict)
    unknown = disclosure.due_text(None)
    assert "2027" in unknown.en
    assert not any("_" in word for text in [unknown, *LIGHTS.values()] for word in text)
    assert disclosure.due_text("2026-10-23").en == "2026-10-23"


class Lister:
    """A citizen who sees these free times."""

    def __init__(self, *times: dict[str, Any]) -> None:
        self.times = times

    def every(self, path: str, **query: Any) -> list[dict[str, Any]]:
        return [*self.times]


AT_NINE = {
    "starts_at": "2026-12-02T09:00:00+08:00", "minutes": 30, "free": 6, "release_id": None,
}  # fmt: skip


def least_free(times: list[dict[str, Any]], *booked: dict[str, Any]) -> dict[str, Any] | None:
    citizen = cast(Person, Lister(*times))
    return waiting._least_free(citizen, "H001", "PBOC-09", set(), [*booked])


def test_books_out_a_time_that_anybody_may_book() -> None:
    """A time of a release is refused to whoever is not in line for it."""
    in_turn = AT_NINE | {"starts_at": "2026-12-03T09:00:00+08:00", "release_id": "01993f6a"}
    assert least_free([in_turn, AT_NINE]) == AT_NINE
    assert least_free([in_turn]) is None


@pytest.mark.parametrize(
    ("item", "starts_at", "is_offered"),
    [
        ("PBOC-01", "2026-12-02T09:15:00+08:00", False),  # given up or not, it is that time
        ("PBOC-01", "2026-12-02T09:30:00+08:00", True),
        ("PBOC-09", "2026-12-02T15:00:00+08:00", False),  # the matter is booked that day
        ("PBOC-09", "2026-12-03T09:00:00+08:00", True),
    ],
)
def test_waits_for_a_time_that_the_citizen_may_be_offered(
    item: str, starts_at: str, *, is_offered: bool
) -> None:
    booked = {"item_code": item, "starts_at": starts_at, "minutes": 30}
    assert (least_free([AT_NINE], booked) is not None) == is_offered


@pytest.mark.parametrize(
    ("day", "its", "last"),
    [
        (date(2026, 1, 1), "2026-Q1", "2025-Q4"),
        (date(2026, 3, 31), "2026-Q1", "2025-Q4"),
        (date(2026, 4, 1), "2026-Q2", "2026-Q1"),
        (date(2026, 12, 31), "2026-Q4", "2026-Q3"),
    ],
)
def test_knows_the_quarter_of_a_day_and_the_last_that_is_over(
    day: date, its: str, last: str
) -> None:
    assert (quarter.quarter_of(day), quarter.last_quarter(day)) == (its, last)


@contextmanager
def stranger(content: bytes) -> Iterator[tuple[str, list[str]]]:
    """Another program on a port: its address, and what it was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            serving.join()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The accounts and keys of a system that once ran here."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "20260101T000000.000000Z.jwk").write_text(json.dumps({"kid": "ours"}))
    accounts = [{"account": "citizen1", "password": "secret-of-ours"}]
    (tmp_path / "demo-accounts.json").write_text(json.dumps(accounts))
    monkeypatch.setenv("ONEDOOR_DATA", str(tmp_path))
    monkeypatch.setenv("LANG", "en")
    monkeypatch.delenv("LC_ALL", raising=False)
    return tmp_path


@pytest.mark.parametrize("walk", [main, audit_demo.main])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>another program</html>", "what answers there is not OneDoor"),
        (b'{"keys": 3}', "what answers there is not OneDoor"),
        (json.dumps(KEYS).encode(), "that is another system: its keys are others"),
    ],
)
def test_sends_a_stranger_neither_a_password_nor_a_letter(
    own: Path,
    capsys: pytest.CaptureFixture[str],
    walk: Callable[[list[str]], int],
    content: bytes,
    reason: str,
) -> None:
    with stranger(content) as (url, asked):
        assert walk([url]) == 1
    assert asked == ["GET /.well-known/jwks.json"]
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{url}: {reason}. Nothing was done there." in told.err


def test_says_in_words_which_folder_or_port_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANG", "en")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("ONEDOOR_DATA", str(tmp_path))
    assert main([]) == 1
    said = capsys.readouterr().err
    assert f"No system runs on {tmp_path}" in said
    assert "make tour ONEDOOR_DATA=" in said
    assert audit_demo.main([]) == 1
    assert "make audit-demo ONEDOOR_DATA=" in capsys.readouterr().err
    (tmp_path / "demo-accounts.json").write_text("[]")
    assert main(["http://127.0.0.1:1"]) == 1
    said = capsys.readouterr().err
    assert "Nothing answers at http://127.0.0.1:1" in said
    assert "make tour PORT=" in said
    monkeypatch.setenv("PORT", "many")
    assert main([]) == 1
    said = capsys.readouterr().err
    assert "PORT=many is not a port" in said
    assert "Errno" not in said
