"""Many events in one statement, for work that moves thousands of duties at once."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.messaging import outbox
from shared.messaging.events import Event

_RECORD = text("""
  INSERT INTO outbox (event_id, subject, body, traceparent)
  SELECT * FROM unnest(CAST(:event_ids AS uuid[]), CAST(:subjects AS text[]),
                       CAST(:bodies AS bytea[]), CAST(:traceparents AS text[]))""")


class Told(NamedTuple):
    """An event, the code of the unit it belongs to, and the id of what it is about."""

    event: Event
    scope: str
    subject: str


async def record_all(session: AsyncSession, told: Iterable[Told]) -> None:
    """Promise these events to the bus, in order, if and only if the transaction commits."""
    rows = [outbox.row(each.event, scope=each.scope, subject=each.subject) for each in told]
    if rows:
        ids, subjects, bodies, traceparents = zip(*rows, strict=True)
        values = {"event_ids": ids, "subjects": subjects, "bodies": bodies}
        arrays = {name: list(value) for name, value in values.items()}
        await session.execute(_RECORD, {**arrays, "traceparents": list(traceparents)})
