"""Service events, invitations to rate them, ratings, and all that was done about a bad one."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.feedback.tables import Table
from shared.database.sealed_columns import sealed_to
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id

MOST_REVISITS = 3


class Grade(StrEnum):
    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    BASICALLY_SATISFIED = "basically_satisfied"
    DISSATISFIED = "dissatisfied"
    VERY_DISSATISFIED = "very_dissatisfied"


class Stage(StrEnum):
    """At which point of a case the citizen is asked (一次一评: one rating a visit)."""

    FINISHED = "finished"


class InvitationState(StrEnum):
    OPEN = "open"
    RATED = "rated"
    EXPIRED = "expired"


class RatingState(StrEnum):
    RATED_GOOD = "rated_good"
    RATED_BAD = "rated_bad"
    VERIFYING = "verifying"
    EXPLAINED = "explained"
    APPEALED = "appealed"
    CONFIRMED = "confirmed"
    EXCLUDED = "excluded"
    RECTIFYING = "rectifying"
    FEEDBACK_GIVEN = "feedback_given"
    SATISFIED_CLOSED = "satisfied_closed"
    UNREACHABLE_CLOSED = "unreachable_closed"
    UNDER_SUPERVISION = "under_supervision"


class RatingAction(StrEnum):
    """What staff does about a bad rating; each is one POST."""

    VERIFY = "verify"
    EXPLAIN = "explain"
    APPEAL = "appeal"
    CONFIRM = "confirm"
    EXCLUDE = "exclude"
    RECTIFY = "rectify"
    FEEDBACK = "feedback"
    REVISIT = "revisit"


class AppealReason(StrEnum):
    """Why a rating should not count (国办发〔2019〕51号: mistaken or malicious ratings)."""

    MISTAKEN = "mistaken"
    MALICIOUS = "malicious"
    NOT_OUR_SERVICE = "not_our_service"


class RevisitOutcome(StrEnum):
    SATISFIED = "satisfied"
    UNSATISFIED = "unsatisfied"
    UNREACHABLE = "unreachable"


NO_HALL = "_"
"""Where another system served somebody outside of any hall."""


class ServiceEvent(Table, table=True):
    """A case that was finished at a window, or that another system reports: what can be rated."""

    __tablename__ = "service_event"
    __table_args__ = (UniqueConstraint("case_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID
    hall_code: str = Field(max_length=32)
    department_code: str = Field(max_length=32)
    item_code: str | None = None
    item_name: str | None = None
    outcome: str | None = Field(default=None, max_length=32)
    finished_at: datetime = Field(sa_type=Moment)
    version: int = 0
    """Of the finish that this row tells; a finish undone and taken again has a higher one."""
    reported_by: str | None = Field(default=None, max_length=128)
    """The account of the system that reported it; None for a case at a window."""
    followup_id: UUID | None = None
    """Of a follow-up (回诊) whose bad answer is put right: a case of its own, by that id, and in no
    figure of ratings, for its person was drawn."""


class Invitation(Table, table=True):
    """The right to rate one service event at one stage; its token is derived, never stored."""

    __tablename__ = "rating_invitation"
    __table_args__ = (
        known_states("state", InvitationState),
        # One invitation a service event and stage, however often its event comes.
        UniqueConstraint("service_event_id", "stage"),
        Index("ix_rating_invitation_invited", "invited_at"),
        Index("ix_rating_invitation_open", "expires_at", postgresql_where=text("state = 'open'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    service_event_id: UUID = Field(foreign_key="service_event.id")
    stage: Stage = Field(default=Stage.FINISHED, sa_type=enum_type(Stage))
    state: InvitationState = Field(default=InvitationState.OPEN, sa_type=enum_type(InvitationState))
    invited_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)


class Rating(Table, table=True):
    """One rating of a service event and stage, and how far it has been put right."""

    __tablename__ = "rating"
    __table_args__ = (
        known_states("state", RatingState),
        # One person served, one rating: a second one is refused by the database.
        UniqueConstraint("service_event_id", "stage"),
        CheckConstraint("round BETWEEN 0 AND 1", name="rectified_once_more_at_most"),
        CheckConstraint(
            "(state = 'rated_good') = (grade NOT IN ('dissatisfied', 'very_dissatisfied'))",
            name="good_grade_is_good_state",
        ),
        Index("ix_rating_department", "department_code", "rated_at", "id"),
        Index("ix_rating_hall", "hall_code", "rated_at"),
        Index("ix_rating_list", "rated_at", "id"),
        Index("ix_rating_state", "state", "rated_at", "id"),
        Index("ix_rating_invitation", "invitation_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    invitation_id: UUID = Field(foreign_key="rating_invitation.id")
    service_event_id: UUID = Field(foreign_key="service_event.id")
    stage: Stage = Field(default=Stage.FINISHED, sa_type=enum_type(Stage))
    case_id: UUID
    hall_code: str = Field(max_length=32)
    department_code: str = Field(max_length=32)
    grade: Grade = Field(sa_type=enum_type(Grade))
    tags: list[str] = Field(default_factory=list, sa_type=JSONB)
    text_sealed: str | None = None
    name_sealed: str | None = None
    phone_sealed: str | None = None
    state: RatingState = Field(sa_type=enum_type(RatingState))
    version: int = 1
    round: int = 0
    is_complex: bool = False
    rated_at: datetime = Field(sa_type=Moment)
    amended_at: datetime | None = Field(default=None, sa_type=Moment)
    supervision_order_id: UUID | None = Field(default=None, foreign_key="supervision_order.id")
    followup_id: UUID | None = None
    """Of the follow-up whose bad answer it is; the service of appointments has the words."""


class RatingAmendment(Table, table=True):
    """What a rating was before its one amendment. Never updated."""

    __tablename__ = "rating_amendment"

    rating_id: UUID = Field(primary_key=True, foreign_key="rating.id")
    grade: Grade = Field(sa_type=enum_type(Grade))
    tags: list[str] = Field(default_factory=list, sa_type=JSONB)
    text_sealed: str | None = Field(default=None, sa_column_kwargs=sealed_to("rating.text"))
    at: datetime = Field(sa_type=Moment)


class RatingStep(Table, table=True):
    """What was done about a rating, when and by whom. Never updated."""

    __tablename__ = "rating_step"
    __table_args__ = (
        known_states("state", RatingState),
        Index("ix_rating_step_rating", "rating_id", "at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    rating_id: UUID = Field(foreign_key="rating.id")
    action: RatingAction = Field(sa_type=enum_type(RatingAction))
    state: RatingState = Field(sa_type=enum_type(RatingState))
    round: int
    at: datetime = Field(sa_type=Moment)
    by: str = Field(max_length=128)
    said_sealed: str | None = None
    plan_sealed: str | None = None
    appeal_reason: AppealReason | None = Field(default=None, sa_type=enum_type(AppealReason))


class Revisit(Table, table=True):
    """One try to ask the citizen whether it was put right. Never updated."""

    __tablename__ = "rating_revisit"
    __table_args__ = (
        # Tries are on different days, and no more than three.
        UniqueConstraint("rating_id", "round", "on"),
        UniqueConstraint("rating_id", "round", "attempt"),
        CheckConstraint("attempt BETWEEN 1 AND 3", name="at_most_three_tries"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    rating_id: UUID = Field(foreign_key="rating.id")
    round: int
    attempt: int
    on: date
    outcome: RevisitOutcome = Field(sa_type=enum_type(RevisitOutcome))
    by: str = Field(max_length=128)
    at: datetime = Field(sa_type=Moment)
