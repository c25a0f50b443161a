"""The check that every run ends with finds what it is there for."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.appointments.queueing.events import TicketIssued
from services.projects.portals.events import SourceDown
from shared import settings
from shared.messaging import events, outbox
from tests import outbox_bodies

SHANGHAI = timezone(timedelta(hours=8))


def body(**others: Any) -> dict[str, Any]:
    """An event as the outbox writes it."""
    event = TicketIssued(
        ticket_id=uuid4(),
        visit_id=uuid4(),
        hall_code="H001",
        hall_seq=1,
        number="A001",
        item_code="HR-01",
        state="waiting",
        version=1,
        at=datetime(2026, 11, 23, 9, 30, tzinfo=SHANGHAI),
    )
    whole: dict[str, Any] = json.loads(outbox.row(event, scope="H001").body)
    return {**whole, **others}


def faults(event: dict[str, Any]) -> list[str]:
    return list(outbox_bodies.faults(json.dumps(event).encode()))


def test_what_the_outbox_writes_keeps_nulls_and_is_what_is_published() -> None:
    event = body()
    assert event["data"]["window_no"] is None
    assert event["data"]["at"] == "2026-11-23T01:30:00Z"
    assert event["time"].endswith("Z")
    assert faults(event) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event["data"].pop("hall_code"),
        lambda event: event["data"].update(version="one"),
        lambda event: event["data"].update(at="2026-11-23T09:30:00+08:00"),
        lambda event: event.update(source="/appointments"),
        lambda event: event.pop("dataschema"),
        lambda event: event.update(type="appointments.ticket.unheard.v1"),
    ],
)
def test_a_body_that_breaks_the_published_document_is_found(
    change: Callable[[dict[str, Any]], Any],
) -> None:
    event = body()
    change(event)
    assert faults(event)


def test_types_that_did_not_happen_are_listed() -> None:
    seen: set[str] = set()
    assert outbox_bodies.check([json.dumps(body()).encode()], seen) == []
    assert "appointments.ticket.issued.v1" not in outbox_bodies.never(seen)
    assert "appointments.ticket.called.v1" in outbox_bodies.never(seen)


@pytest.mark.parametrize(
    ("city", "source"),
    [
        ("urn:onedoor:ningchuan", "urn:onedoor:ningchuan:appointments"),
        ("tag:ningchuan.example,2026:onedoor", "tag:ningchuan.example,2026:onedoor:appointments"),
        ("https://onedoor.ningchuan.example", "https://onedoor.ningchuan.example/appointments"),
        (
            "https://ningchuan.example:8443/door/",
            "https://ningchuan.example:8443/door/appointments",
        ),
    ],
)
def test_the_source_is_absolute_and_a_citys_own(
    monkeypatch: pytest.MonkeyPatch, city: str, source: str
) -> None:
    assert events.source_of(TicketIssued) == "urn:onedoor:local:appointments"
    monkeypatch.setenv("ONEDOOR_EVENT_SOURCE", city)
    assert body()["source"] == source
    assert faults(body()) == []


def test_the_source_is_read_from_the_file_of_settings_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("ONEDOOR_EVENT_SOURCE=urn:onedoor:ningchuan\n")
    monkeypatch.chdir(tmp_path)
    settings._event_source.cache_clear()
    try:
        assert events.source_of(TicketIssued) == "urn:onedoor:ningchuan:appointments"
    finally:
        settings._event_source.cache_clear()


def test_an_event_of_a_unit_names_its_department_as_every_other() -> None:
    down = SourceDown(
        portal_id="p1",
        portal_name="通知公告",
        unit_code="D03",
        fault="timeout",
        since=datetime.now(SHANGHAI),
    )
    assert down.model_dump()["department_code"] == down.unit_code == "D03"
