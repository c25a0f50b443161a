"""What a hall issues a ticket by, in one read of several rooms; nothing of it is locked.

All is of one moment, and is guarded when the ticket is written: who else has one by the person's
turn, for walk-ins and who is expected have a series of numbers each; how many were issued by the
number that it takes; what the windows serve by their rows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import SQLModel

from services.appointments.booking.models import AppointmentState
from services.appointments.booking.rules import RELEASED_AFTER_MINUTES
from services.appointments.directory.models import Hall
from services.appointments.directory.schemas import HOURS, OpeningHours
from services.appointments.estimates.schemas import seq_of
from services.appointments.people.rules import Person, same_person, turns_of
from services.appointments.policies import service as policies
from services.appointments.policies.models import BookingPolicy
from services.appointments.priority.models import QueuePolicy
from services.appointments.queueing.legs import FloorLine, FloorWindow
from services.appointments.queueing.models import ALIVE, Ticket, TicketState
from services.appointments.queueing.seen import floor_lines, floor_windows, lines_of, windows_of
from services.appointments.schedules.openings import Closed
from shared.database import calendar_days
from shared.database.rows import Fetch, columns, fields, loaded
from shared.database.transitions import listed

_NOT_COME = (AppointmentState.CONFIRMED, AppointmentState.NO_SHOW)
_LIMIT = """CASE WHEN i.item IS NULL THEN b.tickets_per_day
      ELSE (b.items -> i.item ->> 'tickets_per_day')::int END"""
_SEEN = f"""
SELECT {columns(Hall, "h")}, {columns(QueuePolicy, "q")}, {columns(BookingPolicy, "b")},
  {columns(Ticket, "o")}, ARRAY(
    SELECT ROW(c.starts_at, c.ends_at, c.window_no, c.item_code, c.rule_code) FROM closure c
    WHERE c.hall_code = h.code AND c.ends_at > $2 AND c.lifted_at IS NULL ORDER BY c.starts_at
  ), ARRAY(
    SELECT ROW(
      w.id, w.no, ARRAY(SELECT i.item_code::text FROM window_item i WHERE i.window_id = w.id),
      -- As text: the driver knows no JSON inside of rows.
      nullif(w.late_hours, '[]')::text
    )
    FROM "window" w WHERE w.hall_code = h.code AND w.retired_at IS NULL ORDER BY w.id
  ), ARRAY(SELECT ROW(c.*) FROM ({calendar_days.CONTENT}) c),
  who.document, who.phone, coalesce((
    SELECT n.last FROM number_series n WHERE n.hall_code = h.code AND n.letter = $8
      AND n.day = ($2::timestamptz AT TIME ZONE h.timezone)::date
  ), 0), EXISTS (
    SELECT FROM ticket e WHERE e.hall_code = h.code AND e.evidence_index = ANY($9::text[])
      AND e.{ALIVE}
  ), ARRAY(
    -- Walk-in tickets of the day, where they are limited; those given up are free again, and so is
    -- what was kept for who has not come.
    SELECT CASE WHEN {_LIMIT} IS NOT NULL THEN (
      SELECT count(*) FROM ticket t WHERE t.hall_code = h.code AND t.leg = 1
        AND t.service_day = ($2::timestamptz AT TIME ZONE h.timezone)::date
        AND t.appointment_id IS NULL AND t.state <> '{TicketState.ABANDONED}'
        AND (i.item IS NULL OR i.item = ANY(t.items || t.pending))
    ) - (
      SELECT count(*) FROM appointment r WHERE r.hall_code = h.code
        AND r.state IN ({listed(_NOT_COME)})
        AND r.starts_at < $2::timestamptz - interval '{RELEASED_AFTER_MINUTES} minutes'
        AND r.starts_at > $2::timestamptz - interval '1 day'
        AND r.on_date = ($2::timestamptz AT TIME ZONE h.timezone)::date
        AND (i.item IS NULL OR r.item_code = i.item)
    ) END FROM unnest($10::text[]) WITH ORDINALITY AS i(item, place) ORDER BY i.place
  ), {turns_of("who")}, {seq_of("h.code")},
  {floor_windows("h.code", "cardinality($7::text[]) > 1")},
  {floor_lines("h.code", "cardinality($7::text[]) > 1")}
FROM hall h
LEFT JOIN LATERAL (SELECT * FROM queue_policy q WHERE q.hall_code = h.code
  ORDER BY q.version DESC LIMIT 1) q ON true
LEFT JOIN LATERAL (SELECT * FROM booking_policy b WHERE b.hall_code = h.code
  ORDER BY b.version DESC LIMIT 1) b ON true
LEFT JOIN verified_account v ON v.citizen_key = $3::text
CROSS JOIN LATERAL (
  SELECT coalesce($3::text, $4::text) AS citizen_key,
    CASE WHEN $3::text IS NULL THEN $5::text ELSE v.document END AS document,
    CASE WHEN $3::text IS NULL THEN $6::text ELSE v.phone END AS phone
) who
LEFT JOIN LATERAL (
  SELECT t.* FROM ticket t WHERE t.hall_code = h.code AND t.{ALIVE}
    AND (t.appointment_id = $11 OR ({same_person("t", "who")}
      AND (t.items || t.pending) && $7::text[]
      -- Who comes along with somebody has a ticket of their own.
      AND NOT EXISTS (
        SELECT FROM appointment a JOIN appointment b ON b.party_id = a.party_id
          AND b.person_no <> a.person_no
        WHERE a.id = $11 AND b.id = t.appointment_id
      )))
  ORDER BY t.appointment_id = $11 DESC NULLS LAST, t.id LIMIT 1
) o ON true
WHERE h.code = $1
"""


class Asked(NamedTuple):
    """For what and for whom a ticket is asked: the `account` of a citizen, or a `person`."""

    hall_code: str
    items: Sequence[str]
    letter: str
    account: str | None
    person: Person
    proofs: Sequence[str]
    appointment: UUID | None

    @property
    def limited(self) -> list[str | None]:
        """Who has an appointment is not limited; others by the hall, and for each item."""
        return [] if self.appointment else [None, *self.items]


class ServingWindow(NamedTuple):
    id: UUID
    no: int
    items: frozenset[str]
    late_hours: str | None = None
    """As JSON; None where it serves in the hours of the hall only."""


class SeenHall(NamedTuple):
    """The hall with its policies, what closes it, and what each of its windows serves; `person` is
    who was asked for, with the numbers that were checked.

    `other` is a live ticket of the appointment, or of the person for one of the items; `last` the
    last number of the series, `issued` how many walk-in tickets, for each of what is `limited`,
    without as many as were kept for people who have not come;
    `turns` those of the person, `seq` grows with all that happens in the hall. For who comes for
    several items: which windows of the `floor` are open, and who waits for what (`lines`).
    """

    hall: Hall
    queue_policy: QueuePolicy | None
    booking_policy: BookingPolicy
    other: Ticket | None
    closed: Sequence[Closed]
    windows: Sequence[ServingWindow]
    calendar: Iterable[Any]
    person: Person
    last: int
    is_proof_used: bool
    issued: Sequence[int | None]
    turns: dict[str, int]
    seq: int
    floor: Sequence[FloorWindow]
    lines: Sequence[FloorLine]

    def late_hours(self, items: Iterable[str]) -> list[OpeningHours]:
        """When one window serves all of them though the hall is not open."""
        wanted = frozenset(items)
        return [
            hours
            for window in self.windows
            if window.late_hours is not None and wanted <= window.items
            for hours in HOURS.validate_json(window.late_hours)
        ]

    def serving(self, items: Iterable[str]) -> ServingWindow | None:
        """A window that serves all of them."""
        wanted = frozenset(items)
        return next((window for window in self.windows if wanted <= window.items), None)


async def find(fetch: Fetch, asked: Asked, now: datetime) -> SeenHall | None:
    """The hall and what of it a ticket goes by."""
    found = await fetch(
        _SEEN,
        asked.hall_code,
        now,
        asked.account,
        *asked.person,
        list(asked.items),
        asked.letter,
        list(asked.proofs),
        asked.limited,
        asked.appointment,
    )
    for record in found:
        return _seen(asked, now, list(record))
    return None


def _seen(asked: Asked, now: datetime, values: list[Any]) -> SeenHall:
    hall, queue, policy, other, rest = _split(values)
    closed, windows, [calendar], document, phone, last, is_proof_used, issued, *others = rest
    turns, seq, floor, lines = others
    return SeenHall(
        loaded(Hall, hall),
        loaded(QueuePolicy, queue) if queue[0] is not None else None,
        loaded(BookingPolicy, policy) if policy[0] else policies.default(asked.hall_code, now),
        loaded(Ticket, other) if other[0] is not None else None,
        [Closed(*each) for each in closed],
        [ServingWindow(id_, no, frozenset(items), late) for id_, no, items, late in windows],
        calendar,
        Person(asked.account or asked.person.citizen_key, document, phone),
        last,
        is_proof_used,
        issued,
        dict(turns),
        int(seq),
        windows_of(floor),
        lines_of(lines),
    )


_KINDS: tuple[type[SQLModel], ...] = (Hall, QueuePolicy, BookingPolicy, Ticket)


def _split(values: list[Any]) -> Iterable[list[Any]]:
    """What there is of each kind, and what is behind."""
    for kind in _KINDS:
        yield values[: len(fields(kind))]
        values = values[len(fields(kind)) :]
    yield values
