"""What a screen may show of an event, the staff of its hall see, and how both are written as
server-sent events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from shared.clock import SHANGHAI

SHOWN = ("hall_code", "hall_seq", "number", "item_code", "state", "window_no", "at")
"""Never ids: knowing a ticket's id is the right to follow that ticket."""
RELEASES = "appointments.release."
SHOWN_OF_RELEASES = (
    "hall_code",
    "release_id",
    "state",
    "called_through",
    "last_number",
    "per_minute",
    "places_left",
    "at",
)
"""Of places given out in turn, whose release everybody may look at: who has a number sees by it how
many come before them."""
FOR_STAFF = ("appointments.alarm.", "appointments.opening.")
"""How the events begin that no screen shows: whoever help is called against would read it."""
ANNOUNCED = ("appointments.ticket.called.v1", "appointments.ticket.recalled.v1")
RETRY = b"retry: 2000\n\n"
HEARTBEAT = b": heartbeat\n\n"


def is_for_staff(kind: str) -> bool:
    """Whether only the staff of the hall are sent an event of that type."""
    return kind.startswith(FOR_STAFF)


def shown(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """What everybody in the hall may see of the event in `envelope`; all of what is for staff."""
    data, kind = envelope["data"], envelope["type"]
    names = SHOWN if is_on_display(kind) else SHOWN_OF_RELEASES
    keys = data.keys() if is_for_staff(kind) else [key for key in names if key in data]
    shown = {"type": kind, **{key: data[key] for key in keys}}
    if "at" in shown:
        shown["at"] = datetime.fromisoformat(shown["at"]).astimezone(SHANGHAI).isoformat()
    if shown["type"] in ANNOUNCED:
        shown |= announcement(shown.get("number"), shown.get("window_no"))
    return shown


def is_on_display(kind: str) -> bool:
    """Whether an event of that type changes what the screens of a hall show."""
    return not kind.startswith((RELEASES, *FOR_STAFF))


def display(read: Mapping[str, Any]) -> dict[str, Any]:
    """A hall's display as its screens are sent it: each call with the sentence to say."""
    called = [
        {**call, **announcement(call.get("number"), call.get("window"))} for call in read["called"]
    ]
    return {**read, "called": called}


def announcement(number: str | None, window: int | None) -> dict[str, str]:
    """What is said of a call in Chinese and English; nothing where it leads to no window."""
    if not number or not window:
        return {}
    return {
        "say": f"请 {number} 号到 {window} 号窗口",
        "say_en": f"Number {number}, please go to window {window}",
    }


def frame(sequence: int, event: str, data: Any) -> bytes:
    """One server-sent event; its id is the position in the stream."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (sequence, event.encode(), orjson.dumps(data))


def position(last_event_id: str | None) -> int | None:
    """The position that a client saw last; None if it names none."""
    if last_event_id is None or not last_event_id.isdigit() or len(last_event_id) > 18:
        return None
    return int(last_event_id)
