"""One item's page: what it claims about its publication, what betrays it, what it decides."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from services.projects.reading.dates import (
    Printed,
    is_future,
    plain,
    read_moment,
)
from services.projects.reading.facts import DecisionFacts, read_facts
from services.projects.reading.html import parse
from services.projects.reading.labels import (
    node_text,
    page_text,
    read_labels,
    read_table_labels,
)
from services.projects.reading.lists import one_line
from services.projects.reading.marks import Mark, content_mark
from services.projects.reading.meta_tags import MetaTags, read_meta_tags
from services.projects.reading.rule import DetailRule

MAX_LINKS = MAX_TITLE = 500

LEAST_TEXT = 40
_VISITS = re.compile(r"(?:浏览|阅读|访问|点击)(?:次数|量|人次)?\s*:?\s*\d*\s*次?")

_HEADINGS = ".article_title, .article-title, h1, h2.title, .title"


@dataclass(frozen=True)
class PageReading:
    """Everything a page says, unjudged. `labels` gives each label's place in the page's text."""

    title: str
    meta: MetaTags
    meta_time: Printed | None
    label_time: Printed | None
    labels_differ: bool
    future_dropped: bool
    mark: Mark | None
    facts: DecisionFacts
    labels: dict[str, int]
    text_sha256: str


def read_page(html: str, url: str, rule: DetailRule, now: datetime) -> PageReading:
    """What the page at `url` says as of `now`; a date that lies ahead of `now` is not believed.

    Raises SourceFault for what is no page.
    """
    page = parse(html)
    meta = read_meta_tags(page)
    title = (meta.get("ArticleTitle") or _heading(page))[:MAX_TITLE]
    attachments = _attachments(page, meta)
    tables = read_table_labels(page)
    shown = _time_texts(page, rule)
    text = page_text(page, rule.body)
    labels = {**read_labels(text), **tables}
    meta_time = _meta_time(meta)
    label_times = [*shown, *label_moments(page_text(page), rule.label_words)]
    credible = [printed for printed in label_times if not is_future(printed, now)]
    return PageReading(
        title=title,
        meta=meta,
        meta_time=meta_time if meta_time and not is_future(meta_time, now) else None,
        label_time=credible[0] if credible and not _differ(credible) else None,
        labels_differ=_differ(credible),
        future_dropped=any(is_future(p, now) for p in [meta_time, *label_times] if p),
        mark=content_mark(url, meta.get("DocId", "contentid"), attachments),
        facts=read_facts(labels, plain(title), text),
        labels={word: found.offset for word, found in labels.items()},
        text_sha256=hashlib.sha256(_own_text(title, text).encode()).hexdigest(),
    )


def label_moments(text: str, words: Sequence[str]) -> list[Printed]:
    """Every moment that stands right after one of `words`, where the word is not part of another.

    页面生成时间 is no 时间, and a date without a label is no time of publication at all.
    """
    spelled = "|".join(r"\s{0,4}".join(map(re.escape, word)) for word in words)
    label = re.compile(rf"(?<![一-鿿])(?:{spelled})[\s\]】)]*:?\s*(?=(?:19|20)\d\d)")
    text = plain(text)
    moments = (read_moment(text[m.end() : m.end() + 40]) for m in label.finditer(text))
    return [moment for moment in moments if moment is not None]


def _meta_time(meta: MetaTags) -> Printed | None:
    """`PubDate`, else `publishdate` (mee.gov.cn); the names are the whole list on purpose."""
    for name in ("PubDate", "publishdate"):
        printed = read_moment(meta.get(name) or "")
        if printed is not None:
            return printed
    return None


def _time_texts(page: LexborHTMLParser, rule: DetailRule) -> list[Printed]:
    if rule.time is None:
        return []
    words = [*rule.time.words, *rule.label_words]
    return [
        moment
        for node in page.css(rule.time.selector)[:10]
        for moment in label_moments(node_text(node), words)
    ]


def _own_text(title: str, text: str) -> str:
    """The text by which the document is known again: a mended title or a visit changes nothing.

    Of a page that has hardly more than its title, all of it.
    """
    lines = [line for line in text.splitlines() if one_line(line) != plain(title)]
    own = _VISITS.sub("", "\n".join(lines))
    return own if len(own) >= LEAST_TEXT else text


def _differ(moments: Sequence[Printed]) -> bool:
    return len({moment.on for moment in moments}) > 1


def _heading(page: LexborHTMLParser) -> str:
    node = page.css_first(_HEADINGS) or page.css_first("title")
    return one_line(node.text()[: 4 * MAX_TITLE]) if node else ""


def _attachments(page: LexborHTMLParser, meta: MetaTags) -> list[str]:
    pictures = [node.attributes.get("src") or "" for node in page.css("img")[:MAX_LINKS]]
    links = [node.attributes.get("href") or "" for node in page.css("a")[:MAX_LINKS]]
    return [*pictures, *links, meta.get("Image") or ""]
