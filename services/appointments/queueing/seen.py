"""What an action on a ticket goes by, in one read of several rooms; nothing of it is locked.

Which parts an action needs is said by its rows of the table. All are of one moment, and what is
decided on them is guarded when it is written: by the version of the ticket, with which its call and
the entries of its log change, and by those of what is swapped or held besides.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import SQLModel

from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.booking.workflow import LIVE
from services.appointments.people.rules import same_person, turns_of
from services.appointments.priority.models import QueuePolicy
from services.appointments.queueing.legs import FloorLine, FloorWindow
from services.appointments.queueing.models import (
    ALIVE,
    Call,
    Ticket,
    TicketEvent,
    TicketState,
    WindowAtWork,
    WindowState,
)
from services.appointments.queueing.workflow import WORKFLOW, Action, FollowUp, OnCall, TicketRow
from shared.database.rows import Fetch, columns, fields, loaded
from shared.database.transitions import listed


class ItemName(NamedTuple):
    """What a finished case says of its item."""

    name: str
    department_code: str


class SeenTicket(NamedTuple):
    """A ticket, and what its action goes by: None of what there is not, or is not needed.

    `call` has it at a window, which is `window`; for an undo, that of the `last` entry of its log,
    where somebody else may be `there`. `booked_again` stands in the way of the appointment, `other`
    is another live ticket of the person for one of the wanted items, and `turns` are the person's,
    taken by whoever gives them one. `leg` follows the ticket,
    `legs` has its number; `serving` are the windows that serve what is wanted. Of a ticket with
    items to come: what the `windows` of the hall serve and who waits for what (`lines`), and which
    appointments are `booked` for those items.
    """

    ticket: Ticket
    policy: QueuePolicy | None = None
    call: Call | None = None
    last: TicketEvent | None = None
    window: WindowAtWork | None = None
    there: Call | None = None
    appointment: Appointment | None = None
    booked_again: Appointment | None = None
    item: ItemName | None = None
    other: Ticket | None = None
    turns: Mapping[str, int] = MappingProxyType({})
    leg: Ticket | None = None
    legs: int = 1
    serving: Sequence[UUID] = ()
    windows: Sequence[FloorWindow] = ()
    lines: Sequence[FloorLine] = ()
    booked: Mapping[str, UUID] = MappingProxyType({})


class _Part(NamedTuple):
    """A field of `SeenTicket`: its columns, how it is made of them, and where they come from."""

    field: str
    columns: str
    width: int
    make: Callable[[Sequence[Any]], Any]
    join: str = ""


def _row(field: str, kind: type[SQLModel], alias: str, join: str) -> _Part:
    """A row of which the first column is never null."""

    def make(values: Sequence[Any]) -> SQLModel | None:
        return None if values[0] is None else loaded(kind, values)

    return _Part(field, columns(kind, alias), len(fields(kind)), make, join)


def floor_windows(hall: str, when: str) -> str:
    """The windows in use of the hall, where the condition holds: rows of `FloorWindow`."""
    return (
        "ARRAY(SELECT ROW(f.id, ARRAY(SELECT x.item_code::text FROM window_item x"
        f"   WHERE x.window_id = f.id), coalesce(k.state = '{WindowState.OPEN}', false))"
        ' FROM "window" f LEFT JOIN window_at_work k ON k.window_id = f.id'
        f" WHERE f.hall_code = {hall} AND f.retired_at IS NULL AND {when} ORDER BY f.no)"
    )


def floor_lines(hall: str, when: str) -> str:
    """Who waits in the hall, where the condition holds: rows of `FloorLine`."""
    return (
        "ARRAY(SELECT ROW(q.items, sum(z.standard_minutes)::int) FROM ticket q"
        " JOIN item z ON z.code = q.item_code"
        f" WHERE q.hall_code = {hall} AND q.state = '{TicketState.WAITING}' AND {when}"
        " GROUP BY q.items)"
    )


def windows_of(rows: Iterable[Any]) -> list[FloorWindow]:
    return [FloorWindow(id_, frozenset(items), is_open) for id_, items, is_open in rows]


def lines_of(rows: Iterable[Any]) -> list[FloorLine]:
    return [FloorLine(frozenset(items), minutes) for items, minutes in rows]


_GOES_ON = "cardinality(t.pending) > 0"
_WANTED = "coalesce($2::text[], t.items)"
_TICKET = _row("ticket", Ticket, "t", "ticket t")
_POLICY = _row(
    "policy", QueuePolicy, "p",
    "LEFT JOIN LATERAL (SELECT * FROM queue_policy q WHERE q.hall_code = t.hall_code"
    " ORDER BY q.version DESC LIMIT 1) p ON true",
)  # fmt: skip
_CALL = _row(
    "call", Call, "c", "LEFT JOIN call c ON c.ticket_id = t.id AND c.ended_at IS NULL"
)  # fmt: skip
_WINDOW = _row(
    "window", WindowAtWork, "w", "LEFT JOIN window_at_work w ON w.window_id = c.window_id"
)
_LAST = _row(
    "last", TicketEvent, "e",
    "LEFT JOIN LATERAL (SELECT * FROM ticket_event l WHERE l.ticket_id = t.id"
    " ORDER BY l.hall_seq DESC LIMIT 1) e ON true",
)  # fmt: skip
_LAST_WINDOW = _row(
    "window", WindowAtWork, "w", "LEFT JOIN window_at_work w ON w.window_id = e.window_id"
)
_THERE = _row(
    "there", Call, "b",
    "LEFT JOIN call b ON b.window_id = e.window_id AND b.ended_at IS NULL AND b.ticket_id <> t.id",
)  # fmt: skip
_APPOINTMENT = _row(
    "appointment", Appointment, "a", "LEFT JOIN appointment a ON a.id = t.appointment_id"
)
_BOOKED_AGAIN = _row(  # by uq_appointment_live one at the most
    "booked_again", Appointment, "g",
    "LEFT JOIN appointment g ON g.citizen_key = a.citizen_key AND g.item_code = a.item_code"
    " AND g.on_date = a.on_date AND g.person_no = a.person_no"
    f" AND g.state IN ({listed(LIVE)}) AND g.id <> a.id",
)  # fmt: skip
_ITEM = _Part(
    "item", "i.name, i.department_code", len(ItemName._fields),
    lambda values: None if values[0] is None else ItemName(*values),
    "LEFT JOIN item i ON i.code = t.item_code",
)  # fmt: skip
_OTHER = _row(
    "other", Ticket, "o",
    "LEFT JOIN LATERAL (SELECT o.* FROM ticket o, (SELECT t.citizen_key,"
    "   t.person_document AS document, t.person_phone AS phone) who"
    f" WHERE {same_person('o', 'who')} AND o.hall_code = t.hall_code AND o.{ALIVE}"
    f"   AND o.visit_id <> t.visit_id AND o.items && {_WANTED} ORDER BY o.id LIMIT 1) o ON true",
)  # fmt: skip
_TURNS = _Part(
    "turns", turns_of("named"), 1, lambda values: dict(values[0]),
    "CROSS JOIN LATERAL (SELECT t.citizen_key, t.person_document AS document,"
    " t.person_phone AS phone) named",
)  # fmt: skip
_LEG = _row("leg", Ticket, "n", "LEFT JOIN ticket n ON n.id = t.next_leg_id")
_LEGS = _Part(
    "legs",
    "(SELECT max(m.leg) FROM ticket m WHERE m.hall_code = t.hall_code"
    "   AND m.service_day = t.service_day AND m.number = t.number)",
    1, lambda values: values[0],
)  # fmt: skip
_SERVING = _Part(
    "serving",
    'ARRAY(SELECT s.id FROM "window" s WHERE s.hall_code = t.hall_code AND s.retired_at IS NULL'
    f"   AND {_WANTED} <@ ARRAY(SELECT x.item_code::text FROM window_item x"
    "     WHERE x.window_id = s.id))",
    1, lambda values: values[0],
)  # fmt: skip
_FLOOR_WINDOWS = _Part(
    "windows", floor_windows("t.hall_code", _GOES_ON), 1, lambda values: windows_of(values[0])
)
_FLOOR_LINES = _Part(
    "lines", floor_lines("t.hall_code", _GOES_ON), 1, lambda values: lines_of(values[0])
)
_BOOKED = _Part(
    "booked",
    "ARRAY(SELECT ROW(y.item_code, y.id) FROM appointment y JOIN appointment z"
    "   ON z.party_id = y.party_id AND z.person_no = y.person_no AND z.id <> y.id"
    f"   WHERE z.id = t.appointment_id AND y.state = '{AppointmentState.CHECKED_IN}'"
    "   AND y.item_code = ANY(t.pending))",
    1, lambda values: dict(map(tuple, values[0])),
)  # fmt: skip


def _needs(row: TicketRow) -> Iterable[_Part]:
    """What taking the row goes by, each behind what it is joined to."""
    if row.to is None:
        rivals = _THERE, _BOOKED_AGAIN, _OTHER, _TURNS
        return _CALL, _LAST, _LAST_WINDOW, _APPOINTMENT, *rivals, _LEG
    settles = (FollowUp.CASE_FINISHED, FollowUp.NO_SHOW, FollowUp.LAPSE)
    onward = (FollowUp.NEW_LEG, FollowUp.CASE_FINISHED)
    parts = {
        _CALL: row.call not in (OnCall.UNTOUCHED, OnCall.BEGINS),
        _WINDOW: row.call.ends,
        _APPOINTMENT: row.follow_up in settles,
        _ITEM: row.follow_up is FollowUp.CASE_FINISHED,
        _OTHER: row.follow_up is FollowUp.NEW_LEG,
        _TURNS: row.follow_up in onward,
        _LEGS: row.follow_up in onward,
        _FLOOR_WINDOWS: row.follow_up is FollowUp.CASE_FINISHED,
        _FLOOR_LINES: row.follow_up is FollowUp.CASE_FINISHED,
        _BOOKED: row.follow_up is FollowUp.CASE_FINISHED,
        _SERVING: row.follow_up is FollowUp.NEW_LEG,
    }
    return [part for part, is_needed in parts.items() if is_needed]


@cache
def _reading(action: Action) -> tuple[str, tuple[_Part, ...]]:
    needed = [part for row in WORKFLOW.of(action) for part in _needs(row)]
    parts = (_TICKET, _POLICY, *dict.fromkeys(needed))
    shown = ", ".join(part.columns for part in parts)
    tables = " ".join(part.join for part in parts if part.join)
    return f"SELECT {shown} FROM {tables} WHERE t.id = $1", parts


async def find(
    fetch: Fetch, ticket_id: UUID, action: Action, wanted: Sequence[str] | None = None
) -> SeenTicket | None:
    """The ticket with what the action goes by; `wanted` are items other than its own."""
    sql, parts = _reading(action)
    asked = [ticket_id, wanted and list(wanted)] if "$2" in sql else [ticket_id]
    for record in await fetch(sql, *asked):
        return SeenTicket(**dict(_made(parts, list(record))))
    return None


def _made(parts: Iterable[_Part], values: list[Any]) -> Iterable[tuple[str, Any]]:
    start = 0
    for part in parts:
        yield part.field, part.make(values[start : start + part.width])
        start += part.width
