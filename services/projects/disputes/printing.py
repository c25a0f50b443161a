"""A dispute as the notice that is handed over: what is held against a finding, and the ruling."""

from services.projects import notice_page
from services.projects.disputes.models import DisputeState
from services.projects.disputes.queries import DisputeRow
from services.projects.disputes.rules import TERM_WORKING_DAYS
from services.projects.disputes.workflow import WORKFLOW
from services.projects.duties.schemas import DutyDetail
from services.projects.notice_page import NoticeFact, NoticeLine, NoticeParagraph, UnitNotice
from services.projects.reports.rules.wording import VERDICT_NAMES
from shared import clock
from shared.errors import Text

ASKED = Text("信息公开异议受理通知书", "Notice of a dispute")
RULED = Text("信息公开异议决定书", "Ruling on a dispute")
SIGNED = Text("政务公开监察", "disclosure monitoring")
OPENED = Text("提出异议", "opened")


def page(row: DisputeRow, duty: DutyDetail, city: Text) -> str:
    """The whole page; once it is ruled on, the ruling."""
    state, name = DisputeState(row.state), VERDICT_NAMES[row.disputed_verdict]
    facts = notice_page.duty_facts(
        duty, duty.project_name, duty.item_name, VERDICT_NAMES, row.disputed_verdict
    )
    notice = UnitNotice(
        title=ASKED if row.decided_at is None else RULED,
        number=Text(f"异议 {row.id.hex[-12:].upper()}", f"dispute {row.id.hex[-12:].upper()}"),
        city=city,
        unit_name=duty.unit_name,
        opening=Text(
            f"关于下列信息公开事项“{name.zh}”的结论，已收到异议。",
            f"The finding “{name.en}” on the following item is disputed.",
        ),
        facts=[*facts, NoticeFact(Text("异议文件", "document"), notice_page.plain(row.document))],
        paragraphs=[
            NoticeParagraph(Text("异议理由", "grounds"), [notice_page.plain(row.reason)], True),
            *_ruling(row, state),
        ],
        lines=_lines(row, state),
        signed=Text(f"{city.zh}{SIGNED.zh}", f"{city.en} {SIGNED.en}".strip()),
        dated=clock.today(row.decided_at or row.opened_at),
        ended=None if row.decided_at is None else WORKFLOW.states[state],
        source=f"dispute {row.id} v{row.version}",
    )
    return notice_page.page(notice)


def _ruling(row: DisputeRow, state: DisputeState) -> list[NoticeParagraph]:
    if row.decision is not None:
        return notice_page.decided(Text("决定", "ruling"), WORKFLOW.states[state], row.decision)
    term = Text(
        f"由提出人以外的监察人员在{TERM_WORKING_DAYS}个工作日内决定，此前结论、灯和得分不变。",
        f"Decided within {TERM_WORKING_DAYS} working days by an auditor who did not open it; until"
        " then the finding, the light and the score stay as they are.",
    )
    return [notice_page.to_be_decided(term, row.due_on)]


def _lines(row: DisputeRow, state: DisputeState) -> list[NoticeLine]:
    lines = [NoticeLine(clock.moment_text(row.opened_at), OPENED, row.opened_by, row.document)]
    if row.decided_at is not None:
        by, words = row.decided_by or "", row.decision or ""
        at = clock.moment_text(row.decided_at)
        lines.append(NoticeLine(at, WORKFLOW.states[state], by, words))
    return lines
