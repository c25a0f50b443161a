"""Audits run one after the other: each freezes a report of its own, and none meets a bare 503.

Those that wait in this process hold no connection meanwhile, or a few of them would leave none for
others. Between processes they wait at the database, as everything does that judges.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from services.projects.auditing.rules import turns
from shared import clock
from shared.database.engine import memory_of
from shared.ids import new_id
from shared.security.identity import Caller
from shared.web.dependencies import Direct, allow


@dataclass
class Gate:
    """Lets one audit of this process through at a time; knows which one that is."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    running: dict[str, Any] = field(default_factory=dict)


async def _alone(direct: Direct, _: Annotated[Caller, allow("auditor")]) -> AsyncIterator[UUID]:
    gate = memory_of(direct, Gate)
    try:
        async with asyncio.timeout(turns.PATIENCE_SECONDS):
            await gate.lock.acquire()
    except TimeoutError:
        raise turns.AuditRunning(gate.running) from None
    audit_id = new_id()
    gate.running = {"audit": str(audit_id), "since": clock.now()}
    try:
        yield audit_id
    finally:
        gate.lock.release()


# scope="function": the next audit begins after this one is committed, and before its answer leaves.
Alone = Annotated[UUID, Depends(_alone, scope="function")]
"""The id of the audit that may run now. Raises AuditRunning where others ran for too long."""
