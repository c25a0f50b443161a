"""Projects with what is published about them as OC4IDS 0.9 project packages. Pure.

https://standard.open-contracting.org/infrastructure/0.9/: what must be published is a milestone
with its due date, what is published a document, who must publish a party. What is not known is left
out, as the standard wants it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from services.projects.auditing.models import Verdict
from services.projects.opendata import rules
from services.projects.opendata.facts import PublicDuty, PublicProject
from services.projects.register import oc4ids as standard
from services.projects.register.models import ApprovalKind
from services.projects.reports.rules.wording import PHASES
from shared.clock import SHANGHAI
from shared.errors import Text

VERSION = "0.9"
END_OF_DAY = time(23, 59, 59)

APPROVAL_NAMES = {
    ApprovalKind.EXAMINE: Text("审批", "examined"),
    ApprovalKind.CONFIRM: Text("核准", "confirmed"),
    ApprovalKind.FILE: Text("备案", "filed"),
}
_STATUS_OF = {
    Verdict.PENDING: "scheduled",
    Verdict.DUE_SOON: "scheduled",
    Verdict.ON_TIME: "met",
    Verdict.LATE: "met",
    Verdict.EARLY_VIOLATION: "met",
    Verdict.INCOMPLETE: "partiallyMet",
    Verdict.WITHDRAWN: "notMet",
    Verdict.OVERDUE: "notMet",
}
"""How a duty stands in the standard's words; of what is not known there is none."""
_DOCUMENT_TYPES = (
    ("可行性研究", "feasibilityStudy"),
    ("环境影响", "environmentalImpact"),
    ("招标公告", "tenderNotice"),
    ("中标结果", "awardNotice"),
    ("概算变更", "budgetAmendmentApproval"),
    ("征地补偿", "landAndSettlementImpact"),
    ("竣工验收", "completionCertificate"),
)
"""Words of a catalogue item and the standard's type of such a document; others have none."""


def package(
    projects: Sequence[PublicProject],
    duties: Mapping[str, Sequence[PublicDuty]],
    *,
    prefix: str,
    uri: str,
    publisher: Mapping[str, str],
    licence: str | None,
) -> dict[str, Any]:
    """One package of at least one project; `duties` are those of each by its code.

    Its date is that of the last change to what it holds, and so are the same bytes made of the same
    facts.
    """
    made = [project(each, duties.get(each.code, ()), prefix) for each in projects]
    return _filled(
        uri=uri,
        publishedDate=max(each["updated"] for each in made),
        version=VERSION,
        publisher=dict(publisher),
        license=licence,
        projects=made,
    )


def project_id(code: str, prefix: str) -> str:
    """Its id in the world: of a project that came with one, that."""
    return code if code.startswith("oc4ids-") else f"{prefix}-{code}"


def project(row: PublicProject, duties: Sequence[PublicDuty], prefix: str) -> dict[str, Any]:
    """A project of a package."""
    lead = _filled(id=row.lead_unit_code, name=row.lead_unit_name)
    amount = row.investment_10k_yuan
    changes = (duty.changed_at for duty in duties)
    budget = None if amount is None else _value(amount * standard.UNIT)
    return _filled(
        id=project_id(row.code, prefix),
        identifiers=_identifiers(row.code),
        updated=_moment(max([row.updated_at, *filter(None, changes)])),
        language="zh",
        title=row.name,
        status=standard.STATUS_OF[row.phase],
        additionalClassifications=_classifications(row),
        budget=budget,
        publicAuthority=lead,
        parties=list(_parties(row, duties)),
        documents=[_document(each) for each in duties if each.first_seen_at and each.is_open],
        milestones=[_milestone(duty) for duty in duties],
    )


def _identifiers(code: str) -> list[dict[str, str]]:
    if not standard.NATIONAL_CODE.fullmatch(code):
        return []
    return [{"id": code, "scheme": standard.CODE_SCHEME}]


def _classifications(row: PublicProject) -> list[dict[str, str]]:
    """What the standard has no field for; our own import reads it back."""
    own = (
        (standard.APPROVAL_SCHEME, row.approval_kind.value, APPROVAL_NAMES[row.approval_kind].zh),
        (standard.PHASE_SCHEME, row.phase.value, PHASES[row.phase].zh),
        (standard.SCOPE_SCHEME, "scope", row.scope_basis),
    )
    return [{"scheme": scheme, "id": id_, "description": text} for scheme, id_, text in own]


def _parties(row: PublicProject, duties: Sequence[PublicDuty]) -> Iterator[dict[str, Any]]:
    """The units, each once; who leads the project first."""
    names = {duty.unit_code: duty.unit_name for duty in duties}
    if row.lead_unit_code is not None:
        names.pop(row.lead_unit_code, None)
        lead = {"id": row.lead_unit_code, "name": row.lead_unit_name}
        yield {**lead, "roles": ["publicAuthority"]}
    for code, name in sorted(names.items()):
        yield {"id": code, "name": name}


def _document(duty: PublicDuty) -> dict[str, Any]:
    published = rules.published_at(duty)
    is_web = duty.url is not None and duty.url.startswith(("http://", "https://"))
    return _filled(
        id=str(duty.id),
        documentType=_document_type(duty.item_name),
        title=duty.item_name,
        description=_both(rules.summary(duty)),
        url=duty.url if is_web else None,
        datePublished=published and _moment(published),
        language="zh",
        author=duty.unit_name,
    )


def _document_type(item: str) -> str | None:
    return next((kind for words, kind in _DOCUMENT_TYPES if words in item), None)


def _milestone(duty: PublicDuty) -> dict[str, Any]:
    published = rules.published_at(duty)
    return _filled(
        id=str(duty.id),
        title=f"{duty.item_code} {duty.item_name}",
        type="reporting",
        description=_both(rules.summary(duty)),
        dueDate=duty.due_on and _end_of(duty.due_on),
        dateMet=published and _moment(published),
        dateModified=duty.changed_at and _moment(duty.changed_at),
        status=_STATUS_OF.get(duty.verdict),
    )


def _both(text: Text) -> str:
    return f"{text.zh} | {text.en}"


def _value(amount: int) -> dict[str, Any]:
    return {"amount": {"amount": amount, "currency": standard.CURRENCY}}


def _end_of(day: date) -> str:
    """A day ends at 24:00 in Shanghai."""
    return datetime.combine(day, END_OF_DAY, SHANGHAI).isoformat()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _filled(**fields: Any) -> dict[str, Any]:
    """The fields that have a value: the standard forbids empty ones."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
