"""What a hall issues a ticket by, in one read of several rooms, in the ticket's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.people.rules import Person
from services.appointments.policies import service as policies
from services.appointments.policies.models import BookingPolicy
from services.appointments.priority.models import QueuePolicy
from services.appointments.queueing import service as queueing
from services.appointments.schedules.openings import Closed
from shared.database.rows import columns, fetch_in, fields, loaded

_SEEN = f"""
SELECT {columns(Hall, "h")}, {columns(QueuePolicy, "q")}, {columns(BookingPolicy, "b")},
  ARRAY(
    SELECT ROW(c.starts_at, c.ends_at, c.window_no, c.item_code, c.rule_code) FROM closure c
    WHERE c.hall_code = h.code AND c.ends_at > $2 AND c.lifted_at IS NULL ORDER BY c.starts_at
  ), ARRAY(
    SELECT ROW(ARRAY(SELECT i.item_code::text FROM window_item i WHERE i.window_id = w.id))
    FROM "window" w WHERE w.hall_code = h.code AND w.retired_at IS NULL
  ), v.document, v.phone
FROM hall h
LEFT JOIN LATERAL (SELECT * FROM queue_policy q WHERE q.hall_code = h.code
  ORDER BY q.version DESC LIMIT 1) q ON true
LEFT JOIN LATERAL (SELECT * FROM booking_policy b WHERE b.hall_code = h.code
  ORDER BY b.version DESC LIMIT 1) b ON true
LEFT JOIN verified_account v ON v.citizen_key = $3
WHERE h.code = $1
"""


class SeenHall(NamedTuple):
    """The hall with its policies, what closes it, and what each of its windows serves; `person` is
    who was asked for, with the numbers that were checked."""

    hall: Hall
    queue_policy: QueuePolicy | None
    booking_policy: BookingPolicy
    closed: Sequence[Closed]
    windows: Sequence[set[str]]
    person: Person


async def find(
    session: AsyncSession, hall_code: str, citizen_key: str | None, now: datetime
) -> SeenHall | None:
    """The hall, whose windows serve what they serve now until the transaction ends."""
    await queueing.keep_windows(session, hall_code)
    for record in await fetch_in(session, _SEEN, hall_code, now, citizen_key):
        values, queue, policy, rest = _split(list(record))
        closed, windows, document, phone = rest
        return SeenHall(
            loaded(Hall, values),
            loaded(QueuePolicy, queue) if queue[0] is not None else None,
            loaded(BookingPolicy, policy) if policy[0] else policies.default(hall_code, now),
            [Closed(*each) for each in closed],
            [set(items) for (items,) in windows],
            Person(citizen_key or "", document, phone),
        )
    return None


def _split(values: list[Any]) -> Iterable[list[Any]]:
    """What there is of each kind, and what is behind."""
    for kind in (Hall, QueuePolicy, BookingPolicy):
        yield values[: len(fields(kind))]
        values = values[len(fields(kind)) :]
    yield values
