"""What stands on a page and is not its own word: lists beside it, quoted notices, menus. Pure."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.projects.reading.html import MAX_DEPTH

MAX_LOOKED_AT = 500
MAX_UP = 40

_TAGS = (
    "nav,aside,footer,blockquote,q,select,button,"
    "[role=navigation],[role=search],[role=complementary],[role=contentinfo]"
)
_NAME = re.compile(
    r"(?:^|[\s_-])(?:side(?:bar)?|aside|related?|relat(?:ion|ive)s?|recommend\w*|hot(?:news|list)?|"
    r"nav(?:bar)?|menu|(?:bread)?crumbs?|foot(?:er)?|copyright|search\w*|sousuo|ss|share|"
    r"quote\w*|cite|xg(?:xx|wz|yd|zx|lj|nr|gg)|tuijian|xiangguan)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"(?:相关|推荐|热门|热点|最新|延伸|更多|猜你|其他|往期|近期|历史)"
    r"(?:的|重点|政策|喜欢)?(?:信息|链接|阅读|文章|新闻|公告|公示|通知|内容|资讯|推荐|稿件|动态|文件|项目)\s*:?"
)
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|wps|et|ofd|zip|rar|jpe?g|png)(?:$|[?#])", re.IGNORECASE)
_LINK_WORDS, _BESIDE_LINK, _SMALL_FORM = 4, 40, 200


def of_others(page: LexborHTMLParser) -> frozenset[int]:
    """The memory ids of the nodes of a page whose words are not its own."""
    body = page.body
    if body is None:
        return frozenset()
    half = len(body.text()) // 2
    found = {node.mem_id for node in page.css(_TAGS)[:MAX_LOOKED_AT]}
    found |= {node.mem_id for node in _named(page) if _is_aside(node, half)}
    found |= {node.mem_id for node in _small_forms(page)}
    for head in page.css("h2,h3,h4,h5,h6,dt,legend,strong,b")[:MAX_LOOKED_AT]:
        if _HEAD.fullmatch(head.text().strip()):
            found |= {node.mem_id for node in _below(head, half)}
    found |= {node.mem_id for node in _links_of_lists(page)}
    return frozenset(found)


def is_within(node: LexborNode | None, nodes: frozenset[int]) -> bool:
    """Whether a node is one of these or stands in one."""
    for _ in range(MAX_DEPTH):
        if node is None:
            return False
        if node.mem_id in nodes:
            return True
        node = node.parent
    return False


def _named(page: LexborHTMLParser) -> Iterator[LexborNode]:
    """Nodes whose class or id says that they are no part of the article."""
    looked_at = 0
    for node in page.css("body [class], body [id]"):
        given = node.attributes
        name = f"{given.get('class') or ''} {given.get('id') or ''}"
        if len(name) < 300 and _NAME.search(name):
            looked_at += 1
            if looked_at > MAX_LOOKED_AT:
                return
            yield node


def _is_aside(node: LexborNode, half: int) -> bool:
    """Not the article itself under an odd name."""
    return len(node.text()) <= half and node.css_first("h1,h2,article") is None


def _small_forms(page: LexborHTMLParser) -> Iterator[LexborNode]:
    """Search boxes; some sites wrap the whole page in one form."""
    for form in page.css("form")[:MAX_LOOKED_AT]:
        if len(form.text().strip()) <= _SMALL_FORM and form.css_first("h1") is None:
            yield form


def _below(head: LexborNode, half: int) -> Iterator[LexborNode]:
    """The box that a heading is the head of; else what follows it until the next heading."""
    box = head.parent
    if box is not None and box.tag not in ("body", "html") and _is_small(box, half):
        yield box
        return
    node: LexborNode | None = head
    for _ in range(MAX_UP):
        if node is None:
            return
        yield node
        node = node.next
        while node is not None and not node.is_element_node:
            node = node.next
        if node is not None and node.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            return


def _is_small(box: LexborNode, half: int) -> bool:
    return len(box.text()) <= half and box.css_first("h1,article") is None


def _links_of_lists(page: LexborHTMLParser) -> Iterator[LexborNode]:
    """Entries that lead to other pages, with the date that stands beside the link."""
    for link in page.css("a[href]")[:MAX_LOOKED_AT]:
        words = link.text().strip()
        if len(words) < _LINK_WORDS or _FILE.search(link.attributes.get("href") or ""):
            continue
        holder = _holder(link)
        if holder is None:
            continue
        whole = holder.text().strip(" \t\r\n·•-*[]0123456789.、")
        is_entry = holder.tag in ("li", "dd") or whole.startswith(words)
        if is_entry and len(whole) - len(words) <= _BESIDE_LINK:
            yield holder


def _holder(link: LexborNode) -> LexborNode | None:
    node = link.parent
    for _ in range(4):
        if node is None or node.tag in ("td", "th", "body", "table"):
            return None
        if node.tag in ("li", "dd", "p", "dt"):
            return node
        node = node.parent
    return None
