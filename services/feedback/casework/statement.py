"""The reply that counts for a letter, what its sender is shown, and what many files hold."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnClause, Integer, SelectBase, String, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework.models import LetterExtension, LetterReply, LetterTransition
from services.feedback.casework.rules import FileFacts
from services.feedback.casework.workflow import APPEALS, REFUSALS, RETURNS
from services.feedback.letters.models import LetterSupplement

# A merged letter may wait for one that was merged in its turn: what went out before the latest of
# these merges did not know of it.
_REPLY_THAT_COUNTS = """
    FROM letter_reply r JOIN reply_approval a ON a.reply_id = r.id
    WHERE r.letter_id = :answered AND (:letter = :answered OR a.approved_at >= (
        WITH RECURSIVE way(id, merged_into) AS (
            SELECT l.id, l.merged_into FROM letter l WHERE l.id = :letter
            UNION SELECT l.id, l.merged_into FROM letter l JOIN way w ON l.id = w.merged_into)
        SELECT max(t.at) FROM letter_transition t JOIN way w ON w.id = t.letter_id
        WHERE w.merged_into IS NOT NULL AND t.to_state = 'merged' AND t.from_state <> 'merged'))
    ORDER BY a.approved_at DESC, r.id DESC LIMIT 1
"""
_PAPERS = text(f"""
    SELECT (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.version) FROM letter_transition t
            WHERE t.letter_id = :letter),
        (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM letter_supplement s
         WHERE s.letter_id = :letter),
        (SELECT to_jsonb(r) {_REPLY_THAT_COUNTS}),
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


def approved(what: ColumnClause[Any]) -> SelectBase:
    """Of the latest reply that went out to the letter `:answered`, as far as it counts for
    `:letter`: its approval is `a` and it is `r`.
    """
    both = bindparam("letter", type_=Uuid), bindparam("answered", type_=Uuid)
    found = text(f"SELECT {what.name} {_REPLY_THAT_COUNTS}")
    return found.bindparams(*both).columns(what)


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


_FILES = text("""
    SELECT l.id,
        (SELECT to_jsonb(r) FROM letter_reply r WHERE r.letter_id = l.id
         ORDER BY r.submitted_at DESC, r.id DESC LIMIT 1),
        (SELECT to_jsonb(e) FROM letter_extension e WHERE e.letter_id = l.id AND e.granted IS NULL),
        (SELECT count(*) FROM letter_transition t
         WHERE t.letter_id = l.id AND t.action = ANY(:returns)),
        (SELECT count(*) FROM letter_transition t
         WHERE t.letter_id = l.id AND t.action = ANY(:appeals)),
        (SELECT t.actor FROM letter_transition t
         WHERE t.letter_id = l.id AND t.action = ANY(:refusals) ORDER BY t.version DESC LIMIT 1)
    FROM unnest(CAST(:ids AS uuid[])) AS l(id)
""").columns(id=Uuid, reply=JSONB, extension=JSONB, returns=Integer, appeals=Integer, by=String)


async def files_of_many(
    session: AsyncSession, letter_ids: Collection[UUID]
) -> dict[UUID, FileFacts]:
    """What the files of many letters hold of what staff may be refused by, in one statement."""
    wanted = {"returns": [*RETURNS], "appeals": [*APPEALS], "refusals": [*REFUSALS]}
    rows = await session.execute(_FILES, {"ids": list(letter_ids), **wanted})
    return {
        letter_id: FileFacts(
            reply=reply and LetterReply.model_validate(reply),
            extension=extension and LetterExtension.model_validate(extension),
            returns=returns,
            appeals=appeals,
            refused_by=refused_by,
        )
        for letter_id, reply, extension, returns, appeals, refused_by in rows
    }
