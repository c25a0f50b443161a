"""出诊与行诊: visits to who cannot come, and events in villages and enterprises with places."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.appointments.tables import Table
from shared.database.digest_columns import digest
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class OutreachVisitState(StrEnum):
    REQUESTED = "requested"
    PLANNED = "planned"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    DONE = "done"


class GatheringState(StrEnum):
    ANNOUNCED = "announced"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class RegistrationState(StrEnum):
    REGISTERED = "registered"
    CANCELLED = "cancelled"
    ATTENDED = "attended"


class RequesterKind(StrEnum):
    PERSON = "person"
    ENTERPRISE = "enterprise"


class VisitReason(StrEnum):
    """Why somebody cannot come."""

    OLD_AGE = "old_age"
    ILLNESS = "illness"
    DISABILITY = "disability"
    ENTERPRISE = "enterprise"
    OTHER = "other"


class VisitOutcome(StrEnum):
    DONE = "done"
    NEEDS_MORE = "needs_more"
    REJECTED = "rejected"
    NOBODY_THERE = "nobody_there"


class GatheringKind(StrEnum):
    VILLAGE = "village"
    COMMUNITY = "community"
    ENTERPRISE = "enterprise"
    SCHOOL = "school"
    OTHER = "other"


class OutreachVisit(Table, table=True):
    """Somebody who cannot come asks that the window comes to them; who and where is sealed."""

    __tablename__: ClassVar[str] = "outreach_visit"
    __table_args__ = (
        known_states("state", OutreachVisitState),
        CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name="done_has_an_outcome"),
        CheckConstraint("state <> 'planned' OR starts_at IS NOT NULL", name="planned_has_a_time"),
        Index("ix_outreach_visit_hall", "hall_code", "id"),
        Index("ix_outreach_visit_owner", "owner", "id"),
        Index(
            "ix_outreach_visit_known", "ended_at", postgresql_where=text("name_sealed IS NOT NULL")
        ),
        Index(
            "ix_outreach_visit_words", "ended_at", postgresql_where=text("words_sealed IS NOT NULL")
        ),
        Index("ix_outreach_visit_waiting", "due_on", postgresql_where=text("state = 'requested'")),
        # Asked for once: nobody is visited twice for the same because they asked twice.
        Index(
            "uq_outreach_visit_live",
            "owner",
            "hall_code",
            "item_code",
            unique=True,
            postgresql_where=text("owner IS NOT NULL AND state IN ('requested', 'planned')"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(max_length=32, foreign_key="hall.code")
    item_code: str = Field(max_length=64, foreign_key="item.code")
    owner: str | None = Field(default=None, max_length=128)
    """The account of a citizen who asked themselves; None where staff wrote it down."""
    requester_kind: RequesterKind = Field(sa_type=enum_type(RequesterKind, 16))
    reason: VisitReason = Field(sa_type=enum_type(VisitReason, 16))
    name_sealed: str | None
    phone_sealed: str | None
    address_sealed: str | None
    note_sealed: str | None = None
    """All of them are forgotten a while after it ended."""
    wanted_from: date | None = None
    wanted_to: date | None = None
    state: OutreachVisitState = Field(
        default=OutreachVisitState.REQUESTED, sa_type=enum_type(OutreachVisitState, 16)
    )
    version: int = 1
    policy_version: int
    requested_by: str = Field(max_length=128)
    requested_at: datetime = Field(sa_type=Moment)
    decide_days: int
    due_on: date
    """By when the hall plans it, or says why not."""
    provisional: bool
    late_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it was published that this day has passed; once."""
    leaves_at: datetime | None = Field(default=None, sa_type=Moment)
    starts_at: datetime | None = Field(default=None, sa_type=Moment)
    travellers: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    """The accounts of who goes: none of them calls back afterwards."""
    carries: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    outcome: VisitOutcome | None = Field(default=None, sa_type=enum_type(VisitOutcome, 16))
    words_sealed: str | None = None
    """Why it was refused or cancelled, or what came of it."""
    ended_by: str | None = Field(default=None, max_length=128)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class Gathering(Table, table=True):
    """An outreach event: the windows go to a village, an enterprise or a school, for so many."""

    __tablename__: ClassVar[str] = "outreach_event"
    __table_args__ = (
        known_states("state", GatheringState),
        # Never more than the places, whoever counts.
        CheckConstraint("taken BETWEEN 0 AND places", name="taken_within_places"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("closes_at <= starts_at", name="closes_before_it_starts"),
        Index("ix_outreach_event_coming", "ends_at", "id"),
        Index("ix_outreach_event_hall", "hall_code", "ends_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hall_code: str = Field(max_length=32, foreign_key="hall.code")
    title: str = Field(max_length=100)
    kind: GatheringKind = Field(sa_type=enum_type(GatheringKind, 16))
    place: str = Field(max_length=200)
    item_codes: list[str] = Field(sa_type=ARRAY(Text))
    starts_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)
    closes_at: datetime = Field(sa_type=Moment)
    """Until when one may register."""
    places: int
    taken: int = 0
    state: GatheringState = Field(
        default=GatheringState.ANNOUNCED, sa_type=enum_type(GatheringState, 16)
    )
    version: int = 1
    leaves_at: datetime | None = Field(default=None, sa_type=Moment)
    travellers: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    carries: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    served: int | None = None
    done: int | None = None
    words: str | None = Field(default=None, max_length=500)
    """Why it was cancelled, or what came of it: published."""
    announced_by: str = Field(max_length=128)
    announced_at: datetime = Field(sa_type=Moment)


class Registration(Table, table=True):
    """Places that somebody took at an outreach event."""

    __tablename__: ClassVar[str] = "outreach_registration"
    __table_args__ = (
        known_states("state", RegistrationState),
        CheckConstraint("people BETWEEN 1 AND 5", name="a_few_people"),
        # One registration an account and event, so that nobody takes all places; a phone and event
        # only where staff typed it, because who has an account may type the number of a stranger,
        # and is not to learn whether that one has registered.
        Index(
            "uq_outreach_registration_own",
            "event_id",
            "owner",
            unique=True,
            postgresql_where=text("owner IS NOT NULL AND state <> 'cancelled'"),
        ),
        Index(
            "uq_outreach_registration_phone",
            "event_id",
            "phone_index",
            unique=True,
            postgresql_where=text("owner IS NULL AND state <> 'cancelled'"),
        ),
        Index("ix_outreach_registration_event", "event_id", "id"),
        Index("ix_outreach_registration_owner", "owner", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    event_id: UUID = Field(foreign_key="outreach_event.id")
    owner: str | None = Field(default=None, max_length=128)
    name_sealed: str
    phone_sealed: str
    phone_index: str = Field(max_length=64, sa_column_kwargs=digest())
    item_code: str | None = Field(default=None, max_length=64)
    people: int
    state: RegistrationState = Field(
        default=RegistrationState.REGISTERED, sa_type=enum_type(RegistrationState, 16)
    )
    version: int = 1
    registered_by: str = Field(max_length=128)
    registered_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
