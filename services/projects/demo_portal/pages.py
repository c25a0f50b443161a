"""The portal's pages as HTML, shaped by 政府网站发展指引 and with the defects that sites have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape

from services.projects.demo_city import DemoUnit
from services.projects.demo_packs import PackColumn
from services.projects.demo_portal.defects import PUB_DATES, meta_tags

SITE = "宁川市人民政府"
DOMAIN = "www.ningchuan.example"

STYLE = """
:root{--red:#b3201f;--ink:#222;--soft:#767676;--line:#e6e2dc}
*{box-sizing:border-box}
body{margin:0;background:#f6f4f0;color:var(--ink);
 font:16px/1.8 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif}
header{background:linear-gradient(100deg,#9c1a1a,#c8392b);color:#fff;padding:22px 0 20px}
header b{font-size:28px;letter-spacing:3px}header small{display:block;opacity:.8;letter-spacing:1px}
.wide{max-width:1040px;margin:0 auto;padding:0 20px}
nav{color:var(--soft);font-size:14px;padding:14px 0}nav a{color:var(--soft)}
main{background:#fff;border:1px solid var(--line);border-top:3px solid var(--red);
 padding:26px 34px 36px;margin-bottom:30px}
h1{font-size:25px;text-align:center;line-height:1.5;margin:.4em 0 .6em}
h2{font-size:19px;color:var(--red);border-bottom:1px solid var(--line);padding-bottom:8px}
a{color:inherit;text-decoration:none}a:hover{color:var(--red)}
ul.list{list-style:none;margin:0;padding:0}
ul.list li{display:flex;gap:12px;border-bottom:1px dashed var(--line);padding:9px 2px}
ul.list a{flex:1}.column{color:var(--red);white-space:nowrap}.date{color:var(--soft)}
.article_extend{display:flex;justify-content:space-between;color:var(--soft);font-size:14px;
 border:solid var(--line);border-width:1px 0;padding:6px 2px;margin-bottom:20px}
table{width:100%;border-collapse:collapse;margin:18px 0}
th,td{border:1px solid var(--line);padding:9px 14px;text-align:left;vertical-align:top}
th{background:#faf6f0;width:28%;font-weight:600}
.pager{text-align:center;padding-top:20px}.pager a,.pager b{padding:3px 11px}
.pager b{background:var(--red);color:#fff}
.units{display:grid;grid-template-columns:repeat(3,1fr);gap:12px}
.units a{border:1px solid var(--line);padding:12px 16px}.units a:hover{border-color:var(--red)}
footer{color:var(--soft);font-size:13px;text-align:center;padding-bottom:40px}
"""


@dataclass(frozen=True)
class PortalColumn:
    """A unit's column on the portal."""

    unit: DemoUnit
    folder: str
    name: str


@dataclass(frozen=True)
class Article:
    """One page; its times are what the site claims."""

    path: str
    title: str
    column: str
    list_on: date | None
    meta_at: datetime | None
    label_at: datetime | None
    elements: tuple[tuple[str, str], ...]
    text: str = ""
    attached: str | None = None
    """The name of the file that has the elements in place of the page."""


def home(units: Sequence[DemoUnit], packs: Sequence[PackColumn]) -> str:
    """The portal's front page: the columns of all units, and of the other packs."""
    links = "".join(
        f'<a href="/{unit.code.lower()}/index.htm">{escape(unit.name)}</a>' for unit in units
    )
    others = "".join(f'<a href="{pack.folder}index.htm">{escape(pack.name)}</a>' for pack in packs)
    body = (
        f"<h2>重大建设项目批准和实施领域</h2><div class=units>{links}</div>"
        f"<h2>其他领域</h2><div class=units>{others}</div>"
    )
    return _page(_site_tags(), "首页", body, trail="", charset="utf-8")


def listing(column: PortalColumn, articles: Sequence[Article], number: int, count: int) -> str:
    """One page of a unit's list; its script says how many there are, as TRS portals do."""
    rows = "".join(_row(column, article) for article in articles)
    links = "".join(_page_link(at, at == number) for at in range(count))
    pager = f'createPageHTML({count}, {number}, "index", "htm");'
    script = f"<script>function createPageHTML(){{}} {pager}</script>"
    body = (
        f"<h2>{escape(column.name)}</h2><ul class=list>{rows}</ul>"
        f'<div class="pager">{links}</div>{script}'
    )
    tags = [*_site_tags(), ("ColumnName", column.name), ("ColumnType", "信息公开，政策文件")]
    return _page(tags, column.name, body, _trail(column), column.unit.charset)


def article(column: PortalColumn, page: Article, *, variant: int) -> str:
    """One item's page; `variant` chooses which of the usual defects it has."""
    tags = meta_tags(
        [*_site_tags(), ("ColumnName", page.column), ("ColumnType", "政务公开")],
        title=page.title,
        source=f"宁川市{column.unit.name}",
        path=page.path,
        pub_date=_pub_date(page, variant),
        variant=variant,
    )
    shown = ""
    if page.label_at is not None:
        word = "时间" if variant % 2 else "发布时间"
        shown = f'<span class="article_time">{word}：{page.label_at:%Y-%m-%d %H:%M}</span>'
    rows = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>"
        for label, value in (() if page.attached else page.elements)
    )
    if page.attached:
        name = escape(page.attached)
        shown_below = f'<p>附件：<a href="./{name}">{escape(page.title)}</a></p>'
    else:
        shown_below = f"<table>{rows}</table>" if rows else ""
    body = (
        f'<h1 class="article_title">{escape(page.title)}</h1><div class="article_extend">{shown}'
        f"<span>来源：宁川市{escape(column.unit.name)}</span></div>"
        f'<div class="article"><p>{escape(page.text or _opening(page))}</p>'
        + f"{shown_below}</div>"
    )
    return _page(tags, page.title, body, _trail(column), column.unit.charset)


def _opening(page: Article) -> str:
    return f"根据政府信息公开有关规定，现将{page.column}有关信息公开如下。"


def _pub_date(page: Article, variant: int) -> str | None:
    if page.meta_at is None:
        return None
    return PUB_DATES[variant % len(PUB_DATES)].format(at=page.meta_at)


def _row(column: PortalColumn, page: Article) -> str:
    href = "./" + page.path.removeprefix(column.folder)
    shown = f'<span class="date">{page.list_on:%Y-%m-%d}</span>' if page.list_on else ""
    title = escape(page.title)
    return (
        f'<li><span class="column">[{escape(page.column)}]</span>'
        f'<a href="{escape(href)}" title="{title}">{title}</a>{shown}</li>'
    )


def _page_link(number: int, is_here: bool) -> str:
    name = "index.htm" if number == 0 else f"index_{number}.htm"
    return f"<b>{number + 1}</b>" if is_here else f'<a href="{name}">{number + 1}</a>'


def _trail(column: PortalColumn) -> str:
    unit = escape(column.unit.name)
    return f' &gt; <a href="{column.folder}index.htm">{unit}</a> &gt; {escape(column.name)}'


def _site_tags() -> list[tuple[str, str]]:
    return [("SiteName", SITE), ("SiteDomain", f"http://{DOMAIN}/"), ("SiteIDCode", "3599000001")]


def _page(tags: Sequence[tuple[str, str]], title: str, body: str, trail: str, charset: str) -> str:
    declared = "gb2312" if charset == "gb18030" else charset
    metas = "\n".join(
        f'<meta name="{escape(name)}" content="{escape(content)}"/>'
        if place % 3
        else f'<META content="{escape(content)}" name="{escape(name)}">'
        for place, (name, content) in enumerate(tags)
    )
    return f"""<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="{declared}">
{metas}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}_{SITE}</title><style>{STYLE}</style></head>
<body><header><div class="wide"><b>{SITE}</b>
<small>演示站点 · Demonstration portal</small></div></header>
<div class="wide"><nav>当前位置：<a href="/">首页</a> &gt; 政务公开{trail}</nav>
<main>{body}</main></div>
<footer>{SITE}主办 · 网站标识码 3599000001 · 本站内容均为虚构，仅供演示</footer></body></html>
"""
