"""What an article says besides its title, or shows to eyes alone: no machine reads that. Pure."""

import re
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from services.projects.reading.dates import plain
from services.projects.reading.lists import page_address
from services.projects.reading.others import is_within
from services.projects.reading.text import one_line, unjoined, visible_text

FEW_WORDS = 40
"""Beside a picture or a frame so much is its caption."""
COVER = 300
"""Beside a file so much says what is in it."""
MAX_LOOKED_AT = 200

_FURNITURE = re.compile(
    r"[\[【(]?\s*(?:(?:发布|公开|更新|公告)?(?:时间|日期)|(?:信息)?来源|作者|责任编辑|编辑|索引号|发布机构|主题词)\s*[\]】)]?:"
    r"|[\[【(]?\s*(?:浏览|阅读|访问|点击)(?:次数|量|人次)|字体|字号|[\[【(]?\s*(?:打印|关闭|分享|收藏)|扫一扫"
    r"|当前位置|您(?:现在)?的位置|首页|主办|承办|版权|网站标识码|联系我们|网站地图|.{0,8}ICP备|.{0,4}公网安备",
    re.IGNORECASE,
)
"""How lines begin that stand around an article."""
_FILE = r"\.(?:pdf|docx?|xlsx?|csv|wps|et|ofd|pptx?|zip|rar|7z|tiff?|jpe?g|png)"
_FILE_ADDRESS = re.compile(rf"{_FILE}(?:$|[?#])", re.IGNORECASE)
_FILE_NAME = re.compile(rf"[^\s。]{{0,80}}{_FILE}(?![a-z])", re.IGNORECASE)
_ATTACHED = re.compile(r"附件\s*\d{0,2}\s*:?")
_LOADING = re.compile(r"加载中|正在加载|请稍[候等]|\bloading\b", re.IGNORECASE)
_SHOWN = "img,iframe,frame,embed,object,canvas,video"


def is_furniture(line: str) -> bool:
    """Whether a line stands around an article."""
    return _FURNITURE.match(line) is not None


class Substance(StrEnum):
    """What an article is made of."""

    WORDS = "words"
    EYES = "eyes"
    """A picture, a frame, a file, or what only a script would fetch: it may say anything."""
    NOTHING = "nothing"


class FileLink(NamedTuple):
    """Where an article leads to a file, and what it calls it."""

    url: str
    name: str


def files_in(root: LexborNode | None, others: frozenset[int], base: str) -> tuple[FileLink, ...]:
    """The files to which an article leads, each once, in its order."""
    found: dict[str, FileLink] = {}
    for link in root.css("a[href]")[:MAX_LOOKED_AT] if root is not None else ():
        if _leads_to_file(link) and not is_within(link, others):
            url = page_address(link.attributes.get("href") or "", base)
            if url is not None:
                found.setdefault(url, FileLink(url, one_line(link.text())))
    return tuple(found.values())


def own_lines(
    root: LexborNode | None, others: Collection[int], titles: Collection[str] = ()
) -> list[str]:
    """The lines of an article, without links to other pages, its titles and what is around it."""
    if root is None:
        return []
    links = {node.mem_id for node in root.css("a[href]") if not _leads_to_file(node)}
    text = unjoined(visible_text(root, but={*others, *links}))
    known = {one_line(plain(title)) for title in titles}
    lines = (one_line(line) for line in text.splitlines())
    return [line for line in lines if line and line not in known and not is_furniture(line)]


def substance(
    root: LexborNode | None, others: frozenset[int], title: str, *, is_exact: bool
) -> Substance:
    """What the article below `root` is made of beside its title.

    `is_exact`: it names a code or a project, or has records, so that there is something to read.
    """
    if is_exact or root is None:
        return Substance.WORDS
    said = "\n".join(own_lines(root, others, [title]))
    words = len(_ATTACHED.sub("", _FILE_NAME.sub("", said)).strip())
    if words > COVER:
        return Substance.WORDS
    files = filter(_leads_to_file, root.css("a[href]")[:MAX_LOOKED_AT])
    if _FILE_NAME.search(said) or any(not is_within(link, others) for link in files):
        return Substance.EYES
    if words > FEW_WORDS:
        return Substance.WORDS
    shown = root.css(_SHOWN)[:MAX_LOOKED_AT]
    if _LOADING.search(said) or any(not is_within(node, others) for node in shown):
        return Substance.EYES
    return Substance.WORDS if words else Substance.NOTHING


def _leads_to_file(link: LexborNode) -> bool:
    return _FILE_ADDRESS.search(link.attributes.get("href") or "") is not None
