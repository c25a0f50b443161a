"""The page that a figure of the report opens to: the duties behind it. Pure."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from uuid import UUID

from services.projects.auditing.rules.html import HEADINGS, TITLE, both, document
from services.projects.auditing.rules.judging import reason_text
from shared.errors import Text

VERDICTS: dict[str, Text] = {
    "not_applicable": Text("不适用", "not applicable"),
    "exempt": Text("豁免", "exempt"),
    "suspended": Text("中止", "suspended"),
    "pending": Text("未到期", "pending"),
    "due_soon": Text("即将到期", "due soon"),
    "on_time": Text("按时", "on time"),
    "late": Text("逾期后公开", "late"),
    "early_violation": Text("提前公开", "published too early"),
    "overdue": Text("逾期未公开", "overdue"),
    "unknown_source_down": Text("来源无法访问", "source down"),
    "unknown": Text("不明", "unknown"),
    "calendar_unknown": Text("日历未定", "calendar unknown"),
    "time_disputed": Text("时间存疑", "time disputed"),
    "incomplete": Text("要素不全", "incomplete"),
    "withdrawn": Text("已撤下", "withdrawn"),
}


def rows_page(
    report_id: UUID,
    content: Mapping[str, Any],
    rows: Iterable[Any],
    *,
    unit: str | None,
    column: str | None,
) -> str:
    """The duties behind a figure as a page, with the address where each was seen."""
    names = {line["unit"]: line["name"] for line in content["units"]}
    whose = names.get(unit or "", "全部公开主体 all units")
    what = HEADINGS[column] if column else Text("全部", "all")
    heads = "".join(
        f'<th class="name">{both(said)}</th>'
        for said in (
            Text("公开主体", "unit"),
            Text("项目", "project"),
            Text("事项", "item"),
            Text("形成日期", "formed on"),
            Text("结论与理由", "verdict and reason"),
            Text("网页", "page"),
        )
    )
    lines = "".join(_row(row, names) for row in rows)
    body = (
        f'<p><a class="back" href="../{report_id}.html">← 返回报表 back to the report</a></p>'
        f"<header><h1>{escape(whose)} · {both(what)}</h1>"
        f'<div class="date">截至 as of<b>{escape(content["as_of"])}</b></div></header>'
        f"<section style=margin-top:22px><table><thead><tr>{heads}</tr></thead>"
        f"<tbody>{lines}</tbody></table></section>"
    )
    return document(f"{TITLE.zh} {whose} {what.zh}", body)


def _row(row: Any, names: Mapping[str, str]) -> str:
    verdict, reason = VERDICTS[row.verdict], reason_text(row.reason)
    over = f" {row.over_by} 个工作日 working days" if row.over_by else ""
    url = row.url or ""
    shown = escape(url)
    link = f'<a href="{shown}" rel="noopener noreferrer">{shown}</a>' if _is_web(url) else shown
    return (
        f'<tr><td class="name">{escape(names.get(row.unit_code, row.unit_code))}</td>'
        f'<td class="name">{escape(row.project_name)}<span class="en">'
        f"{escape(row.project_code)}</span></td>"
        f'<td class="name">{escape(row.item_name)}<span class="en">'
        f"{row.item_code}</span></td>"
        f'<td class="day">{row.formed_on or "–"}</td>'
        f'<td class="name">{both(verdict)}{over}<span class="en">{escape(reason.zh)}<br>'
        f"{escape(reason.en)}</span></td>"
        f'<td class="name"><code>{link or "–"}</code></td></tr>'
    )


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))
