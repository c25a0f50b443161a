"""The guide as a page to print and hand out: plain HTML, no scripts, nothing from elsewhere."""

from collections.abc import Iterable
from html import escape

from services.appointments.guides.models import CaseKind, LimitUnit
from services.appointments.guides.schemas import GuideView, ItemView, Material

_UNITS = {LimitUnit.WORKDAYS: "个工作日", LimitUnit.DAYS: "天", LimitUnit.HOURS: "小时"}
_FORMS = {
    "original": "原件",
    "copy": "复印件",
    "electronic": "电子件",
    "original_and_copy": "原件及复印件",
}
_STYLE = """
body{font:16px/1.6 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei",sans-serif;
max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
h1{font-size:1.6rem;margin-bottom:0}h2{font-size:1.1rem;border-left:4px solid #b3261e;
padding-left:.5rem;margin-top:1.6rem}.en{color:#555}table{border-collapse:collapse;width:100%}
th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top}
th{background:#f3f3f3}ul,ol{padding-left:1.4rem}footer{margin-top:2rem;color:#555;font-size:.85rem}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr,li{break-inside:avoid}}
"""


def html(guide: GuideView) -> str:
    """The whole page, Chinese with the English names."""
    item, content = guide.item, guide.content
    sections = [
        _section("受理条件 Conditions", _list(content.conditions)),
        _section("申请材料 Materials", _materials(content.materials)),
        _section("办理流程 Steps", _list((_with(s.name, s.note) for s in content.steps), "ol")),
        _section("收费 Fees", _list(f"{f.name}：{f.amount}{_in(f.basis)}" for f in content.fees))
        if content.fees
        else _section("收费 Fees", "<p>不收费 Free of charge</p>"),
        _section("办理结果 Result", _list(content.results)),
        _section("设定依据 Legal basis", _list(content.basis)),
        _section(
            "咨询与监督 Questions and complaints",
            _list(line for line in (content.consultation, content.complaints) if line),
        ),
        _section("救济途径 Remedies", _paragraph(content.remedies)),
        _section(
            "常见问题 Frequent questions",
            "".join(
                f"<p><b>{escape(q.question)}</b><br>{escape(q.answer)}</p>"
                for q in content.questions
            ),
        ),
    ]
    published = guide.published_at.strftime("%Y-%m-%d")
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(item.name)} 办事指南</title><style>{_STYLE}</style></head><body>"
        f'<h1>{escape(item.name)}</h1><p class="en">{escape(item.name_en or "")}</p>'
        f"{_paragraph(content.summary)}{_paragraph(content.summary_en or '', 'en')}"
        f"{_facts(item)}{''.join(sections)}"
        f"<footer>事项编码 {escape(item.code)} · 第 {guide.version} 版 · {published}</footer>"
        f"</body></html>"
    )


def _facts(item: ItemView) -> str:
    kind = "即办件 on the spot" if item.case_kind is CaseKind.INSTANT else "承诺件 promised"
    rows = [
        ("业务类别 Group", item.group),
        ("办件类型 Kind", kind),
        ("法定时限 Statutory limit", _limit(item.legal_limit, item.legal_limit_unit)),
        ("承诺时限 Promised limit", _limit(item.promised_limit, item.promised_limit_unit)),
        ("到现场次数 Visits", f"{item.visits_needed}{_in(item.visits_reason)}"),
        ("预约 By appointment", _yes(item.by_appointment)),
        ("自助办理 Self-service", _yes(item.self_service)),
        ("窗口时长 At the window", f"约 {item.standard_minutes} 分钟"),
    ]
    cells = "".join(f"<tr><th>{name}</th><td>{escape(said)}</td></tr>" for name, said in rows)
    return f"<table>{cells}</table>"


def _materials(materials: list[Material]) -> str:
    if not materials:
        return "<p>无需材料 None</p>"
    head = "<tr><th>材料</th><th>形式</th><th>份数</th><th>来源</th><th>说明</th></tr>"
    rows = "".join(
        f"<tr><td>{escape(_with(m.name, m.name_en or ''))}</td><td>{_FORMS[m.form]}</td>"
        f"<td>{m.copies}</td><td>{escape(m.source)}</td>"
        f"<td>{escape('；'.join(_notes(m)))}</td></tr>"
        for m in materials
    )
    return f"<table>{head}{rows}</table>"


def _notes(material: Material) -> Iterable[str]:
    if not material.required:
        yield "按情形提供"
    if material.may_follow:
        yield "可容缺后补"
    if material.note:
        yield material.note


def _section(title: str, body: str) -> str:
    return f"<h2>{title}</h2>{body}" if body else ""


def _list(lines: Iterable[str], kind: str = "ul") -> str:
    inside = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<{kind}>{inside}</{kind}>" if inside else ""


def _paragraph(said: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(said)}</p>' if said else ""


def _limit(number: int | None, unit: LimitUnit | None) -> str:
    return "—" if number is None or unit is None else f"{number} {_UNITS[unit]}"


def _with(name: str, note: str) -> str:
    return f"{name}（{note}）" if note else name


def _in(note: str) -> str:
    return f"（{note}）" if note else ""


def _yes(true: bool) -> str:
    return "支持 yes" if true else "不支持 no"
