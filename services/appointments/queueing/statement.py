"""What goes with the swap of a ticket or a window: its call, and the hall's floor with its log.

Each is a part of the one statement that writes an action (`SwapStatement`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from shared.database.swap_statement import SwapStatement
from shared.messaging.outbox import OutboxRow

_COLUMNS = (
    *("ticket_id", "visit_id", "number", "item_code", "action", "from_state", "to_state"),
    *("version", "at", "actor", "window_id", "window_no", "call_id", "served_seconds", "outcome"),
    *("predicted_p50", "predicted_p85", "undoes", "before"),
)
_NUMBER = """
INSERT INTO hall_floor AS f (hall_code, seq, plain_turns) VALUES (:hall, :many, '{}')
ON CONFLICT (hall_code) DO UPDATE SET seq = f.seq + :many RETURNING seq - :many AS used
"""
# The number is put between the two halves of the body, which is otherwise as it was written.
_PROMISE = """
INSERT INTO outbox (event_id, subject, body, traceparent)
SELECT e.event_id, e.subject, e.head || convert_to((n.used + e.place)::text, 'UTF8') || e.tail,
  e.traceparent
FROM numbered n, unnest(CAST(:event_ids AS uuid[]), CAST(:subjects AS text[]),
  CAST(:heads AS bytea[]), CAST(:tails AS bytea[]), CAST(:traceparents AS text[]))
  WITH ORDINALITY AS e (event_id, subject, head, tail, traceparent, place)
ORDER BY e.place
"""
_NO_NUMBER = b'"hall_seq":0'
# An upsert and no SELECT FOR UPDATE: the floor of a hall is made by its first event.
_LOCK_FLOOR = """
INSERT INTO hall_floor AS f (hall_code, seq, plain_turns) VALUES (:hall, 0, '{}')
ON CONFLICT (hall_code) DO UPDATE SET seq = f.seq
WHERE CAST(:seq AS int) IS NULL OR f.seq = :seq RETURNING 1
"""
# Advisory: whoever takes a ticket waits for who arranges the hall's windows, and for what follows
# for its slots, but neither for other changes of slots, which lock the hall's row, nor holding the
# floor, for which everybody in the hall would wait.
KEEP_WINDOWS = "SELECT pg_advisory_xact_lock_shared(hashtextextended(:hall, 13))"
CHANGE_WINDOWS = "SELECT pg_advisory_xact_lock(hashtextextended(:hall, 13))"
_KEEP_SERVING = (
    "SELECT 1 FROM window_item WHERE window_id = :window AND item_code = :item FOR SHARE"
)
_END_CALL = "UPDATE call SET ended_at = :at, ended_by = :by WHERE id = :call"
_SERVE_CALL = "UPDATE call SET started_at = :at WHERE id = :call"
# Should somebody else be at the window by now, uq_call_live_window refuses it.
_REOPEN_CALL = "UPDATE call SET ended_at = NULL, ended_by = NULL WHERE id = :call"


def append(
    statement: SwapStatement,
    hall: str,
    entries: Sequence[dict[str, Any]],
    promised: Sequence[OutboxRow],
) -> None:
    """Numbers, logs and promises what happened in the hall, once a statement.

    The hall's floor is locked until the commit: so the numbers have no gaps, and their order is
    that of the commits. Everybody in the hall waits for it, so that it is the last lock but for a
    window, and nothing is asked in between.
    """
    statement.lock(_NUMBER, name="numbered", hall=hall, many=len(entries))
    for place, entry in enumerate(entries, 1):
        statement.also(_log(place), hall=hall, **entry)
    ids, subjects, bodies, traces = map(list, zip(*promised, strict=True))
    halves = [body.partition(_NO_NUMBER) for body in bodies]
    statement.also(
        _PROMISE,
        event_ids=ids,
        subjects=subjects,
        heads=[head + _NO_NUMBER[:-1] for head, _, _ in halves],
        tails=[tail for _, _, tail in halves],
        traceparents=traces,
    )


@cache
def _log(place: int) -> str:
    values = ", ".join(f":{name}" for name in _COLUMNS)
    return (
        f"INSERT INTO ticket_event (hall_code, hall_seq, {', '.join(_COLUMNS)})"
        f" SELECT :hall, used + {place}, {values} FROM numbered"
    )


def lock_floor(statement: SwapStatement, hall: str, seq: int | None) -> None:
    """Locks the hall's floor for a change that is no ticket's event; with `seq` only if nothing has
    happened there since that number."""
    statement.lock(_LOCK_FLOOR, hall=hall, seq=seq)


def keep_serving(statement: SwapStatement, hall: str, window: UUID, items: Iterable[str]) -> None:
    """The window still serves the items, and does so until the commit.

    Whoever changes windows waits meanwhile, and has replaced the rows where they came first.
    """
    statement.lock(KEEP_WINDOWS, hall=hall)
    for item in items:
        statement.lock(_KEEP_SERVING, window=window, item=item)


def end_call(statement: SwapStatement, call: UUID, by: str, now: datetime) -> None:
    """Ends a live call. As every change of a call it goes with the swap of its ticket: whose
    version is still the same has the call that was seen with it."""
    statement.also(_END_CALL, call=call, by=by, at=now)


def serve_call(statement: SwapStatement, call: UUID, at: datetime | None) -> None:
    """Notes when the service of a live call began; None: it has not."""
    statement.also(_SERVE_CALL, call=call, at=at)


def reopen_call(statement: SwapStatement, call: UUID) -> None:
    """Puts an ended call back to its window."""
    statement.also(_REOPEN_CALL, call=call)
