"""What everybody may know of projects and duties, as the database gives it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.projects.auditing.models import Verdict
from services.projects.duties.models import ClaimKind
from services.projects.register.models import ApprovalKind, Phase


@dataclass(frozen=True, kw_only=True)
class PublicProject:
    """A project, and the name of the unit that leads it."""

    code: str
    name: str
    approval_kind: ApprovalKind
    phase: Phase
    scope_basis: str
    investment_10k_yuan: int | None
    lead_unit_code: str | None
    lead_unit_name: str | None
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class PublicDuty:
    """What must be published, by when, and what was seen of it; `trust` 0 while unseen,
    `changed_at` when something of it moved last. Not
    everything is about a project: a budget is a unit's. `url` None: it is gone, or what was seen
    stands in a column that is not `is_open` to everybody."""

    id: UUID
    project_code: str | None
    project_name: str | None
    unit_code: str
    unit_name: str
    item_code: str
    item_name: str
    category: str
    formed_on: date | None
    due_on: date | None
    verdict: Verdict
    changed_at: datetime | None
    in_dispute: bool
    created_at: datetime
    url: str | None
    is_open: bool
    claim_kind: ClaimKind | None
    claimed_at: datetime | None
    contradicted: bool
    trust: int
    first_seen_at: datetime | None
    last_absent_at: datetime | None
    gone_at: datetime | None


class PublicationFilter(NamedTuple):
    """Which duties and publications: of a unit, about a project, of an item of the catalogue."""

    unit: str | None = None
    project: str | None = None
    item: str | None = None
