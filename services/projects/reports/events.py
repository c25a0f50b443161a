"""What reports publish: one was frozen, one was withdrawn."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

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
