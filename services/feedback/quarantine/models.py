"""Letters that came in a flood: kept whole and sealed, without a serial, until somebody decides."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.feedback.letters.models import Anonymity, Channel, LetterKind
from services.feedback.tables import Table
from shared.database.digest_columns import digest
from shared.database.sealed_columns import sealed_to
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class QuarantineState(StrEnum):
    QUARANTINED = "quarantined"
    RELEASED = "released"
    DROPPED = "dropped"
    WITHDRAWN = "withdrawn"
    APPEALED = "appealed"


class FloodSign(StrEnum):
    """Why a letter is looked at first."""

    SAME_TEXT = "same_text"
    SAME_NETWORK = "same_network"
    RATE = "rate"


class QuarantinedLetter(Table, table=True):
    """A letter of nobody known that waits; its id is that of the letter that it becomes.

    `decided_*` and `reason_sealed` are of the first decision, `appeal_*` of the sender's appeal
    (复查) against it and of the decision on that.

    Its texts are sealed to the cells of that letter, and move there as they are. Nothing here says
    where it came from.
    """

    __tablename__ = "quarantined_letter"
    __table_args__ = (
        known_states("state", QuarantineState),
        CheckConstraint("version > 0", name="version_counts_from_one"),
        CheckConstraint(
            "(state = 'released') = (body_sealed IS NULL)", name="kept_until_it_is_a_letter"
        ),
        Index(
            "ix_quarantined_letter_waiting",
            "received_at",
            "id",
            postgresql_where=text("state = 'quarantined'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    waiting_no: str = Field(unique=True, max_length=40)
    kind: LetterKind = Field(sa_type=enum_type(LetterKind))
    channel: Channel = Field(sa_type=enum_type(Channel))
    anonymity: Anonymity | None = Field(default=None, sa_type=enum_type(Anonymity))
    state: QuarantineState = Field(
        default=QuarantineState.QUARANTINED, sa_type=enum_type(QuarantineState)
    )
    version: int = 1
    flood_sign: FloodSign = Field(sa_type=enum_type(FloodSign))
    received_at: datetime = Field(sa_type=Moment)
    title_sealed: str | None = Field(sa_column_kwargs=sealed_to("letter.title"))
    body_sealed: str | None = Field(sa_column_kwargs=sealed_to("letter.body"))
    place_sealed: str | None = Field(default=None, sa_column_kwargs=sealed_to("letter.place"))
    wants_public: bool = False
    missing_disclosure: dict[str, str] | None = Field(
        default=None, sa_type=JSONB(none_as_null=True)
    )
    """What it says is missing online: codes alone, reported once it is registered."""
    code_hash: str = Field(sa_column_kwargs=digest())
    sketch: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    decided_by: str | None = Field(default=None, max_length=128)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    reason_sealed: str | None = None
    appeal_sealed: str | None = None
    appealed_at: datetime | None = Field(default=None, sa_type=Moment)
    appeal_answer_sealed: str | None = None
    appeal_decided_by: str | None = Field(default=None, max_length=128)
    appeal_decided_at: datetime | None = Field(default=None, sa_type=Moment)


class QuarantinedSupplement(Table, table=True):
    """What a sender added meanwhile, sealed to the cell of the letter's file that it moves to."""

    __tablename__ = "quarantined_supplement"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    quarantined_id: UUID = Field(foreign_key="quarantined_letter.id", index=True)
    text_sealed: str = Field(sa_column_kwargs=sealed_to("letter_supplement.text"))
    at: datetime = Field(sa_type=Moment)
