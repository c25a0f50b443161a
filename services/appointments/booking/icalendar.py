"""An appointment as iCalendar (RFC 5545), for the calendar of a telephone."""

from datetime import UTC, datetime, timedelta

from services.appointments.booking.models import Appointment, AppointmentState

_STATUS = {
    AppointmentState.HELD: "TENTATIVE",
    AppointmentState.CONFIRMED: "CONFIRMED",
    AppointmentState.CHECKED_IN: "CONFIRMED",
    AppointmentState.SERVED: "CONFIRMED",
}


def document(
    appointment: Appointment, *, item: str, hall: str, address: str, now: datetime
) -> bytes:
    """One VEVENT with an alarm an hour before; a cancelled appointment cancels the entry.

    A visit that is moved keeps its UID, and SEQUENCE rises with each change (RFC 5545 3.8.7.4):
    the calendar replaces the entry that it has.
    """
    ends_at = appointment.starts_at + timedelta(minutes=appointment.minutes)
    status = _STATUS.get(appointment.state, "CANCELLED")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//OneDoor//Appointments//ZH",
        "CALSCALE:GREGORIAN",
        f"METHOD:{'CANCEL' if status == 'CANCELLED' else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{appointment.visit_id or appointment.id}@onedoor",
        f"SEQUENCE:{appointment.calendar_base + appointment.version - 1}",
        f"DTSTAMP:{_moment(now)}",
        f"DTSTART:{_moment(appointment.starts_at)}",
        f"DTEND:{_moment(ends_at)}",
        f"SUMMARY:{_text(item)}",
        f"LOCATION:{_text(f'{hall}，{address}')}",
        f"DESCRIPTION:{_text(f'预约码 Code: {appointment.code}')}",
        f"STATUS:{status}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(item)}",
        "TRIGGER:-PT1H",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) for line in lines).encode()


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
