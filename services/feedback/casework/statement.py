"""The reply that counts for a letter, and what its sender is shown, in one statement."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, String, func, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework.models import LetterReply, LetterTransition, ReplyApproval
from services.feedback.letters.models import LetterState, LetterSupplement

_PAPERS = text("""
    SELECT (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.version) FROM letter_transition t
            WHERE t.letter_id = :letter),
        (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM letter_supplement s
         WHERE s.letter_id = :letter),
        (SELECT to_jsonb(r) FROM letter_reply r JOIN reply_approval a ON a.reply_id = r.id
         WHERE r.letter_id = :answered AND (:letter = :answered OR a.approved_at >= (
             SELECT max(t.at) FROM letter_transition t
             WHERE t.letter_id = :letter AND t.to_state = 'merged' AND t.from_state <> 'merged'))
         ORDER BY a.approved_at DESC, r.id DESC LIMIT 1),
        (SELECT d.name FROM letter l JOIN department d ON d.code = l.department_code
         WHERE l.id = :letter)
""").columns(steps=JSONB, added=JSONB, reply=JSONB, name=String)


class SenderPapers(NamedTuple):
    """The way of a letter from the start, what its sender added, the latest reply that went out,
    and the name of the department that handles it.
    """

    steps: Sequence[LetterTransition]
    supplements: Sequence[LetterSupplement]
    reply: LetterReply | None
    department_name: str | None

    def with_new(self, step: LetterTransition, added: object) -> "SenderPapers":
        """The same after a step, and with what came into the file by it."""
        new = [added] if isinstance(added, LetterSupplement) else []
        return self._replace(steps=[*self.steps, step], supplements=[*self.supplements, *new])


def approved(what: Any, answered_id: Any, letter_id: Any) -> Select[Any]:
    """Of the latest reply that went out to `answered_id`, as far as it counts for `letter_id`: what
    went out before this one was merged into the other did not know of it.
    """
    came = col(ReplyApproval.approved_at)
    merged_at = select(func.max(col(LetterTransition.at))).where(
        col(LetterTransition.letter_id) == letter_id,
        col(LetterTransition.to_state) == LetterState.MERGED,
        col(LetterTransition.from_state) != LetterState.MERGED,
    )
    return (
        select(what)
        .select_from(LetterReply)
        .join(ReplyApproval, col(ReplyApproval.reply_id) == col(LetterReply.id))
        .where(
            col(LetterReply.letter_id) == answered_id,
            or_(answered_id == letter_id, came >= merged_at.scalar_subquery()),
        )
        .order_by(came.desc(), col(LetterReply.id).desc())
        .limit(1)
    )


async def papers(session: AsyncSession, letter_id: UUID, answered_id: UUID) -> SenderPapers:
    """What a sender is shown of a letter besides itself, in one statement."""
    wanted = {"letter": letter_id, "answered": answered_id}
    steps, added, reply, name = (await session.execute(_PAPERS, wanted)).one()
    return SenderPapers(
        [LetterTransition.model_validate(one) for one in steps or ()],
        [LetterSupplement.model_validate(one) for one in added or ()],
        reply and LetterReply.model_validate(reply),
        name,
    )
