"""Which page is the publication of which duty, who says so, and what is still to be looked at."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment, enum_type, known_states
from shared.ids import new_id

MATCHER = "matcher"
"""Who decided on what needed no person."""


class MatchMethod(StrEnum):
    """What ties a page to a duty, strongest first."""

    CODE = "code"
    DOCUMENT = "document"
    NAME = "name"
    SIMILAR = "similar"
    REGISTER = "register"
    """The unit's release register alone. Written by the next release (decision 048): until then by
    NAME without a score, as `method_of` reads it."""


def method_of(method: MatchMethod, score: float) -> MatchMethod:
    """What ties a page to a duty, as it was stored: a name that the title holds has a score."""
    is_registered = method is MatchMethod.NAME and not score
    return MatchMethod.REGISTER if is_registered else method


class MatchState(StrEnum):
    REVIEW = "review"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class ReviewReason(StrEnum):
    """Why a person must look: a machine may be wrong about likeness, never about lateness alone."""

    ONLY_SIMILAR = "only_similar"
    SEVERAL_CANDIDATES = "several_candidates"
    ITEM_UNCLEAR = "item_unclear"
    OTHER_UNIT = "other_unit"
    ANOTHER_PART = "another_part"
    """The name is followed by 二期, 扩建, 配套, 标段: that is another project."""
    SEVERAL_PROJECTS = "several_projects"
    """The title names more projects than one."""
    ROW_WITHOUT_CODE = "row_without_code"
    """A row of a page that publishes many, which is tied by less than the project's code."""
    MAKES_LATE = "makes_late"
    """It means that the duty was published late, or before it was decided."""
    MAKES_OVERDUE = "makes_overdue"
    """One person rejected it, and nothing else may publish the duty, whose limit is over."""
    MAKES_WITHDRAWN = "makes_withdrawn"
    """It means that what was published was taken down: one person accepted a page that is gone, or
    says that one that cannot be read is gone, and no other page publishes the duty."""
    CLAIM_CHANGED = "claim_changed"
    """It says something else since a person decided on it: an accepted page another day, which does
    not count until somebody has looked; a rejected one anything by which it may be another matter,
    which lifts no finding meanwhile."""
    CLAIM_REFUSED = "claim_refused"
    """A person looked at what it says since and does not believe it: what it said before counts."""
    PAGE_UNREADABLE = "page_unreadable"
    """Its own page could not be read: what is listed is no document yet, or none any more; or not
    all of it, so that nobody knows what it lacks."""
    NAMED_BY_UNIT = "named_by_unit"
    """Only a name or a code that an officer gave the project, or the address that one named, ties
    it, and nobody confirmed."""


class PageMatch(Table, table=True):
    """A page taken for a duty's publication. A rejected pair is proposed again only once its page
    says something that nobody has refused (`MatchRefusal`).
    """

    __tablename__ = "page_match"
    __table_args__ = (
        UniqueConstraint("page_id", "duty_id"),
        CheckConstraint("score BETWEEN 0 AND 1", name="score_is_a_share"),
        CheckConstraint("state <> 'review' OR reason IS NOT NULL", name="review_has_reason"),
        CheckConstraint("(decided_at IS NULL) = (state = 'review')", name="decided_or_in_review"),
        known_states("state", MatchState),
        Index("ix_page_match_review", "id", postgresql_where=text("state = 'review'")),
        Index("ix_page_match_duty_id", "duty_id"),
        Index(
            "ix_page_match_unreadable",
            "id",
            postgresql_where=text("unreadable_since IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    page_id: UUID = Field(foreign_key="portal_page.id")
    duty_id: UUID = Field(foreign_key="duty.id")
    unit_code: str = Field(max_length=32)
    method: MatchMethod = Field(sa_type=enum_type(MatchMethod, length=16))
    score: float
    state: MatchState = Field(sa_type=enum_type(MatchState, length=16))
    reason: ReviewReason | None = Field(default=None, sa_type=enum_type(ReviewReason, length=24))
    found_at: datetime = Field(sa_type=Moment)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    decided_by: str | None = Field(default=None, max_length=100)
    first_by: str | None = Field(default=None, max_length=100)
    """Who accepted a page that makes the duty late, early or withdrawn, rejected the last one after
    its limit, or said that it is gone, by `reason`: another person must confirm it."""
    unreadable_since: datetime | None = Field(default=None, sa_type=Moment)
    """Since when an accepted page cannot be read: a person says whether it is still there."""
    version: int = 1

    @property
    def is_on_ones_word(self) -> bool:
        """Whether one person alone accepted it, which the matcher would not have done."""
        return self.decided_by != MATCHER and self.first_by in (None, self.decided_by)


class MatchRefusal(Table, table=True):
    """What a page said when a person refused it: that it publishes the duty, or another day that it
    claims. None of all: nothing, for it could not be read, or was taken down.
    """

    __tablename__ = "match_refusal"
    __table_args__ = (Index("ix_match_refusal_page_id_duty_id", "page_id", "duty_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    page_id: UUID
    """Without a reference, which locks the page: the matcher locks it before it takes the turn, and
    whoever decides has the turn."""
    duty_id: UUID = Field(foreign_key="duty.id")
    claimed_on: date | None = None
    formed_on: date | None = None
    content_sha256: str | None = Field(default=None, max_length=64)
    """Over its title, code, name and number (`PortalPage.content_sha256`)."""
    refused_at: datetime = Field(sa_type=Moment)
    refused_by: str = Field(max_length=100)
