"""An order as the notice that is handed over to its unit."""

from collections.abc import Sequence

from services.projects import notice_page
from services.projects.duties.schemas import DutyView
from services.projects.notice_page import NoticeFact, NoticeLine, NoticeParagraph, UnitNotice
from services.projects.rectification.models import ReplyKind
from services.projects.rectification.queries import RectificationRow, RectificationStepRow
from services.projects.rectification.workflow import STEP_NAMES, WORKFLOW
from services.projects.reports.rules.wording import VERDICT_NAMES
from shared import clock
from shared.errors import Text

TITLE = Text("信息公开整改通知书", "Order to put a disclosure right")
SIGNED = Text("政务公开监察", "disclosure monitoring")
HOW = (
    Text(
        "请在期限内整改，并在系统中以现在公开的网址、文件或说明回复；所填网址由采集器读取并存证。整改是否完成，以本通知"
        "下达之后采集器在网上看到的为准；下达之前就在网上的网页不作为整改证明。",
        "Please put it right within the term and reply in the system with the address where it is"
        " published now, which the collector reads and keeps as evidence, a document, or an"
        " explanation. What counts is what the collector sees after this order; a page that was"
        " there before it proves nothing.",
    ),
    Text(
        "逾期、提前公开的结论不因整改而改变，整改情况与结论并列。到期未办的，以及只有回复、没有证明又未获认可的，"
        "逐级升级，直至转为督办。对结论有异议的，可以附文件提出，由另一人决定。",
        "A finding of late or too early stays as it is; that it was put right stands beside it."
        " What is left alone, or answered without proof and not agreed to, rises level by level"
        " until it is supervised. A finding can be disputed with a document, and another person"
        " decides.",
    ),
)
REPLIES = {
    ReplyKind.ADDRESS: Text("网址", "address"),
    ReplyKind.DOCUMENT: Text("文件", "document"),
    ReplyKind.EXPLANATION: Text("说明", "explanation"),
}


def page(
    row: RectificationRow, steps: Sequence[RectificationStepRow], duty: DutyView, city: Text
) -> str:
    """The whole page."""
    order = row.order
    facts = notice_page.duty_facts(
        duty, row.project_name, row.item_name, VERDICT_NAMES, order.cause
    )
    if order.missing_elements:
        missing = notice_page.plain("、".join(order.missing_elements))
        facts.append(NoticeFact(Text("缺少的要素", "missing elements"), missing))
    name = VERDICT_NAMES[order.cause]
    notice = UnitNotice(
        title=TITLE,
        number=notice_page.plain(order.number),
        city=city,
        unit_name=row.unit_name,
        opening=Text(
            f"经监察，你单位下列信息公开事项的结论为“{name.zh}”，现要求限期整改。",
            f"The finding on the following item is “{name.en}”; it is to be put right in time.",
        ),
        facts=facts,
        paragraphs=[
            NoticeParagraph(
                Text("整改要求", "what is to be done"), [notice_page.plain(order.demand)], True
            ),
            NoticeParagraph(Text("整改期限", "term"), [_term(row)]),
            NoticeParagraph(Text("怎样办理", "how"), HOW),
        ],
        lines=[_line(step) for step in steps],
        signed=Text(f"{city.zh}{SIGNED.zh}", f"{city.en} {SIGNED.en}".strip()),
        dated=clock.today(order.issued_at),
        ended=WORKFLOW.states[order.state] if order.ended_at else None,
        source=f"rectification {order.id} v{order.version}",
    )
    return notice_page.page(notice)


def _term(row: RectificationRow) -> Text:
    order = row.order
    if order.due_on is None:
        return Text(
            f"{order.term_days}个工作日；所涉年份的放假通知尚未载入，载入后另告具体日期。",
            f"{order.term_days} working days; the day follows once the year's holiday notice is"
            " loaded.",
        )
    return Text(
        f"请于{notice_page.day_text(order.due_on)}前（含当日，{order.term_days}个工作日）整改并回复。",
        f"To be put right and replied to by {order.due_on}, {order.term_days} working days.",
    )


def _line(step: RectificationStepRow) -> NoticeLine:
    kind = REPLIES[ReplyKind(step.reply_kind)] if step.reply_kind else None
    words = " ".join(each for each in (step.url, step.document, step.text) if each)
    return NoticeLine(clock.moment_text(step.at), STEP_NAMES[step.step], step.by, words, kind)
