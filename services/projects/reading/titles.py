"""What a page is called by itself: by its standard tag, its heading, or its title. Pure."""

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser

from services.projects.reading.dates import plain
from services.projects.reading.meta_tags import MetaTags
from services.projects.reading.others import is_within
from services.projects.reading.text import one_line

MAX_TITLE = 500
MAX_HEADINGS = 50

_HEADINGS = (".article_title, .article-title", "h1", "h2", "h3", "h4")
_SEARCH = re.compile(r"(?:站内|全站|高级|本站|信息)?(?:搜索|检索|查询|搜一搜)")
_PARTS = re.compile(r"\s*[_|]\s*|\s+-\s+|-(?=[^-]*$)")
_SPACES = re.compile(r"\s+")

_NO_NAME = re.compile(
    r"关于|有关|房屋建筑|(?:建筑|建设|市政|基础|公用|配套)?(?:工程|设施|项目)|重大|重点|投资|政府|行政|许可证?|施工|审批|审核|审查|核准"
    r"|备案|批准|批复|核发|发放|颁发|办理|登记|决定|事项|公示|公告|公开|公布|通告|通报|通知|结果|情况|信息|汇总|清单|一览|名单|明细"
    r"|统计|台账|目录|列表|附件|[全本][市区县省]|\d+|[一二三四五六七八九十〇零]{1,3}(?=[年月季批期日])|年度?|月份?|日|季度?|半年?"
    r"|批次?|期|第|上|下|至|和|及|与|的|等|表|证"
)
_OFFICE = re.compile(r"^.{0,16}?(?:人民政府|委员会|办公室|中心|[局厅委])")
_OF_MANY = re.compile(r"月份|季度|半年|批次|第.{1,3}[批期]|汇总|清单|一览|名单|明细|台账|统计|目录")
_LEAST_NAME = 3


def read_title(page: LexborHTMLParser, meta: MetaTags, others: frozenset[int]) -> str:
    """The title of the document; empty where the page shows none but the site's own.

    Of several headings the one that `<title>` repeats is the document's: the others are the site's.
    """
    tagged = meta.get("ArticleTitle")
    if tagged:
        return tagged[:MAX_TITLE]
    node = page.css_first("title")
    title = one_line(node.text()[: 4 * MAX_TITLE]) if node else ""
    site = {name for key in ("SiteName", "ColumnName") if (name := _bare(meta.get(key) or ""))}
    headings = [each for each in _headings(page, others) if _bare(each) not in site]
    repeated = [each for each in headings if len(each) > 1 and _bare(each) in _bare(title)]
    if repeated:
        return max(repeated, key=len)[:MAX_TITLE]
    if headings:
        return headings[0][:MAX_TITLE]
    is_site = all(_bare(part) in site for part in _PARTS.split(plain(title)) if part)
    return "" if is_site else title[:MAX_TITLE]


def may_be_of_many(title: str, words: Iterable[str]) -> bool:
    """Whether a title with one of the items' `words` names no project, or speaks of many.

    10月份施工许可结果公示 is of whatever was permitted; 滨江小区施工许可 is of one project and of
    no other one.
    """
    bare = _bare(title)
    own = [word for word in map(_bare, words) if word and word in bare]
    for word in sorted(own, key=len, reverse=True):
        bare = bare.replace(word, "")
    names = re.sub(r"[\W_]+", "", _NO_NAME.sub("", _OFFICE.sub("", bare)))
    return bool(own) and (len(names) < _LEAST_NAME or _OF_MANY.search(bare) is not None)


def _headings(page: LexborHTMLParser, others: frozenset[int]) -> list[str]:
    """Headings by rank, without those of menus, search boxes and lists beside the article."""
    found = []
    for selector in _HEADINGS:
        for node in page.css(selector)[:MAX_HEADINGS]:
            text = one_line(node.text()[: 4 * MAX_TITLE])
            if text and not _SEARCH.fullmatch(text) and not is_within(node, others):
                found.append(text)
    return found


def _bare(text: str) -> str:
    return _SPACES.sub("", plain(text))
