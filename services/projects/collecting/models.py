"""Runs over portals, and the pages found on them."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.projects.reading.dates import Precision, Provenance
from services.projects.reading.faults import Fault
from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id


class RunKind(StrEnum):
    """A full run reads the list to its end, which proves absence; the other stops at the known."""

    FULL = "full"
    INCREMENTAL = "incremental"


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class DetailState(StrEnum):
    """How far a listed item's own page has been read."""

    PENDING = "pending"
    READ = "read"
    UNREADABLE = "unreadable"
    GONE = "gone"
    ELSEWHERE = "elsewhere"


class CollectorRun(Table, table=True):
    """One walk over a portal, with its progress, so that a killed one is taken up where it stopped.

    Whoever holds the lease (`runner`, `lease_until`) is the only one to write for this run.
    """

    __tablename__ = "collector_run"
    __table_args__ = (
        CheckConstraint("(runner IS NULL) = (lease_until IS NULL)", name="lease_whole"),
        known_states("state", RunState),
        Index(
            "uq_collector_run_underway",
            "portal_id",
            unique=True,
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index(
            "ix_collector_run_waiting",
            *("requested_at", "id"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index("ix_collector_run_portal_id_requested_at", "portal_id", "requested_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    portal_id: str = Field(foreign_key="portal.id", max_length=40)
    rule_version: int
    kind: RunKind = Field(sa_type=enum_type(RunKind, length=16))
    state: RunState = Field(default=RunState.QUEUED, sa_type=enum_type(RunState, length=16))
    requested_at: datetime = Field(sa_type=Moment)
    requested_by: str = Field(max_length=100)
    started_at: datetime | None = Field(default=None, sa_type=Moment)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)
    runner: UUID | None = None
    lease_until: datetime | None = Field(default=None, sa_type=Moment)
    takeovers: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """How often it was taken over since it last went on."""
    next_url: str | None = Field(default=None, max_length=800)
    parts_left: list[str] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'")}
    )
    """Of a list in parts the addresses of those that are read after `next_url`."""
    pages: int = 0
    items: int = 0
    new_items: int = 0
    details: int = 0
    error_count: int = 0
    errors: list[dict[str, str]] = Field(default_factory=list, sa_type=JSONB)
    declared_pages: int | None = None
    """How many pages the list says it has, on its first one."""
    declared_items: int | None = None
    """How many entries the list says it has, where it does."""
    list_marks: list[str] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'")}
    )
    """What each page of the list held, by `rules.list_mark`, to compare when it is read again."""
    reread: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """Of how many pages, from the first one, that was still so once the last one was read."""
    is_shifted: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """An entry moved from page to page while they were read, and may have been on none of them."""
    known_pages: int = 0
    """List pages on end that held nothing new: the watermark, and then one page of overlap."""
    list_complete: bool = False
    proves_absence: bool = False
    version: int = 1


GIVEN_UP_AFTER = timedelta(days=2)
"""Three walks of a day each have tried by then."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a page was listed that no list has shown: its unit named it (`named`)."""
UNTIL = "#until-"
"""What follows it in an address is when another document took the place of the one meant."""


class PortalPage(Table, table=True):
    """An item of a portal: when it was listed, what its page claims and decides.

    `last_absent_at` is the start of the last full walk that did not meet it and that a later one
    agreed with, so that it came online between then and `first_seen_at`.
    """

    __tablename__ = "portal_page"
    __table_args__ = (
        UniqueConstraint("portal_id", "url"),
        CheckConstraint("trust BETWEEN 0 AND 3", name="trust_in_range"),
        known_states("detail_state", DetailState),
        Index("ix_portal_page_text_sha256", "text_sha256"),
        Index("ix_portal_page_content_sha256", "content_sha256"),
        Index("ix_portal_page_doc_no", "doc_no"),
        Index("ix_portal_page_source_name", "source_name"),
        Index("ix_portal_page_unmatched", "portal_id", "id", postgresql_where=text("match_wanted")),
        Index(
            "ix_portal_page_pending",
            "portal_id",
            "id",
            postgresql_where=text("detail_state = 'pending'"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    parent_id: UUID | None = Field(default=None, foreign_key="portal_page.id", index=True)
    """The page in whose table it is a row: of a page that publishes many each row is one."""
    portal_id: str = Field(foreign_key="portal.id", max_length=40)
    url: str = Field(max_length=800)
    title: str = Field(max_length=500)
    listed_title: str | None = Field(default=None, max_length=500)
    """What the list calls it, where its own page may have another title."""
    listed_on: date | None = None
    column_name: str | None = Field(default=None, max_length=100)
    first_seen_at: datetime = Field(sa_type=Moment)
    last_absent_at: datetime | None = Field(default=None, sa_type=Moment)
    last_listed_at: datetime = Field(sa_type=Moment)
    content_sha256: str | None = Field(default=None, max_length=64)
    """Over title, code, name and number: what the page is about."""
    content_seen_at: datetime = Field(sa_type=Moment)
    content_absent_at: datetime | None = Field(default=None, sa_type=Moment)
    """The same bracket for the document, which may have stood at another address before.

    A page is one document at one address. Where another takes its place, it is gone, under an
    address of its own (`rules.former_address`), and the other one is a page of its own.
    """
    gone_at: datetime | None = Field(default=None, sa_type=Moment)
    detail_state: DetailState = Field(
        default=DetailState.PENDING, sa_type=enum_type(DetailState, length=16)
    )
    fault: Fault | None = Field(default=None, sa_type=enum_type(Fault, length=24))
    checked_at: datetime | None = Field(default=None, sa_type=Moment)
    unread_since: datetime | None = Field(default=None, sa_type=Moment)
    """Since when each try to read it has failed."""
    etag: str | None = Field(default=None, max_length=500)
    last_modified: str | None = Field(default=None, max_length=100)
    evidence_id: UUID | None = Field(default=None, foreign_key="capture.id")
    text_sha256: str | None = Field(default=None, max_length=64)
    source_name: str | None = Field(default=None, max_length=200)
    project_code: str | None = Field(default=None, max_length=24)
    project_name: str | None = Field(default=None, max_length=300)
    doc_no: str | None = Field(default=None, max_length=100)
    formed_on: date | None = None
    formed_label: str | None = Field(default=None, max_length=40)
    index_no: str | None = Field(default=None, max_length=60)
    """索引号 as printed: neither unique nor of one form, so that nothing is matched by it."""
    labels: dict[str, int] = Field(default_factory=dict, sa_type=JSONB)
    """Labels that the page fills in, with their place in its text: its elements."""
    claimed_at: datetime | None = Field(default=None, sa_type=Moment)
    claimed_precision: Precision | None = Field(
        default=None, sa_type=enum_type(Precision, length=8)
    )
    claimed_from: Provenance | None = Field(default=None, sa_type=enum_type(Provenance, length=8))
    claims_agree: bool = False
    """Whether meta tag and label claim the same day."""
    cms_at: datetime | None = Field(default=None, sa_type=Moment)
    header_at: datetime | None = Field(default=None, sa_type=Moment)
    trust: int = 0
    is_disputed: bool = False
    flags: list[str] = Field(default_factory=list, sa_type=JSONB)
    match_wanted: bool = True
    version: int = 1

    @property
    def is_given_up(self) -> bool:
        """Whether it could not be read for so long that a person says what it is."""
        is_unread = self.detail_state is DetailState.UNREADABLE
        if not is_unread or self.unread_since is None or self.checked_at is None:
            return False
        return self.checked_at - self.unread_since >= GIVEN_UP_AFTER
