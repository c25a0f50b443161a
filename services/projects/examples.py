"""Which duties, matches and reports of a local system the examples of the documents are about."""

from typing import Any

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects import examples_evidence
from services.projects.attachments.models import Attachment
from services.projects.auditing.models import Standing, Verdict
from services.projects.auditing.rules.scoring import NOT_YET_DUE
from services.projects.disputes.models import Dispute, DisputeState
from services.projects.duties import workflow as duties
from services.projects.duties.models import Duty
from services.projects.exemptions.models import ExemptionRequest, ExemptionState
from services.projects.matching.models import MatchState, PageMatch
from services.projects.packs.models import PackVersion, PackVersionState
from services.projects.portals.models import AbsencePolicy, Portal, PortalRule
from services.projects.publishing import workflow as publishing
from services.projects.publishing.models import RegisteredRelease
from services.projects.rectification import workflow as rectification
from services.projects.rectification.models import RectificationOrder, RectificationPolicy
from services.projects.register.models import Project, ResponsibleUnit
from services.projects.reported_missing.models import CheckState, DisclosureCheck
from services.projects.reports.models import (
    MeritScheme,
    PeriodKind,
    Report,
    ReportSignature,
    ReportWithdrawal,
    ScoreScheme,
)
from shared.database.newest import newest, newest_in, values_of
from shared.security.crypto import Keyring
from shared.web.examples import Example, of_row, read

LATE = (Verdict.OVERDUE, Verdict.LATE, Verdict.INCOMPLETE, Verdict.WITHDRAWN)
RULINGS = ("exempt", "extend", "suspend", "restore")
RECTIFYING = {
    "acknowledge": "acknowledge_rectification",
    "reply": "reply_to_rectification",
    "return": "return_rectification",
    "close": "close_rectification",
    "revoke": "revoke_rectification",
    "refuse": "refuse_rectification_proposal",
}
DRAFTS = {
    "all_media": (
        *("read_pack_version", "put_pack_item", "remove_pack_item"),
        "adopt_pack_version",
    ),
    "policies": ("drop_pack_version",),
}
RELEASES = {
    "revise_release": "revise",
    "submit_release": "submit",
    "check_release": "check",
    "approve_release": "approve",
    "reject_release": "reject",
    "withdraw_draft": "withdraw",
    "release_draft": "release",
    "verify_release": "verify",
    "upload_release_document": "attach",
}


async def live(session: AsyncSession, keyring: Keyring) -> dict[str, Example]:
    """Versions of what the examples change, and of each state the newest row."""
    made = await _rulings(session) | await _decisions(session) | await _versions(session)
    made |= await _drafts(session)
    return made | await _releases(session) | await examples_evidence.found(session)


async def _rulings(session: AsyncSession) -> dict[str, Example]:
    found = {}
    # A unit with open cases does not merge.
    stays = col(Duty.unit_code) != read("projects")["merge_unit"]["path"]["code"]
    for action in RULINGS:
        holds = [row.state for row in duties.WORKFLOW.of(action)]
        free = ~col(Duty.id).in_(values_of(ExemptionRequest.duty_id))
        of = [col(Duty.hold).in_(holds), free, stays]
        # One person alone moves a clock that has not run out.
        ahead = values_of(Standing.duty_id, col(Standing.verdict).in_(NOT_YET_DUE))
        duty = await newest(session, Duty, *of, col(Duty.id).in_(ahead))
        duty = duty or await newest(session, Duty, *of)
        if duty is not None:
            found[f"{action}_duty"] = _duty(duty)
    disputed = values_of(Dispute.duty_id)
    duty = await newest(
        session,
        Duty,
        col(Duty.unit_code).in_(["D01", "D03"]),
        col(Duty.id).in_(values_of(Standing.duty_id, col(Standing.verdict).in_(LATE))),
        ~col(Duty.id).in_(disputed),
    )
    if duty is not None:
        found["dispute_duty"] = _duty(duty)
    return found


def _duty(duty: Duty) -> Example:
    return Example({"duty_id": str(duty.id)}, body={"version": duty.version})


async def _drafts(session: AsyncSession) -> dict[str, Example]:
    """A draft of a pack to work on, and another one to drop."""
    found: dict[str, Example] = {}
    for pack, operations in DRAFTS.items():
        its = (col(PackVersion.pack_code) == pack, col(PackVersion.state) == PackVersionState.DRAFT)
        draft = await newest(session, PackVersion, *its, by=PackVersion.number)
        if draft is not None:
            path = {"code": pack, "number": str(draft.number)}
            reads = dict.fromkeys(("read_pack_version",), Example(path))
            seen = Example(path, body={"version": draft.version})
            found |= {each: reads.get(each, seen) for each in operations}
    return found


async def _releases(session: AsyncSession) -> dict[str, Example]:
    found = {}
    for operation, action in RELEASES.items():
        rows = publishing.WORKFLOW.of(action)
        of_unit = [row for row in rows if not row.not_by_unit]
        usable = [row for row in of_unit or rows if row.of_register]
        has_document = col(RegisteredRelease.document).is_not(None)
        where = [has_document] if any(row.needs_document for row in usable) else []
        states = [row.state for row in usable]
        release = await newest_in(session, RegisteredRelease, states, *where)
        if release is not None:
            found[operation] = of_row("release_id", release)
    return found


async def _decisions(session: AsyncSession) -> dict[str, Example]:
    found: dict[str, Example] = {}
    found |= await _rectifications(session)
    match = await newest_in(session, PageMatch, [MatchState.REVIEW])
    if match is not None:
        seen = Example({"match_id": str(match.id)}, body={"version": match.version})
        found |= {"accept_match": seen, "reject_match": seen}
    dispute = await newest_in(session, Dispute, [DisputeState.OPEN])
    if dispute is not None:
        found["decide_dispute"] = Example({"dispute_id": str(dispute.id)})
    asked = await newest_in(session, ExemptionRequest, [ExemptionState.ASKED])
    if asked is not None:
        seen = Example({"exemption_id": str(asked.id)})
        found |= {"decide_exemption": seen, "withdraw_exemption": seen}
    check = await newest_in(session, DisclosureCheck, [*CheckState])
    if check is not None:
        seen = Example({"check_id": str(check.id)})
        found |= {"answer_disclosure_check": seen, "read_disclosure_check": seen}
    file = await newest(session, Attachment)
    if file is not None:
        found["read_attachment"] = Example({"attachment_id": str(file.id)})
    return found | await _reports(session)


async def _reports(session: AsyncSession) -> dict[str, Example]:
    """The report frozen last that can still be withdrawn, signed, or have schemes tried on it."""
    found: dict[str, Example] = {}
    standing = ~col(Report.id).in_(values_of(ReportWithdrawal.report_id))
    unsigned = ~col(Report.id).in_(values_of(ReportSignature.report_id))
    report = await newest(session, Report, standing, by=Report.frozen_at)
    if report is not None:
        found["withdraw_report"] = Example({"report_id": str(report.id)})
    report = await newest(session, Report, standing, unsigned, by=Report.frozen_at)
    if report is not None:
        found["sign_report"] = Example({"report_id": str(report.id)})
    of_period = col(Report.period_kind) != PeriodKind.DAY
    report = await newest(session, Report, of_period, by=Report.frozen_at)
    if report is not None:
        found["try_schemes"] = Example(body={"report_id": str(report.id)})
    return found


async def _rectifications(session: AsyncSession) -> dict[str, Example]:
    """A fault that nobody has disputed or ordered to be put right, and orders in each state."""
    found = {}
    duty = await newest(
        session,
        Duty,
        col(Duty.unit_code).in_(["D01", "D03"]),
        col(Duty.id).in_(values_of(Standing.duty_id, col(Standing.verdict).in_(LATE))),
        ~col(Duty.id).in_(values_of(Dispute.duty_id)),
        ~col(Duty.id).in_(values_of(RectificationOrder.duty_id)),
    )
    if duty is not None:
        found["order_rectification"] = Example(body={"duty_id": str(duty.id)})
    for action, operation in RECTIFYING.items():
        rows = rectification.WORKFLOW.of(action)
        proposed = [col(RectificationOrder.proposal).is_not(None)] if rows[0].of_proposal else []
        states = [row.state for row in rows]
        order = await newest_in(session, RectificationOrder, states, *proposed)
        if order is not None:
            found[operation] = Example({"rectification_id": str(order.id)})
    return found


async def _versions(session: AsyncSession) -> dict[str, Example]:
    """What an example changes goes by the version that stands there now."""
    examples = read("projects")
    rows: dict[str, Any] = {
        "put_project": await session.get(Project, examples["put_project"]["path"]["code"]),
        "put_unit": await session.get(ResponsibleUnit, examples["put_unit"]["path"]["code"]),
        "put_portal": await session.get(Portal, examples["put_portal"]["path"]["portal_id"]),
        "put_absence_policy": await newest(session, AbsencePolicy, by=AbsencePolicy.version),
        "put_rectification_policy": await newest(
            session, RectificationPolicy, by=RectificationPolicy.version
        ),
        "put_deduction_scheme": await newest(session, ScoreScheme, by=ScoreScheme.version),
        "put_merit_scheme": await newest(session, MeritScheme, by=MeritScheme.version),
    }
    found = {o: Example(body={"version": row.version}) for o, row in rows.items() if row}
    portal = examples["put_portal_rule"]["path"]["portal_id"]
    own = col(PortalRule.portal_id) == portal
    unconfirmed = col(Project.confirmed_names).is_not(None)
    renamed = await newest(session, Project, unconfirmed, by=Project.updated_at)
    if renamed is not None:
        seen = {"version": renamed.version}
        found["confirm_project_names"] = Example({"code": renamed.code}, body=seen)
    rule = await newest(session, PortalRule, own, by=PortalRule.version)
    if rule is not None:
        found["put_portal_rule"] = Example(body=rule.rule)
    return found
