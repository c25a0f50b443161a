"""Reports that something is missing go out without their letters; answers come back to all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.missing_disclosures import queries, rules
from services.feedback.missing_disclosures.contracts import DisclosureChecked
from services.feedback.missing_disclosures.events import MissingDisclosureReported
from services.feedback.missing_disclosures.models import DisclosureAnswer, MissingDisclosure
from services.feedback.missing_disclosures.schemas import (
    DisclosureAnswerView,
    DisclosureReference,
    MissingDisclosureView,
    reference_key,
)
from shared.messaging import outbox


async def report(
    session: AsyncSession, letter_id: UUID, missing: DisclosureReference | None, now: datetime
) -> None:
    """Keep with the letter what it says is missing, and let the auditors look into it."""
    if missing is None:
        return
    named = missing.model_dump()
    row = MissingDisclosure(letter_id=letter_id, reference=missing.key, reported_at=now, **named)
    session.add(row)
    event = MissingDisclosureReported(reported_at=now, **named)
    await outbox.record(session, event, scope=missing.department_code or "_", subject=missing.key)


async def take_answer(session: AsyncSession, data: DisclosureChecked) -> None:
    """Show the answer with every letter that reports the same, now and later."""
    key = reference_key(data.project_code, data.item_code, data.department_code)
    values = data.model_dump(exclude={"project_code", "item_code", "department_code"})
    await queries.put_answer(session, {"reference": key, **values})


def shown(found: Mapping[str, Any] | None) -> MissingDisclosureView | None:
    """The row of a letter's report with that of its `answer`; None of a letter that has none."""
    if found is None:
        return None
    answer = found["answer"] and DisclosureAnswer.model_validate(found["answer"])
    return MissingDisclosureView(
        project_code=found["project_code"],
        item_code=found["item_code"],
        department_code=found["department_code"],
        answer=answer and _answer(answer),
    )


def _answer(row: DisclosureAnswer) -> DisclosureAnswerView:
    text = rules.sentence(row)
    same = DisclosureAnswerView.model_fields.keys() - {"zh", "en"}
    return DisclosureAnswerView(
        zh=text.zh, en=text.en, **{name: getattr(row, name) for name in same}
    )
