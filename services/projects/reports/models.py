"""Audits, the reports that they froze, and what those were made of."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment
from shared.ids import new_id


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
    """A frozen unit report: what it was made of, and its exact bytes."""

    __tablename__ = "report"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    as_of: date = Field(index=True)
    frozen_at: datetime = Field(sa_type=Moment)
    last_verdict_event: int = Field(sa_type=BigInteger)
    last_fact: int = Field(sa_type=BigInteger)
    inputs: dict[str, Any] = Field(sa_type=JSONB)
    """Names of units and weights as they were, so that the report recomputes to the same bytes."""
    body: bytes = Field(sa_type=LargeBinary)
    sha256: str = Field(max_length=64)


class ReportWithdrawal(Table, table=True):
    """A frozen report that no longer counts; its bytes stay as they are."""

    __tablename__ = "report_withdrawal"

    report_id: UUID = Field(foreign_key="report.id", primary_key=True)
    reason: str = Field(max_length=500)
    withdrawn_at: datetime = Field(sa_type=Moment)
    withdrawn_by: str = Field(max_length=100)


class ScoreScheme(Table, table=True):
    """A version of the deduction scheme (扣分制); reports keep the version they used."""

    __tablename__ = "score_scheme"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    basis: str = Field(max_length=300)
    weights: dict[str, float] = Field(sa_type=JSONB)
    in_force_from: date
