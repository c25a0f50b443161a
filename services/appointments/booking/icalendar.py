"""An appointment as iCalendar (RFC 5545), for the calendar of a telephone."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.appointments.booking.models import Appointment, AppointmentState

_STATUS = {
    AppointmentState.HELD: "TENTATIVE",
    AppointmentState.CONFIRMED: "CONFIRMED",
    AppointmentState.CHECKED_IN: "CONFIRMED",
    AppointmentState.SERVED: "CONFIRMED",
}


class CalendarLeg(NamedTuple):
    """An appointment, and for what."""

    appointment: Appointment
    item: str


def document(entries: Sequence[CalendarLeg], *, hall: str, address: str, now: datetime) -> bytes:
    """A VEVENT for each leg with an alarm an hour before; a cancelled one cancels the entry, and
    rings no more.

    A visit that is moved keeps its UID, and SEQUENCE rises with each change (RFC 5545 3.8.7.4):
    the calendar replaces the entry that it has.
    """
    is_over = all(_status(entry.appointment) == "CANCELLED" for entry in entries)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//OneDoor//Appointments//ZH",
        "CALSCALE:GREGORIAN",
        f"METHOD:{'CANCEL' if is_over else 'PUBLISH'}",
        *(line for entry in entries for line in _event(entry, hall, address, now)),
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) for line in lines).encode()


def _status(appointment: Appointment) -> str:
    return _STATUS.get(appointment.state, "CANCELLED")


def _event(entry: CalendarLeg, hall: str, address: str, now: datetime) -> Iterator[str]:
    appointment, item = entry
    ends_at = appointment.starts_at + timedelta(minutes=appointment.minutes)
    yield "BEGIN:VEVENT"
    yield f"UID:{appointment.visit_id or appointment.id}@onedoor"
    yield f"SEQUENCE:{appointment.calendar_base + appointment.version - 1}"
    yield f"DTSTAMP:{_moment(now)}"
    yield f"DTSTART:{_moment(appointment.starts_at)}"
    yield f"DTEND:{_moment(ends_at)}"
    yield f"SUMMARY:{_text(item)}"
    yield f"LOCATION:{_text(f'{hall}，{address}')}"
    yield f"DESCRIPTION:{_text(f'预约码 Code: {appointment.code}')}"
    yield f"STATUS:{_status(appointment)}"
    if _status(appointment) != "CANCELLED":
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{_text(item)}"
        yield "TRIGGER:-PT1H"
        yield "END:VALARM"
    yield "END:VEVENT"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(plain: str) -> str:
    """TEXT values escape backslash, semicolon, comma and newline (section 3.3.11)."""
    escaped = plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """At most 75 octets a line, never within a character (section 3.1)."""
    pieces, piece, octets = [], "", 0
    for letter in line:
        width = len(letter.encode())
        if octets + width > 75:
            pieces.append(piece)
            piece, octets = " ", 1
        piece, octets = piece + letter, octets + width
    return "\r\n".join([*pieces, piece]) + "\r\n"
