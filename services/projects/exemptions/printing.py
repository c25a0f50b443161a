"""An exemption, or another ruling of two persons, as the notice that is handed over."""

from services.projects import notice_page
from services.projects.disputes.rules import TERM_WORKING_DAYS
from services.projects.duties.models import RulingKind
from services.projects.duties.schemas import DutyDetail
from services.projects.duties.workflow import WORKFLOW as RULINGS
from services.projects.exemptions.models import ExemptionState
from services.projects.exemptions.queries import ExemptionRow
from services.projects.exemptions.workflow import WORKFLOW
from services.projects.notice_page import NoticeFact, NoticeLine, NoticeParagraph, UnitNotice
from services.projects.reports.rules.wording import VERDICT_NAMES
from shared import clock
from shared.errors import Text

ASKED = Text("信息公开监察裁定受理通知书", "Notice that a ruling is asked for")
DECIDED = Text("信息公开监察裁定决定书", "Decision on a ruling")
SIGNED = Text("政务公开监察", "disclosure monitoring")
OPENED = Text("提出", "asked for")
WITHDRAWN = Text("已由提出人撤回", "taken back by who asked for it")


def page(row: ExemptionRow, duty: DutyDetail, city: Text) -> str:
    """The whole page; once it is decided on, the decision."""
    kind = RULINGS.names[RulingKind(row.kind)]
    facts = notice_page.duty_facts(
        duty, duty.project_name, duty.item_name, VERDICT_NAMES, row.verdict
    )
    facts.append(NoticeFact(Text("依据文件", "document"), notice_page.plain(row.document)))
    if row.article:
        facts.append(NoticeFact(Text("依据条款", "article"), notice_page.plain(row.article)))
    if row.days:
        facts.append(NoticeFact(Text("延长日数", "days"), notice_page.plain(str(row.days))))
    number = str(row.id)[-12:].upper()
    notice = UnitNotice(
        title=ASKED if row.decided_at is None else DECIDED,
        number=Text(f"裁定 {number}", f"ruling {number}"),
        city=city,
        unit_name=duty.unit_name,
        opening=Text(
            f"对下列信息公开事项，已提出“{kind.zh}”。",
            f"On the following item it is asked to rule: {kind.en}.",
        ),
        facts=facts,
        paragraphs=[
            NoticeParagraph(Text("提出的理由", "grounds"), [notice_page.plain(row.reason)], True),
            *_decision(row),
        ],
        lines=_lines(row),
        signed=Text(f"{city.zh}{SIGNED.zh}", f"{city.en} {SIGNED.en}".strip()),
        dated=clock.today(row.decided_at or row.asked_at),
        ended=None if row.decided_at is None else _outcome(row),
        source=f"exemption {row.id} v{row.version}",
    )
    return notice_page.page(notice)


def _outcome(row: ExemptionRow) -> Text:
    return WITHDRAWN if row.withdrawn_at else WORKFLOW.states[ExemptionState(row.state)]


def _decision(row: ExemptionRow) -> list[NoticeParagraph]:
    if row.decision is not None:
        return notice_page.decided(Text("决定", "decision"), _outcome(row), row.decision)
    term = Text(
        f"由提出人以外的监察人员在{TERM_WORKING_DAYS}个工作日内决定，此前结论、灯和得分不变。",
        f"Decided within {TERM_WORKING_DAYS} working days by an auditor who did not ask for it;"
        " until then the finding, the light and the score stay as they are.",
    )
    return [notice_page.to_be_decided(term, row.due_on)]


def _lines(row: ExemptionRow) -> list[NoticeLine]:
    lines = [NoticeLine(clock.moment_text(row.asked_at), OPENED, row.asked_by, row.document)]
    if row.decided_at is not None:
        at, words = clock.moment_text(row.decided_at), row.decision or ""
        lines.append(NoticeLine(at, _outcome(row), row.decided_by or "", words))
    return lines
