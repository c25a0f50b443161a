"""A letter whose reply went out, and all that is decided about its public copy: one statement."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, String, Uuid, and_, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework.models import LetterReply
from services.feedback.casework.service import approved
from services.feedback.letters.models import Letter, LetterSupplement
from services.feedback.publication import rules
from services.feedback.publication.models import Redaction, RedactionSpan


class TakenDown(NamedTuple):
    """A redaction whose copy was taken down, and why, sealed."""

    id: UUID
    reason_sealed: str


class CaseRows(NamedTuple):
    """A letter, the latest reply that went out to it, the latest redaction of that with its spans
    and who approved these; the last copy that was taken down for a reason; what the sender added;
    the numbers of all departments, and the name of the one that replied.
    """

    letter: Letter
    reply: LetterReply | None
    redaction: Redaction | None
    taken_down: TakenDown | None
    spans: list[RedactionSpan]
    approvals: list[str]
    supplements: Sequence[LetterSupplement]
    numbers: Sequence[str]
    department: str | None


_EDITION = aliased(Redaction)
_LATEST = select(func.max(col(_EDITION.edition))).where(
    col(_EDITION.reply_id) == col(LetterReply.id)
)
_CASE = (
    select(
        Letter,
        LetterReply,
        Redaction,
        literal_column(
            "(SELECT jsonb_build_array(g.id, g.taken_down_reason_sealed) FROM redaction g"
            " WHERE g.reply_id = letter_reply.id AND g.taken_down_reason_sealed IS NOT NULL"
            " ORDER BY g.edition DESC LIMIT 1)",
            JSONB,
        ),
        literal_column(
            "(SELECT jsonb_agg(to_jsonb(s)) FROM redaction_span s"
            " WHERE s.redaction_id = redaction.id)",
            JSONB,
        ),
        literal_column(
            "ARRAY(SELECT a.reviewer FROM redaction_approval a"
            " WHERE a.redaction_id = redaction.id AND a.spans_version = redaction.spans_version"
            " ORDER BY a.at)",
            ARRAY(String),
        ),
        literal_column(
            "(SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM letter_supplement s"
            " WHERE s.letter_id = letter.id)",
            JSONB,
        ),
        literal_column("ARRAY(SELECT unnest(d.numbers) FROM department d)", ARRAY(String)),
        literal_column(
            "(SELECT d.name FROM department d WHERE d.code = letter_reply.department_code)", String
        ),
    )
    .select_from(Letter)
    .outerjoin(LetterReply, col(LetterReply.id) == approved(column("r.id", Uuid)).scalar_subquery())
    .outerjoin(
        Redaction,
        and_(
            col(Redaction.reply_id) == col(LetterReply.id),
            col(Redaction.edition) == _LATEST.scalar_subquery(),
        ),
    )
    .execution_options(populate_existing=True)
)


async def case_rows(session: AsyncSession, letter_id: UUID) -> CaseRows | None:
    """All of it as it stands now, None where there is no such letter."""
    of_letter = _CASE.where(col(Letter.id) == letter_id)
    wanted = {"letter": letter_id, "answered": letter_id}
    row = (await session.execute(of_letter, wanted)).one_or_none()
    if row is None:
        return None
    letter, reply, redaction, gone, spans, approvals, added, *rest = row
    return CaseRows(
        letter,
        reply,
        redaction,
        gone and TakenDown(UUID(gone[0]), gone[1]),
        rules.in_order(RedactionSpan.model_validate(one) for one in spans or ()),
        list(approvals),
        [LetterSupplement.model_validate(one) for one in added or ()],
        *rest,
    )
