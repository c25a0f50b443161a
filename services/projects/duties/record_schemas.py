"""What led to the verdict of a duty, as people and programs read it."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.auditing.models import Reason, Verdict
from services.projects.duties.models import ClaimKind, FactKind, RulingKind
from shared.web.models import View


class VerdictMove(View):
    """A move in the history of a duty's verdict."""

    model_config = ConfigDict(from_attributes=True)

    from_verdict: Verdict | None
    to_verdict: Verdict
    reason: Reason
    over_by: int | None
    as_of: date
    rule_version: int
    calendar_version: int
    judged_at: AwareDatetime


class FactView(View):
    """One observation."""

    model_config = ConfigDict(from_attributes=True)

    kind: FactKind
    observed_at: AwareDatetime
    last_absent_at: AwareDatetime | None
    url: str
    claim_kind: ClaimKind
    claimed_at: AwareDatetime | None
    cms_at: AwareDatetime | None
    header_at: AwareDatetime | None
    received_at: AwareDatetime | None = Field(
        default=None,
        description="报送的发布时间，我方何时得知 | When we were told, of a time that was pushed.",
    )
    missing_elements: list[str]
    elements_judged: bool = Field(
        default=True,
        description="内容要素是否已核对；读不出的网页未核对，不等于不缺"
        " | Whether its elements were looked for; on a page that cannot be read they were not, and"
        " that does not mean that none is missing.",
    )
    evidence_id: UUID | None
    sha256: str
    absence_set_aside: bool = Field(
        default=False,
        description="“此前未公开”当时只由一次核查认定，不再作数 | Whether its absence before counts"
        " no more, because one walk alone had proven it.",
    )


class RulingView(View):
    """A ruling with its document."""

    model_config = ConfigDict(from_attributes=True)

    kind: RulingKind
    document: str
    article: str | None
    reason: str
    days: int | None
    ruled_at: AwareDatetime


class DutyRectification(View):
    """An order to put the duty right, in short; `/rectifications/{id}` has all of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    cause: Verdict = Field(description="下达时的结论 | The verdict when it was ordered.")
    state: str
    level: int
    due_on: date | None
    closing: str | None
    issued_at: AwareDatetime
    ended_at: AwareDatetime | None


class AskedExemption(View):
    """An exemption that waits for its decision; the verdict stands meanwhile."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    document: str
    article: str
    asked_at: AwareDatetime
    asked_by: str = Field(description="提出人账号 | The account that asked for it.")


class AskedRuling(View):
    """A ruling that waits for its decision, an exemption or one on a clock that has run out; the
    verdict stands meanwhile."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: RulingKind
    document: str
    days: int | None = Field(description="要延长几日 | By how many days, of an extension.")
    asked_at: AwareDatetime
    asked_by: str = Field(description="提出人账号 | The account that asked for it.")


class ShortVerdict(View):
    """How the duty would stand under the 7 working days of licences, while its class is open."""

    n: int
    due_on: date | None
    verdict: Verdict
    over_by: int | None


class Coverage(View):
    """On how many carriers a duty must appear, and on how many of those it was found."""

    must: int = Field(description="必须公开的载体数 | On how many carriers it must appear.")
    reached: int = Field(description="其中已公开的载体数 | On how many of those it does.")
