"""A page that is not there any more although its address answers 200. Pure.

Many portals answer what was removed with a page that says so, with an empty one, or by leading
away; firewalls put a page of their own before it, which says nothing about what stands behind.
"""

import re

from selectolax.lexbor import LexborHTMLParser

from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.html import parse
from services.projects.reading.meta_tags import read_meta_tags
from services.projects.reading.text import page_text

MAX_NOTICE = 300
"""What says that a page is gone is short: an article may quote the same words."""
MAX_BARE = 30
"""What leads away has hardly a word of its own: an article's scripts may know other addresses."""

LEADS_AWAY = "it leads away"

_MISSING = re.compile(
    r"(?:页面|网页|内容|文章|信息|文件|资源|栏目|地址)[^。\n]{0,10}"
    r"(?:不存在|已删除|已被删除|被删除|已下线|已撤销|已撤下|已移除|找不到|未找到|无法找到|不见了)"
    r"|(?:找不到|没有找到|未找到)[^。\n]{0,8}(?:页面|网页|内容|文章|信息|文件|资源)"
    r"|\b404\s*[-:]?\s*(?:not found|error|错误|页面)|page not found",
    re.IGNORECASE,
)
_BLOCKED = re.compile(
    r"网站防火墙|应用防火墙|安全狗|云锁|访问(?:被|已)?(?:拦截|拒绝|禁止)|请求(?:被|已)?(?:拦截|拒绝)|人机验证|完成安全验证"
    r"|拖动滑块|访问过于频繁|开启\s*JavaScript|access denied|request blocked|\bWAF\b",
    re.IGNORECASE,
)
_LEADS_AWAY = re.compile(
    r"\blocation(?:\.href)?\s*=(?!=)|\blocation\.(?:replace|assign)\s*\(", re.IGNORECASE
)


def removal(html: str, *, is_known: bool) -> SourceFault | None:
    """Why this is not the item's page, if so: it is gone, or something stands before it.

    A page with the title tag of an article is one, however short. What leads away, or is empty, is
    gone if it was read before (`is_known`); a new one may be a mere signpost, which is no document
    either, and for a person to look at.
    """
    page = parse(html)
    refresh = _refresh(page)
    scripts = "\n".join(node.text() for node in page.css("script")[:50])
    text = page_text(page)
    if len(text) > MAX_NOTICE:
        return None
    title = page.css_first("title")
    shown = f"{text}\n{title.text() if title else ''}"
    if read_meta_tags(page).get("ArticleTitle"):
        return None
    if _BLOCKED.search(shown):
        return SourceFault(Fault.BLOCKED, "a firewall's page")
    if _MISSING.search(shown):
        return SourceFault(Fault.GONE, "it says that it is not there")
    fault = Fault.GONE if is_known else Fault.UNREADABLE
    if len(text) <= MAX_BARE and (refresh or _LEADS_AWAY.search(scripts)):
        return SourceFault(fault, LEADS_AWAY)
    return None if text else SourceFault(fault, "it is empty")


def _refresh(page: LexborHTMLParser) -> bool:
    return any(
        (node.attributes.get("http-equiv") or "").lower() == "refresh"
        and "url" in (node.attributes.get("content") or "").lower()
        for node in page.css("meta")
    )
