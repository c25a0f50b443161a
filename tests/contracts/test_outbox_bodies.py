"""The check that every run ends with finds what it is there for."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from services.appointments.queueing.events import TicketIssued
from services.projects.portals.events import SourceDown
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


def test_the_source_is_absolute_and_a_citys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert events.source_of(TicketIssued) == "urn:onedoor:local:appointments"
    monkeypatch.setenv("ONEDOOR_EVENT_SOURCE", "https://onedoor.ningchuan.example")
    assert body()["source"] == "https://onedoor.ningchuan.example:appointments"
    assert faults(body()) == []


def test_an_event_of_a_unit_names_its_department_as_every_other() -> None:
    down = SourceDown(
        portal_id="p1",
        portal_name="通知公告",
        unit_code="D03",
        fault="timeout",
        since=datetime.now(SHANGHAI),
    )
    assert down.model_dump()["department_code"] == down.unit_code == "D03"
