"""A clock for the tests of its rules, which need no database, and stored ones in hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service
from services.feedback.deadlines.models import Deadline, PolicyKind, SubjectKind, Unit
from services.feedback.deadlines.service import ClockSet, Subject
from shared.ids import new_id
from tests.feedback.isolated_service import at


def clock(**others: Any) -> Deadline:
    """Five working days from Monday 2026-11-23, due on the 30th, already reminded of."""
    return Deadline(
        **{
            "subject_kind": SubjectKind.LETTER,
            "subject_id": new_id(),
            "kind": PolicyKind.REPLY_CONSULTATION,
            "department_code": "D01",
            "policy_id": new_id(),
            "unit": Unit.WORKING_DAY,
            "n": 5,
            "base_on": date(2026, 11, 23),
            "due_on": date(2026, 11, 30),
            "due_at": at("2026-12-01 00:00"),
            "provisional": False,
            "calendar_edition": 6,
            "original_due_on": date(2026, 11, 30),
            "started_at": at("2026-11-23 10:00"),
            "reminded": 2,
            **others,
        }
    )


@asynccontextmanager
async def in_hand(
    session: AsyncSession, subject: Subject, now: datetime, by: str = "officer"
) -> AsyncIterator[ClockSet]:
    """The stored clocks of a subject as an act takes them; what is done to them is saved."""
    clocks = await service.to_change(session, subject.kind, [subject.id], by=by, now=now)
    yield clocks
    await service.save(session, clocks)
