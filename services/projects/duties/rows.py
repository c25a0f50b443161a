"""Duties as the statements that show them give them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.projects.auditing.models import Reason, Verdict
from services.projects.calendar.models import RuleKind
from services.projects.duties.models import Hold, TriggerKind


@dataclass(frozen=True, kw_only=True)
class DutyRow:
    """A duty as it stands, as the statement's `_VIEW` gives it."""

    id: UUID
    project_code: str | None
    subject: str | None
    unit_code: str
    item_code: str
    formed_on: date | None
    doc_no: str | None
    rule_kind: RuleKind
    rule_n: int | None
    rule_version: int
    short_n: int | None
    start_ord: int | None
    due_ord: int | None
    basis: str
    hold: Hold
    extended_by: int
    version: int
    region: str
    item_id: UUID
    trigger_id: UUID
    verdict: Verdict
    reason: Reason
    calendar_version: int
    over_by: int | None
    due_on: date | None
    claimed_at: datetime | None
    first_seen_at: datetime | None
    url: str | None
    trust: int
    last_absent_at: datetime | None
    dispute_id: UUID | None
    dispute_opened_at: datetime | None
    dispute_due_on: date | None
    rule: dict[str, Any] | None
    keep_until: date | None
    in_rectification: bool
    rectified: bool


@dataclass(frozen=True, kw_only=True)
class LifeRow(DutyRow):
    """A duty in the life of a project, with the names that people read."""

    category_l1: str
    item_name: str
    unit_name: str
    unit_name_en: str


@dataclass(frozen=True, kw_only=True)
class DetailRow(DutyRow):
    """A duty with the names that people read and all that led to its verdict, oldest first."""

    unit_name: str
    project_name: str
    item_name: str
    legal_basis: list[str]
    kind: TriggerKind
    facts: list[dict[str, Any]]
    rulings: list[dict[str, Any]]
    asked_ruling: dict[str, Any] | None
    rectifications: list[dict[str, Any]]
    history: list[dict[str, Any]]
    coverage: dict[str, int]
