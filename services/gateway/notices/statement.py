"""What became of many notices, written down together."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.notices.models import Notice, NoticeState
from services.gateway.notices.workflow import Outcome

_SETTLE = text(f"""
UPDATE notice n SET state = coalesce(s.state, n.state), reason = s.reason,
  next_at = coalesce(s.again_at, n.next_at),
  account_id = coalesce(s.account_id, n.account_id),
  facts_sealed = coalesce(s.facts, n.facts_sealed)
FROM unnest(
  CAST(:id AS uuid[]), CAST(:attempts AS int[]), CAST(:state AS text[]), CAST(:reason AS text[]),
  CAST(:again_at AS timestamptz[]), CAST(:account AS uuid[]), CAST(:facts AS text[])
) AS s(id, attempts, state, reason, again_at, account_id, facts)
WHERE n.id = s.id AND n.state = '{NoticeState.WAITING}' AND n.attempts = s.attempts
RETURNING n.id
""")


class SettledNotice(NamedTuple):
    """What became of the attempt to learn whom to reach; of a reached account, what it may read."""

    notice: Notice
    outcome: Outcome
    account_id: UUID | None = None
    facts_sealed: str | None = None


async def settle_notices(session: AsyncSession, settled: Sequence[SettledNotice]) -> set[UUID]:
    """Those that waited still, and that nobody had taken anew."""
    rows = [
        {
            "id": one.notice.id,
            "attempts": one.notice.attempts,
            "state": one.outcome.to,
            "reason": one.outcome.reason,
            "again_at": one.outcome.again_at,
            "account": one.account_id,
            "facts": one.facts_sealed,
        }
        for one in settled
    ]
    values = {name: [row[name] for row in rows] for name in rows[0]}
    return set((await session.execute(_SETTLE, values)).scalars())
