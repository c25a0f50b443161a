"""The reply that counts for a letter, what its sender and its staff are shown; what many hold."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnClause,
    Integer,
    SelectBase,
    String,
    Uuid,
    bindparam,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework.models import (
    LetterActivity,
    LetterExtension,
    LetterReply,
    LetterTransition,
)
from services.feedback.casework.rules import FileFacts
from services.feedback.casework.workflow import APPEALS, REFUSALS, RETURNS
from services.feedback.letters.models import Letter, LetterSupplement
from services.feedback.letters.service import Hint
from services.feedback.missing_disclosures import service as missing_disclosures
from services.feedback.missing_disclosures.schemas import MissingDisclosureView
from shared.database.reading import Reading

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
_MISSING = (
    "(SELECT to_jsonb(m) || jsonb_build_object('answer', to_jsonb(a))"
    " FROM missing_disclosure m LEFT JOIN disclosure_answer a ON a.reference = m.reference"
    " WHERE m.letter_id = {letter})"
)
_PAPERS = text(f"""
    SELECT (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.version) FROM letter_transition t
            WHERE t.letter_id = :letter),
        (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM letter_supplement s
         WHERE s.letter_id = :letter),
        (SELECT to_jsonb(r) {_REPLY_THAT_COUNTS}),
        (SELECT d.name FROM letter l JOIN department d ON d.code = l.department_code
         WHERE l.id = :letter),
        {_MISSING.format(letter=":letter")}
""").columns(steps=JSONB, added=JSONB, reply=JSONB, name=String, missing=JSONB)


HINTS = literal_column(
    "(SELECT jsonb_agg(jsonb_build_array(o.id, o.reg_no, h.likeness, o.department_code, o.accused)"
    " ORDER BY h.likeness DESC) FROM duplicate_hint h JOIN letter o ON o.id = h.other_id"
    " WHERE h.letter_id = letter.id)",
    JSONB,
)
"""Of a letter, for `hints_of`."""


def hints_of(found: Sequence[Any] | None) -> list[Hint]:
    """The earlier letters that were noted, most alike first."""
    return [Hint(UUID(id_), *rest) for id_, *rest in found or ()]


class SenderPapers(NamedTuple):
    """The way of a letter from the start, what its sender added, the latest reply that went out,
    the name of the department that handles it, and what it says is missing online.
    """

    steps: Sequence[LetterTransition]
    supplements: Sequence[LetterSupplement]
    reply: LetterReply | None
    department_name: str | None
    missing: MissingDisclosureView | None

    def with_new(self, step: LetterTransition, added: object) -> "SenderPapers":
        """The same after a step, and with what came into the file by it."""
        new = [added] if isinstance(added, LetterSupplement) else []
        return self._replace(steps=[*self.steps, step], supplements=[*self.supplements, *new])


def approved(what: ColumnClause[Any]) -> SelectBase:
    """Of the latest reply that went out to the letter `:answered`, as far as it counts for
    `:letter`: its approval is `a` and it is `r`.
    """
    both = bindparam("letter", None, type_=Uuid), bindparam("answered", None, type_=Uuid)
    found = text(f"SELECT {what.name} {_REPLY_THAT_COUNTS}")
    return found.bindparams(*both).columns(what)


async def papers(session: AsyncSession, letter_id: UUID, answered_id: UUID) -> SenderPapers:
    """What a sender is shown of a letter besides itself, in one statement."""
    wanted = {"letter": letter_id, "answered": answered_id}
    steps, added, reply, name, missing = (await session.execute(_PAPERS, wanted)).one()
    return SenderPapers(
        [LetterTransition.model_validate(one) for one in steps or ()],
        [LetterSupplement.model_validate(one) for one in added or ()],
        reply and LetterReply.model_validate(reply),
        name,
        missing_disclosures.shown(missing),
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


class FileRows(NamedTuple):
    """A letter and all that is in its file, each kind oldest first; the numbers of all departments,
    as they are registered; earlier letters that read like it; whether others were merged into it;
    what it says is missing online.
    """

    letter: Letter
    steps: Sequence[LetterTransition]
    supplements: Sequence[LetterSupplement]
    replies: Sequence[LetterReply]
    activities: Sequence[LetterActivity]
    numbers: Sequence[str]
    hints: Sequence[Hint]
    has_merged: bool
    missing: MissingDisclosureView | None


def _rows_of(table: str, order: str) -> Any:
    return literal_column(
        f"(SELECT jsonb_agg(to_jsonb(r) ORDER BY r.{order}) FROM {table} r"
        " WHERE r.letter_id = letter.id)",
        JSONB,
    )


_FILE = Reading(
    select(
        Letter,
        _rows_of("letter_transition", "version"),
        _rows_of("letter_supplement", "id"),
        _rows_of("letter_reply", "id"),
        _rows_of("letter_activity", "id"),
        literal_column("ARRAY(SELECT unnest(d.numbers) FROM department d)", ARRAY(String)),
        HINTS,
        literal_column("EXISTS (SELECT FROM letter m WHERE m.merged_into = letter.id)", Boolean),
        literal_column(_MISSING.format(letter="letter.id"), JSONB),
    ).where(col(Letter.id) == bindparam("letter", type_=Uuid))
)


async def file_rows(session: AsyncSession, letter_id: UUID) -> FileRows | None:
    """The whole file of a letter, None where there is no such letter."""
    row = await _FILE.one(session, letter=letter_id)
    if row is None:
        return None
    letter, steps, added, replies, activities, numbers, hints, has_merged, missing = row
    return FileRows(
        letter,
        [LetterTransition.model_validate(one) for one in steps or ()],
        [LetterSupplement.model_validate(one) for one in added or ()],
        [LetterReply.model_validate(one) for one in replies or ()],
        [LetterActivity.model_validate(one) for one in activities or ()],
        numbers,
        hints_of(hints),
        has_merged,
        missing_disclosures.shown(missing),
    )
