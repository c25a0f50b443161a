"""The report as a printable page: lights, a chart and a table. Pure."""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from services.projects.auditing.rules.html import HEADINGS, TITLE, both, document
from shared.errors import Text

SEGMENTS: tuple[tuple[str, str], ...] = (
    ("on_time", "#2e8b57"),
    ("incomplete", "#e0a21b"),
    ("withdrawn", "#b9820f"),
    ("early", "#7a5aa6"),
    ("late", "#c8382d"),
    ("overdue", "#8c1d18"),
    ("unknown", "#aab2bd"),
)
"""What a bar of the chart is made of, from left to right, with its colour."""

LIGHTS = {"green": "绿灯", "yellow": "黄灯", "red": "红灯", "grey": "灰灯"}


def report_page(report_id: UUID, sha256: str, content: Mapping[str, Any]) -> str:
    """The whole report as one HTML page without anything from outside."""
    lines = sorted(content["units"], key=_by_rank)
    body = "".join(
        (
            _header(content["as_of"]),
            _cards(content["totals"]),
            _chart_section(lines),
            _table_section(report_id, lines, content["totals"]),
            _notes(sha256, content),
        )
    )
    return document(f"{TITLE.zh} {content['as_of']}", body)


def _by_rank(line: Mapping[str, Any]) -> tuple[int, str]:
    return (line["rank"] or 10_000, line["unit"])


def _header(as_of: str) -> str:
    return (
        f"<header><h1>{both(TITLE)}</h1>"
        f'<div class="date">截至 as of<b>{escape(as_of)}</b></div></header>'
    )


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate * 100:.1f}%"


def _cards(totals: Mapping[str, Any]) -> str:
    cards = (
        ("#1f5f99", totals["due"], HEADINGS["due"]),
        ("#2e8b57", _percent(totals["rate"]), Text("按时率", "published in time")),
        ("#8c1d18", totals["overdue"], HEADINGS["overdue"]),
        ("#c8382d", totals["late"], HEADINGS["late"]),
        ("#aab2bd", totals["unknown"], Text("不明，不扣分", "unknown, costs nothing")),
    )
    return '<div class="cards">' + "".join(map(_card, cards)) + "</div>"


def _card(card: tuple[str, Any, Text]) -> str:
    tone, figure, said = card
    return f'<div class="card" style="--tone:{tone}"><b>{figure}</b><span>{both(said)}</span></div>'


def _chart_section(lines: list[Mapping[str, Any]]) -> str:
    legend = "".join(
        f'<span><i class="swatch" style="background:{colour}"></i>{both(HEADINGS[name])}</span>'
        for name, colour in SEGMENTS
    )
    heading = both(Text("各公开主体已到期义务", "duties that fell due, by unit"))
    return f'<section><h2>{heading}</h2><div class="legend">{legend}</div>{chart(lines)}</section>'


def chart(lines: list[Mapping[str, Any]]) -> str:
    """Bars of what fell due, a unit a line, as inline SVG."""
    widest = max((line["due"] for line in lines), default=0) or 1
    step, left, room = 30, 208, 800
    height = step * len(lines) + 26
    bars = "".join(
        _bar(line, place * step, left, room / widest) for place, line in enumerate(lines)
    )
    ticks = "".join(_tick(n, left + n * room / widest, height) for n in _scale(widest))
    said = "各公开主体义务状态条形图 | Bars of duties by unit"
    return f'<svg viewBox="0 0 1090 {height}" role="img" aria-label="{said}">{ticks}{bars}</svg>'


def _scale(widest: int) -> range:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 10**9) if widest / s <= 8)
    return range(0, widest + 1, step)


def _tick(n: int, x: float, height: int) -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - 20}" stroke="#e3e7ec"/>'
        f'<text class="tick" x="{x:.1f}" y="{height - 4}" font-size="12" '
        f'text-anchor="middle">{n}</text>'
    )


def _bar(line: Mapping[str, Any], top: int, left: int, scale: float) -> str:
    parts = [
        f'<text x="{left - 12}" y="{top + 19}" font-size="14" text-anchor="end">'
        f"{escape(line['name'])}</text>"
    ]
    x = float(left)
    for name, colour in SEGMENTS:
        width = line[name] * scale
        if not width:
            continue
        said = HEADINGS[name]
        parts.append(
            f'<rect x="{x:.1f}" y="{top + 4}" width="{width:.1f}" height="22" fill="{colour}">'
            f"<title>{escape(line['name'])} {said.zh} {said.en}: {line[name]}</title></rect>"
        )
        if width >= 20:
            parts.append(
                f'<text x="{x + width / 2:.1f}" y="{top + 20}" font-size="12.5" '
                f'text-anchor="middle" style="fill:#fff">{line[name]}</text>'
            )
        x += width
    shown = "–" if line["score"] is None else f"{line['score']:g} 分"
    parts.append(f'<text x="{x + 10:.1f}" y="{top + 20}" font-size="13">{shown}</text>')
    return "".join(parts)


def _table_section(
    report_id: UUID, lines: list[Mapping[str, Any]], totals: Mapping[str, Any]
) -> str:
    words = (Text("排名", "rank"), Text("灯", "light"), Text("公开主体", "unit"))
    heads = "".join(
        f"<th{' class=name' if said.en == 'unit' else ''}>{both(said)}</th>"
        for said in (*words, *HEADINGS.values(), Text("按时率", "rate"), Text("得分", "score"))
    )
    rows = "".join(_line(report_id, line) for line in lines)
    cells = "".join(_figure(report_id, None, name, totals[name]) for name in HEADINGS)
    foot = (
        f'<tr><td></td><td></td><td class="name">合计 <span class="en">total</span></td>'
        f"{cells}<td>{_percent(totals['rate'])}</td><td></td></tr>"
    )
    title = both(Text("分项与排名", "figures and ranking"))
    return (
        f"<section><h2>{title}</h2><table><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody><tfoot>{foot}</tfoot></table></section>"
    )


def _line(report_id: UUID, line: Mapping[str, Any]) -> str:
    light = line["light"]
    cells = "".join(_figure(report_id, line["unit"], name, line[name]) for name in HEADINGS)
    score = "–" if line["score"] is None else f"{line['score']:.1f}"
    return (
        f"<tr><td>{line['rank'] or '–'}</td>"
        f'<td><span class="light {light}" title="{LIGHTS[light]} {light}"></span></td>'
        f'<td class="name unit">{escape(line["name"])}<span class="en">{escape(line["name_en"])}'
        f'</span></td>{cells}<td>{_percent(line["rate"])}</td><td class="score">{score}</td></tr>'
    )


def _figure(report_id: UUID, unit: str | None, column: str, n: int) -> str:
    """A cell whose figure opens to the duties that it counts."""
    if not n:
        return '<td class="zero">0</td>'
    if column == "due":
        return f"<td>{n}</td>"
    asked = urlencode({"column": column} | ({"unit": unit} if unit else {}))
    tone = ' class="red"' if column in ("late", "overdue", "early") else ""
    return f'<td{tone}><a href="{report_id}/rows.html?{escape(asked)}">{n}</a></td>'


def _notes(sha256: str, content: Mapping[str, Any]) -> str:
    versions = content["versions"]
    return (
        '<section class="notes">'
        "<p>按时率 = 按时 ÷（按时 + 逾期后公开 + 逾期未公开）。得分采用扣分制，逐项设上限；"
        "不明、存疑、来源无法访问和不计入的事项不扣分。应公开 = 从“按时公开”到“不明”各列之和。</p>"
        "<p>Rate = on time ÷ (on time + late + overdue). The score deducts from 100 with a cap for "
        "each kind of fault; what is unknown, disputed or outside costs nothing. Due is the sum of "
        "the columns from on time to unknown.</p>"
        f"<p>工作日历第 {versions['calendar']} 版 · 目录第 {versions['catalogue']} 版 · "
        f"判定规则第 {versions['rule']} 版 · 评分办法第 {versions['scheme']} 版 "
        '<span class="en">versions of calendar, catalogue, rule, scheme</span></p>'
        f"<p>证据根 evidence root<br><code>{escape(content['evidence_root'])}</code></p>"
        f"<p>报表指纹 SHA-256 of the report<br><code>{escape(sha256)}</code></p></section>"
    )
