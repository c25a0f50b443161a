"""Writes past visits straight into a hall's log, for figures of days that no test can wait for."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import asyncpg

from shared.clock import SHANGHAI
from shared.ids import new_id

_ENTRY = """
INSERT INTO ticket_event (hall_code, hall_seq, ticket_id, visit_id, number, item_code, action,
    to_state, version, at, actor, window_no, waited_seconds, served_seconds, outcome, before)
VALUES ($1, $2, $3, $3, 'A001', $4, $5, 'any', 1, $6, 'li', 1, $7, $8, $9, '{}')"""
_TICKET = """
INSERT INTO ticket (id, hall_code, service_day, number, leg, visit_id, item_code, items,
    ticket_class, credit_minutes, policy_version, issued_at, ready_at, due_at, state, state_since,
    version, recalls, outcome, missing)
VALUES ($1, $2, $3, $4, 1, $1, $5::varchar, ARRAY[$5::varchar], 'walk_in', 0, 0, $6, $6, $6,
    'done', $6, 1, 0, $7, $8)"""


@dataclass
class HallLog:
    """The log of one hall."""

    owner: asyncpg.Connection
    hall: str
    seq: int = 0
    written: list[UUID] = field(default_factory=list)

    async def visit(
        self, day: date, item: str, outcome: str | None = "done", missing: str = "[]"
    ) -> UUID:
        """Somebody takes a ticket at nine, is called at ten past and finished at twenty past."""
        ticket = new_id()
        nine = datetime.combine(day, time(9), SHANGHAI).astimezone(UTC)
        number = f"A{len(self.written) + 1:03}"
        await self.owner.execute(
            _TICKET, ticket, self.hall, day, number, item, nine, outcome, missing
        )
        steps = (("issue", 0, None, None), ("call", 10, 600.0, None), ("finish", 20, None, 480.0))
        for action, minutes, waited, served in steps:
            self.seq += 1
            at = nine + timedelta(minutes=minutes)
            ends = outcome if action == "finish" else None
            await self.owner.execute(
                _ENTRY, self.hall, self.seq, ticket, item, action, at, waited, served, ends
            )
        self.written.append(ticket)
        return ticket
