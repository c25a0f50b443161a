"""Whoever mistypes a year is told so, wherever days are added to what they say."""

from typing import Any

import pytest

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import problem

FIRST, LAST = "9999-12-31T20:00:00+08:00", "9999-12-31T23:59:59+08:00"
WESTERN = "9999-12-31T23:59:59-12:00"
_EVENT = {"title": "进村办理", "kind": "village", "place": "东村村委会", "places": 9}
_SCHEDULES = {"reason": "年末调整", "window_no": 1, "percent": 50}


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        ("releases", {"opens_at": LAST}, ["opens_at"]),
        ("releases", {"opens_at": WESTERN, "joins_from": FIRST}, ["opens_at", "joins_from"]),
        ("releases", {"opens_at": "0001-01-01T00:00:00+14:00"}, ["opens_at"]),
        ("outreach-events", {"starts_at": FIRST, "ends_at": LAST}, ["starts_at", "ends_at"]),
        ("closures", {"starts_at": FIRST, "ends_at": LAST}, ["starts_at", "ends_at"]),
        (
            "schedule-exceptions",
            {"first_on": "9999-12-31", "last_on": "9999-12-31"},
            ["first_on", "last_on"],
        ),
        ("appointments", {"starts_at": WESTERN}, ["starts_at"]),
    ],
)
async def test_a_year_at_the_end_of_the_calendar_is_refused_in_words(
    office: Office, path: str, body: dict[str, Any], pointers: list[str]
) -> None:
    known: dict[str, dict[str, Any]] = {
        "releases": {"title": "放号", "first_on": "2026-12-01", "last_on": "2026-12-01"},
        "outreach-events": _EVENT,
        "closures": {"reason": "停电检修"},
        "schedule-exceptions": _SCHEDULES,
        "appointments": {},
    }
    items = {"item_codes": [office.items[0]]} if path in ("releases", "outreach-events") else {}
    sent = {"hall_code": office.code, **items, **known[path], **body}

    answer = await office.client.post(f"/api/v1/{path}", json=sent, headers=office.manager())

    refused = {e["pointer"]: e["detail"] for e in problem(answer, 422, "invalid-request")["errors"]}
    for pointer in pointers:
        assert "2999" in refused[f"/body/{pointer}"], refused
