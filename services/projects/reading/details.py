"""One item's page: what it claims about its publication, what betrays it, what it decides."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.projects.reading.article import FileLink, Substance, files_in, own_lines, substance
from services.projects.reading.dates import (
    Printed,
    is_future,
    leading_moment,
    plain,
    read_moment,
)
from services.projects.reading.facts import DecisionFacts, read_facts
from services.projects.reading.hidden import hidden_in
from services.projects.reading.html import parse
from services.projects.reading.labels import KNOWN, Labelled, label_moments, read_labels
from services.projects.reading.marks import Mark, content_mark
from services.projects.reading.meta_tags import MetaTags, read_meta_tags
from services.projects.reading.others import is_within, of_others
from services.projects.reading.prose import prose_records
from services.projects.reading.rule import DetailRule
from services.projects.reading.tables import Record, Tables, read_tables
from services.projects.reading.text import one_line, unjoined, visible_text
from services.projects.reading.titles import read_title

MAX_LINKS = 500

LEAST_TEXT = 40
_VISITS = re.compile(r"(?:浏览|阅读|访问|点击)(?:次数|量|人次)?\s*:?\s*\d*\s*次?")
_META_TIMES = ("PubDate", "publishdate", "firstpublishedtime")
"""The standard tag, that of mee.gov.cn, that of gov.cn: the names are the whole list on purpose."""


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
    substance: Substance = Substance.WORDS
    records: tuple[Record, ...] = ()
    """Rows of tables that publish one thing each, of which nothing is said of the page; without
    any, the sentences of a page that publishes several.
    """
    text: str = ""
    """What it says of itself, to be held against what its files say."""
    hides_labels: bool = False
    """Whether it has known labels that it shows to nobody, and nowhere else."""
    files: tuple[FileLink, ...] = ()
    """The files to which its article leads."""


@dataclass(frozen=True)
class Named:
    """What a platform says of a document under names of its own, beside its text."""

    title: str = ""
    times: tuple[Printed, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    """Labels with their values."""

    @property
    def text(self) -> str:
        """The labels and values as lines, as people would read them above the text."""
        return "".join(plain(f"{label}:{value}\n") for label, value in self.values)


def read_page(
    html: str,
    url: str,
    rule: DetailRule,
    now: datetime,
    words: Sequence[str] = (),
    named: Named = Named(),
) -> PageReading:
    """What the page at `url` says as of `now`; a date that lies ahead of `now` is not believed.

    `words` show in a title that it is of one of the portal's items.

    Raises SourceFault for what is no page.
    """
    at = _parts(html, rule, named)
    labels = _joined(read_labels(at.own), at.tables.labels)
    own = unjoined(at.own)
    facts = read_facts(labels, plain(at.title), own)
    records = at.tables.records or prose_records(own, at.title, labels, facts, words)
    meta_time = _meta_time(at.meta)
    label_times = [*named.times, *_shown_times(at, rule)]
    credible = _past(label_times, now)
    is_exact = bool(named.values) or _is_exact(facts, records)
    return PageReading(
        title=at.title,
        meta=at.meta,
        meta_time=next(iter(_past(meta_time, now)), None),
        label_time=credible[0] if credible and not _differ(credible) else None,
        labels_differ=_differ(credible),
        future_dropped=any(is_future(each, now) for each in [*meta_time, *label_times]),
        mark=content_mark(url, at.meta.get("DocId", "contentid"), _attachments(at.page, at.meta)),
        facts=facts,
        labels={word: found[0].offset for word, found in labels.items()},
        substance=_substance(at, is_exact=is_exact),
        hides_labels=_hides_labels(at, labels),
        text_sha256=_text_hash(at.title, at.page.body if at.body is None else at.body, at.text),
        records=tuple(_dated(record, rule.label_words, now) for record in records),
        text=own,
        files=files_in(at.body, at.others, url),
    )


class _Parts(NamedTuple):
    """A page taken apart: `own` is its text without the tables that have a record a row."""

    page: LexborHTMLParser
    meta: MetaTags
    aside: frozenset[int]
    """What is not its own word, and what it shows to nobody."""
    hidden: frozenset[int]
    title: str
    body: LexborNode | None
    text: str
    tables: Tables
    own: str

    @property
    def others(self) -> frozenset[int]:
        return self.aside | self.hidden


def _parts(html: str, rule: DetailRule, named: Named) -> _Parts:
    page = parse(html)
    meta = read_meta_tags(page)
    aside, hidden = of_others(page), hidden_in(page)
    others = aside | hidden
    title = named.title or read_title(page, meta, others)
    body = page.css_first(rule.body) if rule.body else page.body
    text = named.text + visible_text(body, but=others)
    tables = read_tables(body, others, hidden)
    # A row of many is a publication of its own, so that nothing of it is the page's.
    rest = named.text + visible_text(body, but=others | tables.lists) if tables.lists else text
    return _Parts(page, meta, aside, hidden, title, body, text, tables, rest)


def _substance(at: _Parts, *, is_exact: bool) -> Substance:
    """What the article is made of: what it has and does not show a script may show to people."""
    found = substance(at.body, at.others, at.title, is_exact=is_exact)
    is_empty = found is Substance.NOTHING and bool(at.hidden)
    has_words = is_empty and own_lines(at.body, at.aside, [at.title])
    return Substance.EYES if has_words else found


def _hides_labels(at: _Parts, shown: Mapping[str, object]) -> bool:
    if not at.hidden:
        return False
    whole = read_labels(visible_text(at.body, but=at.aside | at.tables.lists))
    return not {*KNOWN}.isdisjoint(whole.keys() - shown.keys())


def _dated(record: Record, words: Sequence[str], now: datetime) -> Record:
    """The record with the time of publication that it shows itself, if it does."""
    moments = [leading_moment(record.cells.get(word) or "") for word in words]
    found = next((each for each in moments if each and not is_future(each, now)), None)
    return replace(record, published=found)


def _joined(
    of_text: dict[str, list[Labelled]], of_tables: dict[str, list[Labelled]]
) -> dict[str, list[Labelled]]:
    """What a table says of a label stands before what its flattened text seems to say."""
    return {**of_text, **of_tables}


def _is_exact(facts: DecisionFacts, records: Sequence[Record]) -> bool:
    """Whether a project is named, in the page's own words or in one of its records."""
    names_any = any(not record.is_prose or record.is_exact for record in records)
    return bool(facts.project_code or facts.project_name or names_any)


def _past(moments: Sequence[Printed], now: datetime) -> list[Printed]:
    return [moment for moment in moments if not is_future(moment, now)]


def _meta_time(meta: MetaTags) -> list[Printed]:
    """The one of the first tag that has any."""
    given = (read_moment(meta.get(name) or "") for name in _META_TIMES)
    return [moment for moment in given if moment is not None][:1]


def _shown_times(at: _Parts, rule: DetailRule) -> list[Printed]:
    """Moments where the rule says that the page shows its own, then those behind its labels."""
    shown = label_moments(at.own, rule.label_words)
    if rule.time is None:
        return shown
    words = [*rule.time.words, *rule.label_words]
    return [
        moment
        for node in at.page.css(rule.time.selector)[:10]
        if not is_within(node, at.hidden)
        for moment in label_moments(visible_text(node, but=at.hidden), words)
    ] + shown


def _text_hash(title: str, node: LexborNode | None, own: str) -> str:
    """By what the document is known again; of a page that has no body by its rule, all of it."""
    text = unjoined(own or visible_text(node))
    return hashlib.sha256(_own_text(title, text).encode()).hexdigest()


def _own_text(title: str, text: str) -> str:
    """The text by which the document is known again: a mended title or a visit changes nothing.

    Of a page that has hardly more than its title, all of it.
    """
    name = plain(title)
    lines = [line for line in text.splitlines() if one_line(line) != name]
    own = _VISITS.sub("", "\n".join(lines))
    return own if len(own) >= LEAST_TEXT else text


def _differ(moments: Sequence[Printed]) -> bool:
    return len({moment.on for moment in moments}) > 1


def _attachments(page: LexborHTMLParser, meta: MetaTags) -> Iterator[str]:
    """Looked for only where nothing before them has a mark."""
    yield from (node.attributes.get("src") or "" for node in page.css("img")[:MAX_LINKS])
    yield from (node.attributes.get("href") or "" for node in page.css("a")[:MAX_LINKS])
    yield meta.get("Image") or ""
