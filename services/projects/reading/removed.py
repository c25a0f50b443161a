"""A page that is not there any more although its address answers 200. Pure.

Many portals answer what was removed with a page that says so, with an empty one, or by leading
away; firewalls, servers at work and forms to sign in put a page of their own before it, which says
nothing about what stands behind.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from services.projects.reading.article import own_lines
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.html import parse
from services.projects.reading.meta_tags import read_meta_tags
from services.projects.reading.naming import normal_name
from services.projects.reading.others import of_others
from services.projects.reading.text import page_text

MAX_NOTICE = 300
"""What says that a page is gone is short: an article may quote the same words."""
MAX_BARE = 30
"""What leads away has hardly a word of its own: an article's scripts may know other addresses."""

LEADS_AWAY = "it leads away"

MAX_REST, MAX_AROUND = 3, 200
"""What a notice has beside its own words, and what stands around it."""
MAX_DELAY = 30
"""A page that is called up anew after minutes is one to be read meanwhile; in seconds."""

_MISSING = re.compile(
    r"(?:页面|网页|内容|文章|信息|文件|资源|栏目|地址)[^。\n]{0,10}"
    r"(?:不存在|已删除|已被删除|被删除|已下线|已撤销|已撤下|已移除|找不到|未找到|无法找到|不见了|已取消发布|已屏蔽)"
    r"|(?:找不到|没有找到|未找到)[^。\n]{0,8}(?:页面|网页|内容|文章|信息|文件|资源)"
    r"|\b404\s*[-:]?\s*(?:not found|error|错误|页面)|page not found",
    re.IGNORECASE,
)
_BLOCKED = re.compile(
    r"网站防火墙|应用防火墙|安全狗|云锁|访问(?:被|已)?(?:拦截|拒绝|禁止)|请求(?:被|已)?(?:拦截|拒绝)|人机验证|完成安全验证"
    r"|拖动滑块|访问过于频繁|开启\s*JavaScript|access denied|request blocked|\bWAF\b",
    re.IGNORECASE,
)
_NOT_NOW = re.compile(
    r"(?:系统|网站|平台|服务器?|页面)[^。\n]{0,6}(?:升级|维护|检修|割接)[^。\n]{0,4}中|正在(?:进行)?[^。\n]{0,4}(?:升级|维护|检修)"
    r"|(?:访问|在线|当前)(?:人数|量|用户)过[多大]|(?:系统|网络|服务器?)[^。\n]{0,2}(?:繁忙|异常|故障|错误)|请?稍后(?:再试|重试|访问)"
    r"|统一身份认证[^。]{0,60}登录|(?:用户|账号|账户|扫码|密码|短信)登录|请先?登录|登录(?:超时|已过期|状态已失效)"
    r"|数据库[^。\n]{0,4}(?:连接|访问)?(?:失败|错误|异常)"
    r"|database (?:connection|error)|connection refused"
    r"|welcome to (?:nginx|openresty|tengine|apache)|it works!"
    r"|apache\S* .{0,20}default page|IIS Windows"
    r"|service (?:temporarily )?unavailable|bad gateway|gateway time-?out|internal server error",
    re.IGNORECASE,
)
"""What a server says of itself, or asks, instead of showing the page. On no page that shows the
title by which the list calls it: an article may be about such things.
"""
_AROUND_NOTICE = re.compile(
    r"(?:对不起|非常|很|抱歉|您好|您|你|所|要|想|正在|访问|请求|查看|浏览|打开|查找|的|该|此|本|这|或者?|可能|已经?|被|尚未发布"
    r"|删除|移走|移动|管理员|请|点击|返回|首页|上一页|现|暂时?)+"
)
_NO_LETTER = re.compile(r"[\W_]+")
_REFRESH = re.compile(r"\s*(\d{1,6})?[\d.]*\s*[;,]?\s*url\s*=\s*['\"]?([^'\"\s]+)", re.IGNORECASE)
_GOES = re.compile(
    r"\blocation(?:\.href)?\s*=(?!=)\s*(?:['\"]([^'\"]*)['\"])?"
    r"|\blocation\.(?:replace|assign)\s*\(\s*(?:['\"]([^'\"]*)['\"])?",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\bfunction\s+\w+\s*\([^)]*\)\s*\{[^{}]*\}|\b(?:on)?click\b[^{;]{0,60}\{[^{}]*\}",
    re.IGNORECASE,
)
"""What runs only once somebody asks for it: the way back to the list."""
_INDEX = re.compile(r"(?<=/)(?:index|default|home|main)(?:_\d+)?\.[a-z]{3,5}$", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """What should stand at an address: of which list, under which titles, in which element."""

    url: str = ""
    start_url: str = ""
    titles: tuple[str, ...] = ()
    body: str | None = None


def leads_away(asked: str, final: str, start_url: str) -> bool:
    """Whether an address leads to the portal's list, to its front page, or to a folder above: so
    many portals answer for what was removed. Another one may well be where it stands now.
    """
    path = _INDEX.sub("", urlsplit(final).path)
    is_above = path.endswith("/") and urlsplit(asked).path.startswith(path)
    return final != asked and (final == start_url or path in ("", "/") or is_above)


def removal(html: str, *, is_known: bool, place: Place = Place()) -> SourceFault | None:
    """Why this is not the item's page, if so: it is gone, or something stands before it.

    A page with the title tag of an article is one, however short, unless all it says is that there
    is none. What leads away, or is empty, is gone if it was read before (`is_known`); a new one may
    be a mere signpost, which is no document either, and for a person to look at.
    """
    page = parse(html)
    away = SourceFault(Fault.GONE if is_known else Fault.UNREADABLE, LEADS_AWAY)
    if any(_is_away(target, place) for target in _refreshed(page)):
        return away
    text = page_text(page)
    article = page.css_first(place.body) if place.body else None
    lines = own_lines(article or page.body, of_others(page))
    if sum(map(len, lines)) > MAX_NOTICE:
        return None
    if _is_notice(lines):
        return SourceFault(Fault.GONE, "it says that it is not there")
    goes = list(_goes(page))
    if not _shows(text, place.titles):
        if any(target and _is_away(target, place) for target in goes):
            return away
        if _NOT_NOW.search("\n".join([*lines, _title(page)])):
            return SourceFault(Fault.BLOCKED, "a server's page about itself")
    if len(text) > MAX_NOTICE or read_meta_tags(page).get("ArticleTitle"):
        return None
    return _of_short(page, text, away, leads=bool(goes or list(_refreshed(page, ever=True))))


def _of_short(
    page: LexborHTMLParser, text: str, away: SourceFault, *, leads: bool
) -> SourceFault | None:
    """The same of a page of few words, which has no tags of an article."""
    shown = f"{text}\n{_title(page)}"
    if _BLOCKED.search(shown):
        return SourceFault(Fault.BLOCKED, "a firewall's page")
    if _MISSING.search(shown):
        return SourceFault(Fault.GONE, "it says that it is not there")
    if len(text) <= MAX_BARE and leads:
        return away
    return None if text else SourceFault(away.fault, "it is empty")


def _title(page: LexborHTMLParser) -> str:
    node = page.css_first("title")
    return node.text() if node else ""


def _is_notice(lines: Sequence[str]) -> bool:
    """Whether one of an article's lines only says that there is nothing, and others hardly more.

    Of nothing 相关 ("about it") a box beside an article speaks that looks for other ones.
    """
    saying = [line for line in lines if _MISSING.search(line) and "相关" not in line]
    rests = (_AROUND_NOTICE.sub("", _MISSING.sub("", line)) for line in saying)
    is_plain = any(len(_NO_LETTER.sub("", rest)) <= MAX_REST for rest in rests)
    return is_plain and sum(map(len, lines)) - sum(map(len, saying)) <= MAX_AROUND


def _shows(text: str, titles: Sequence[str]) -> bool:
    shown = normal_name(text)
    return any(name in shown for title in titles if (name := normal_name(title)))


def _is_away(target: str, place: Place) -> bool:
    """Whether a target that a page names leads away from where it stands."""
    try:
        final = urljoin(place.url, target)
        return bool(place.url) and leads_away(place.url, final, place.start_url)
    except ValueError:
        return False


def _refreshed(page: LexborHTMLParser, *, ever: bool = False) -> Iterator[str]:
    """Where the page leads by itself and soon, or `ever`."""
    for node in page.css("meta"):
        if (node.attributes.get("http-equiv") or "").lower() == "refresh":
            found = _REFRESH.match(node.attributes.get("content") or "")
            if found and (ever or int(found[1] or 0) <= MAX_DELAY):
                yield found[2]


def _goes(page: LexborHTMLParser) -> Iterator[str]:
    """Where its scripts lead as soon as they run; empty where they work out the address."""
    for node in page.css("script")[:50]:
        for found in _GOES.finditer(_LATER.sub("", node.text())):
            yield found[1] or found[2] or ""
