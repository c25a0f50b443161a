"""What reports publish: one was frozen, one was withdrawn, one was signed."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class ReportWithdrawn(Event):
    """一份监察报表已撤回，不再作数。

    A frozen report was withdrawn and no longer counts.
    """

    type: ClassVar[str] = "projects.report.withdrawn.v1"

    report_id: UUID
    as_of: date
    reason: str
    withdrawn_at: AwareDatetime


class ScorePublished(Event):
    """一份监察报表已由他人签发，各公开主体的得分即公布。

    A report was signed by another person, and the scores of its units are published.
    """

    type: ClassVar[str] = "projects.score.published.v1"

    report_id: UUID
    year: int = Field(description="签发号的年份 | The year of its number.")
    serial: int = Field(description="签发号 | Its number in that year.")
    period_kind: str = Field(
        description="月、季、年或自某日起 | A month, a quarter, a year or since a day.",
        examples=["quarter"],
    )
    from_on: date | None
    to_on: date | None
    as_of: date
    units: int = Field(description="共几个公开主体 | How many units it scores.")
    sha256: str
    signed_at: AwareDatetime


class ReportFrozen(Event):
    """监察报表已冻结，可供查阅。

    A monitoring report was frozen and can be read.
    """

    type: ClassVar[str] = "projects.report.frozen.v1"

    report_id: UUID
    as_of: date
    sha256: str
    evidence_root: str
    frozen_at: AwareDatetime
