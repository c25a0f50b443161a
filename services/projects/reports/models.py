"""Audits, the reports that they froze, and what those were made of."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.auditing.models import Reason, Verdict
from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class PeriodKind(StrEnum):
    """What a report counts: all duties as they stood on a day, or those that fell due in a month,
    a quarter, a year, or since a day."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    SINCE = "since"


class Audit(Table, table=True):
    """One run of the audit statement over every open duty."""

    __tablename__ = "audit"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    as_of: date
    judged: int
    changed: int
    calendar_version: int
    rule_version: int
    started_at: datetime = Field(sa_type=Moment)
    report_id: UUID = Field(foreign_key="report.id")
    ordered_by: str = Field(max_length=100)


class Report(Table, table=True):
    """A frozen unit report: what it was made of, and its exact bytes.

    `from_on` and `to_on` are the first and the last day of its period; one of a day has neither.
    """

    __tablename__ = "report"
    __table_args__ = (
        known_states("period_kind", PeriodKind),
        CheckConstraint(
            "(period_kind = 'day') = (from_on IS NULL) AND (from_on IS NULL) = (to_on IS NULL)"
            " AND coalesce(from_on <= to_on, true)",
            name="period_whole",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    as_of: date = Field(index=True)
    period_kind: PeriodKind = Field(
        default=PeriodKind.DAY,
        sa_type=enum_type(PeriodKind, length=16),
        sa_column_kwargs={"server_default": text("'day'")},
    )
    from_on: date | None = None
    to_on: date | None = None
    frozen_at: datetime = Field(sa_type=Moment)
    last_verdict_event: int = Field(sa_type=BigInteger)
    last_fact: int = Field(sa_type=BigInteger)
    inputs: dict[str, Any] = Field(sa_type=JSONB)
    """Names of units and weights as they were, so that the report recomputes to the same bytes."""
    body: bytes = Field(sa_type=LargeBinary)
    sha256: str = Field(max_length=64)


class FactBlock(Table, table=True):
    """The root over a block of facts in the order of their ids (`sealing.service.BLOCK`)."""

    __tablename__ = "fact_block"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """From 1."""
    first_id: int = Field(sa_type=BigInteger)
    last_id: int = Field(sa_type=BigInteger, unique=True)
    root: str = Field(max_length=64)


class FrozenDuty(Table, table=True):
    """A duty of a report of a period, with all that its figures are counted by; never changed.

    `due_on` and `over_by` are those of that day, by the calendar of then; of an overdue one
    `over_by` is how long it was over by then. `limit_days` and `used_days` count days of the duty's
    clock (`by_days`: plain days), `used_days` until it was published, if that is known.

    `rectified` is the fault that was put right on order by then, with `missing_then` elements
    missing when it was ordered, over by `over_then` days, and whether that was within the term.
    `on_all_carriers` is None where there is none on which it must appear.
    """

    __tablename__ = "frozen_duty"
    __table_args__ = (Index("ix_frozen_duty_unit", "report_id", "unit_code", "duty_id"),)

    report_id: UUID = Field(
        sa_column=Column(
            Uuid,
            # Frozen before the report is composed of it, within one transaction.
            ForeignKey("report.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        )
    )
    duty_id: UUID = Field(foreign_key="duty.id", primary_key=True)
    unit_code: str = Field(max_length=32)
    project_code: str | None = Field(default=None, max_length=24)
    item_code: str = Field(max_length=16)
    phase: str | None = Field(default=None, max_length=16)
    region: str = Field(max_length=16)
    trust: int | None = None
    verdict: Verdict = Field(sa_type=enum_type(Verdict, length=20))
    reason: Reason = Field(sa_type=enum_type(Reason, length=24))
    over_by: int | None = None
    due_on: date | None = None
    by_days: bool
    limit_days: int | None = None
    used_days: int | None = None
    elements: int
    missing_elements: int
    fact_id: int | None = Field(default=None, sa_type=BigInteger)
    known_at: datetime | None = Field(default=None, sa_type=Moment)
    rectified: Verdict | None = Field(default=None, sa_type=enum_type(Verdict, length=20))
    missing_then: int | None = None
    over_then: int | None = None
    rectified_in_term: bool | None = None
    on_all_carriers: bool | None = None
    is_interpretation: bool | None = None
    """It goes with a policy document, and is due with it."""


class ReportWithdrawal(Table, table=True):
    """A frozen report that no longer counts; its bytes stay as they are."""

    __tablename__ = "report_withdrawal"

    report_id: UUID = Field(foreign_key="report.id", primary_key=True)
    reason: str = Field(max_length=500)
    withdrawn_at: datetime = Field(sa_type=Moment)
    withdrawn_by: str = Field(max_length=100)


class ReportSignature(Table, table=True):
    """That somebody else than who made a report signed it, with its number: one series a year."""

    __tablename__ = "report_signature"
    __table_args__ = (
        CheckConstraint("signed_by <> made_by", name="signed_by_another"),
        UniqueConstraint("year", "serial"),
    )

    report_id: UUID = Field(foreign_key="report.id", primary_key=True)
    year: int
    serial: int
    made_by: str = Field(max_length=100)
    signed_at: datetime = Field(sa_type=Moment)
    signed_by: str = Field(max_length=100)


class ReportStepKind(StrEnum):
    """What was done about a report that is frozen."""

    SIGNED = "signed"
    WITHDRAWAL_PROPOSED = "withdrawal_proposed"
    """Of a signed report: another person is to confirm it."""
    WITHDRAWN = "withdrawn"


class ReportStep(Table, table=True):
    """What was done about a report, in its order: of two at once one has the next place, and the
    other is decided anew on what there is then."""

    __tablename__ = "report_step"
    __table_args__ = (known_states("kind", ReportStepKind),)

    report_id: UUID = Field(foreign_key="report.id", primary_key=True)
    place: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: ReportStepKind = Field(sa_type=enum_type(ReportStepKind, length=24))
    reason: str | None = Field(default=None, max_length=500)
    at: datetime = Field(sa_type=Moment)
    by: str = Field(max_length=100)


class PublishedScore(Table, table=True):
    """A unit's line of a signed report, written by the database with its signature."""

    __tablename__ = "published_score"
    __table_args__ = (Index("ix_published_score_unit", "unit_code", "year", "serial"),)

    report_id: UUID = Field(foreign_key="report.id", primary_key=True)
    unit_code: str = Field(primary_key=True, max_length=32)
    year: int
    serial: int
    line: dict[str, Any] = Field(sa_type=JSONB)


class ScoreScheme(Table, table=True):
    """A version of the deduction scheme (扣分制); reports keep the version they used.

    `peer_groups` are the units that places are given among, by the name of their group.
    """

    __tablename__ = "score_scheme"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    basis: str = Field(max_length=300)
    weights: dict[str, float] = Field(sa_type=JSONB)
    peer_groups: dict[str, list[str]] = Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")}
    )
    in_force_from: date


class MeritScheme(Table, table=True):
    """A version of the merit scheme (得分制): what it goes by, and the items that weigh more than
    1 or less."""

    __tablename__ = "merit_scheme"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    basis: str = Field(max_length=300)
    weights: dict[str, float] = Field(sa_type=JSONB)
    item_weights: dict[str, float] = Field(sa_type=JSONB)
    in_force_from: date
