"""The notice that is handed over to a unit, as a page to print: Chinese first, A4 upright.

One form for orders and for disputes, so that people read both alike. No scripts, nothing from
outside; whatever a person wrote is escaped.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from fastapi import Response

from services.projects.auditing.models import Verdict
from services.projects.duties.schemas import DutyView
from shared.errors import Text, counted
from shared.web.templates import templates_of

_TEMPLATES = templates_of("projects")


class NoticeFact(NamedTuple):
    """A line of the table of facts; what is not known says so."""

    name: Text
    value: Text | None


class NoticeParagraph(NamedTuple):
    """What is demanded, disputed or decided, in the words of whoever wrote it, or in ours."""

    heading: Text
    words: Sequence[Text]
    is_quoted: bool = False


class NoticeLine(NamedTuple):
    """What was done, when, by whom, with which words; `kind`: of which sort these are."""

    at: str
    what: Text
    by: str
    words: str
    kind: Text | None = None


class UnitNotice(NamedTuple):
    """What the page says, in its order. `ended` stands at its head where the matter is over."""

    title: Text
    number: Text
    city: Text
    unit_name: str
    opening: Text
    facts: Sequence[NoticeFact]
    paragraphs: Sequence[NoticeParagraph]
    lines: Sequence[NoticeLine]
    signed: Text
    dated: date
    ended: Text | None
    source: str


def page(notice: UnitNotice) -> str:
    """The whole page."""
    return _TEMPLATES.get_template("notice.html").render(
        **notice._asdict(), head_number=None, notice_day=day_text(notice.dated)
    )


def answer(html: str) -> Response:
    """A page for whom it concerns: nobody on the way keeps it."""
    headers = {"Cache-Control": "no-store", "Vary": "Authorization"}
    return Response(html, headers=headers, media_type="text/html; charset=utf-8")


def day_text(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def plain(words: str) -> Text:
    """What a person wrote stands there as it is, in the one language that it was written in."""
    return Text(words, "")


def decided(heading: Text, outcome: Text, reason: str) -> list[NoticeParagraph]:
    """What was decided, and why in the words of who decided."""
    why = NoticeParagraph(Text("理由", "reasons"), [plain(reason)], True)
    return [NoticeParagraph(heading, [outcome]), why]


def to_be_decided(term: Text, due_on: date | None) -> NoticeParagraph:
    """Who decides, and by which day; None: it follows with a holiday notice."""
    last = Text(
        "所涉年份的放假通知尚未载入，具体日期另告。",
        "The day follows once the year's holiday notice is loaded.",
    )
    if due_on is not None:
        last = Text(f"应于{day_text(due_on)}前（含当日）决定。", f"To be decided by {due_on}.")
    return NoticeParagraph(Text("怎样决定", "how"), [term, last])


def duty_facts(
    duty: DutyView, project: str | None, item: str, verdicts: dict[str, Text], found: Verdict
) -> list[NoticeFact]:
    """What the notice is about: the duty, its clock, and what was found."""
    known = [
        NoticeFact(Text("公开事项", "item"), plain(f"{item}（{duty.item_code}）")),
        NoticeFact(Text("形成日期", "formed on"), _day(duty.formed_on)),
        NoticeFact(Text("应公开日期", "due on"), _day(duty.due_on)),
        NoticeFact(Text("监察结论", "finding"), _finding(duty, verdicts[found], found)),
        NoticeFact(Text("现在的情况", "now"), _now(duty, verdicts[duty.verdict])),
    ]
    if duty.published.url is not None:
        known.append(NoticeFact(Text("最近所见网址", "address"), plain(duty.published.url)))
    if project is None:
        if duty.subject is None:
            return known
        return [NoticeFact(Text("公开对象", "about"), plain(duty.subject)), *known]
    named = plain(f"{project}（{duty.project_code}）")
    return [NoticeFact(Text("项目", "project"), named), *known]


def _finding(duty: DutyView, name: Text, found: Verdict) -> Text:
    """The finding, and by how many days of its clock it is over, while it is the finding still."""
    if not duty.over_by or found != duty.verdict:
        return name
    days, kind = duty.over_by, "日" if duty.by_days else "个工作日"
    over = counted(days, "day" if duty.by_days else "working day")
    return Text(f"{name.zh}，超期{days}{kind}", f"{name.en}, {over} over")


def _now(duty: DutyView, name: Text) -> Text:
    zh = "；".join([name.zh, *(reason.zh for reason in duty.reasons)])
    return Text(zh, "; ".join([name.en, *(reason.en for reason in duty.reasons)]))


def _day(day: date | None) -> Text | None:
    return None if day is None else Text(day_text(day), day.isoformat())
