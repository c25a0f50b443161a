"""Where each duty stands and how it came there."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Uuid,
    text,
)
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment, enum_type


class Verdict(StrEnum):
    """The states of design section "Verdicts"; only the auditor's rule sets them."""

    NOT_APPLICABLE = "not_applicable"
    EXEMPT = "exempt"
    SUSPENDED = "suspended"
    PENDING = "pending"
    DUE_SOON = "due_soon"
    ON_TIME = "on_time"
    LATE = "late"
    EARLY_VIOLATION = "early_violation"
    OVERDUE = "overdue"
    UNKNOWN_SOURCE_DOWN = "unknown_source_down"
    UNKNOWN = "unknown"
    CALENDAR_UNKNOWN = "calendar_unknown"
    TIME_DISPUTED = "time_disputed"
    INCOMPLETE = "incomplete"
    WITHDRAWN = "withdrawn"


class Reason(StrEnum):
    """Why a verdict was given; each reason belongs to exactly one verdict (`rules.VERDICT_OF`)."""

    NOT_AUDITABLE = "not_auditable"
    CLOCK_UNSUPPORTED = "clock_unsupported"
    EXEMPTED = "exempted"
    SUSPENDED_BY_RULING = "suspended_by_ruling"
    DISPUTED_BY_UNIT = "disputed_by_unit"
    NO_FORMATION_DATE = "no_formation_date"
    CALENDAR_NOT_LOADED = "calendar_not_loaded"
    SEEN_BEFORE_FORMED = "seen_before_formed"
    CLAIM_BEFORE_FORMED = "claim_before_formed"
    SEEN_IN_TIME = "seen_in_time"
    CLAIM_IN_TIME = "claim_in_time"
    ELEMENTS_MISSING = "elements_missing"
    GONE_FROM_THE_WEB = "gone_from_the_web"
    ABSENT_AFTER_DUE = "absent_after_due"
    CLAIM_AFTER_DUE = "claim_after_due"
    CLAIM_CONTRADICTED = "claim_contradicted"
    NO_PUBLICATION_TIME = "no_publication_time"
    DUE_DATE_AHEAD = "due_date_ahead"
    DUE_WITHIN_DAYS = "due_within_days"
    CANDIDATE_IN_REVIEW = "candidate_in_review"
    PROVEN_ABSENT = "proven_absent"
    NO_CAPTURE_SINCE_DUE = "no_capture_since_due"
    ON_DISPLAY = "on_display"
    TAKEN_DOWN_EARLY = "taken_down_early"
    STAY_NOT_KNOWN = "stay_not_known"
    DISPLAY_NOT_CHECKED = "display_not_checked"


class Standing(Table, table=True):
    """What the audit reads of a duty, in one narrow row: its ordinals, its evidence, its verdict.

    Derived from the duty and its facts, so it can always be recomputed. Ordinals follow the duty's
    basis. Dates of evidence are held as `ord_end`, so "in time" is `..._ord <= due_ord` throughout.
    `over_by` is kept for "late" only: how long an "overdue" duty is over grows by itself and is
    read from the calendar, so that a day that passes rewrites nothing.

    `version` counts every change of what the verdict goes by, of the facts, of the pages that are
    there and of what waits for a person: who decides on one duty by what they read swaps it, even
    where nothing else changes.
    """

    __tablename__ = "standing"
    __table_args__ = (
        CheckConstraint("over_by IS NULL OR over_by > 0", name="over_by_positive"),
        CheckConstraint("(over_by IS NOT NULL) = (verdict = 'late')", name="over_by_when_late"),
        Index("ix_standing_unit_code_verdict", "unit_code", "verdict"),
        Index("ix_standing_unseen", "unit_code", postgresql_where=text("NOT is_seen")),
        Index("ix_standing_match_wanted", "duty_id", postgresql_where=text("match_wanted")),
        Index(
            "ix_standing_falling_due",
            *("calendar_days", "reason", "due_ord"),
            postgresql_where=text("reason IN ('due_date_ahead', 'due_within_days')"),
        ),
        Index(
            "ix_standing_on_display",
            *("reason", "stay_most_day"),
            postgresql_where=text("reason IN ('on_display', 'display_not_checked')"),
        ),
        Index(
            "ix_standing_due",
            *("calendar_days", "due_ord"),
            postgresql_include=["unit_code", "verdict", "over_by"],
        ),
        {"postgresql_with": {"fillfactor": "85"}},
    )

    duty_id: UUID = Field(foreign_key="duty.id", primary_key=True)
    unit_code: str = Field(max_length=32)
    hold: str = Field(default="none", max_length=16)
    has_clock: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    """Whether its rule has a clock here; only of those that are not applicable it may not."""
    calendar_days: bool = False
    is_formed: bool
    due_ord: int | None = None
    is_seen: bool = False
    seen_ord: int | None = None
    seen_early: bool = False
    absent_ord: int | None = None
    is_claimed: bool = False
    claim_ord: int | None = None
    claim_early: bool = False
    claim_contradicted: bool = False
    is_incomplete: bool = False
    is_gone: bool = False
    keep: str | None = Field(default=None, max_length=16)
    """What is published must stay for a time: the kind of that clock (`clocks.STAYS`)."""
    stay_least_day: int | None = None
    """Until when, as a plain day number, if it was published as early as it can have been."""
    stay_most_day: int | None = None
    """The same if it was published as late as it can have been."""
    stayed_day: int | None = None
    """The last day on which it was seen, before `gone_day` where that is known."""
    gone_day: int | None = None
    """The day on which what must stay was found gone, also if it came back (`duties.gaps`)."""
    in_review: bool = False
    matchable_since: datetime | None = Field(default=None, sa_type=Moment)
    """Since when pages are matched with the duty as it is: walks before it prove nothing of it."""
    match_wanted: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Whether the pages collected before are still to be matched with it."""
    match_wanted_at: datetime | None = Field(default=None, sa_type=Moment)
    """When that was wanted last: what was matched before does not settle it."""
    verdict: Verdict | None = Field(default=None, sa_type=enum_type(Verdict, length=20))
    over_by: int | None = None
    reason: Reason | None = Field(default=None, sa_type=enum_type(Reason, length=24))
    judged_on: date | None = None
    version: int = 0


class JudgingBasis(Table, table=True):
    """One row, whose version counts every change of what all verdicts go by: the numbers of the
    days and the full walks. Who judges a duty by what they read before holds it by that version.

    The database counts it, whoever writes: a release before ours, beside it for a while, knows
    nothing of it. It counts `standing.version` as well where only ordinals are set right.
    """

    __tablename__ = "judging_basis"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: int = 1


class UnitTally(Table, table=True):
    """How many duties of a unit stand so, and by how many days the late ones are over.

    Kept by the statement that moves verdicts, so that a report counts nothing; a job proves it.
    """

    __tablename__ = "unit_tally"

    unit_code: str = Field(primary_key=True, max_length=32)
    verdict: Verdict = Field(primary_key=True, sa_type=enum_type(Verdict, length=20))
    n: int
    over_by: int = Field(sa_type=BigInteger)


class VerdictEvent(Table, table=True):
    """A move from one verdict to another, with the versions that led to it; never changed."""

    __tablename__ = "verdict_event"
    __table_args__ = (Index("ix_verdict_event_duty_id_id", "duty_id", "id"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    duty_id: UUID = Field(foreign_key="duty.id")
    unit_code: str = Field(max_length=32)
    from_verdict: Verdict | None = Field(default=None, sa_type=enum_type(Verdict, length=20))
    to_verdict: Verdict = Field(sa_type=enum_type(Verdict, length=20))
    over_by: int | None = None
    reason: Reason = Field(sa_type=enum_type(Reason, length=24))
    fact_id: int | None = Field(default=None, sa_type=BigInteger)
    as_of: date
    rule_version: int
    calendar_version: int
    actor: str = Field(max_length=100)
    judged_at: datetime = Field(sa_type=Moment)


class PastJudgement(Table, table=True):
    """How a duty stood on the past day of a report, by when things happened; never changed.

    `known_at`: when that came to be known, if only after that day.
    """

    __tablename__ = "past_judgement"

    report_id: UUID = Field(
        sa_column=Column(
            Uuid,
            # Judged before the report is composed of it, within one transaction.
            ForeignKey("report.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        )
    )
    duty_id: UUID = Field(foreign_key="duty.id", primary_key=True)
    unit_code: str = Field(max_length=32)
    verdict: Verdict = Field(sa_type=enum_type(Verdict, length=20))
    over_by: int | None = None
    reason: Reason = Field(sa_type=enum_type(Reason, length=24))
    fact_id: int | None = Field(default=None, sa_type=BigInteger)
    known_at: datetime | None = Field(default=None, sa_type=Moment)


class AbsenceSetAside(Table, table=True):
    """The absence that a fact goes by was proven by one walk alone, before two that agree were
    asked for: it counts no more. The fact stays as it was recorded; its duty is judged without it.
    """

    __tablename__ = "absence_set_aside"
    __table_args__ = (
        Index("ix_absence_set_aside_waiting", "duty_id", postgresql_where=text("NOT is_judged")),
        Index("ix_absence_set_aside_duty_id", "duty_id"),
    )

    fact_id: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("publication_fact.id"), primary_key=True, autoincrement=False
        )
    )
    duty_id: UUID = Field(foreign_key="duty.id")
    set_aside_at: datetime = Field(sa_type=Moment)
    is_judged: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Whether its duty was judged without it. Not any more once the duty's publication is written
    again, which the database sees to: a release before ours derives it with the absence.
    """
