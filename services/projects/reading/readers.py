"""How a portal is read, by the kind of its rule: one table for dry runs, walks and rules.

Bytes are decoded here and nowhere else: a page is always read by the charset that its rule names.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from importlib.metadata import entry_points
from typing import Annotated, Any, NamedTuple, Protocol, Union
from urllib.parse import urlsplit

from pydantic import (
    Field,
    GetCoreSchemaHandler,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

from services.projects.reading import details, feeds, json_lists, json_pages, lists, sitemaps
from services.projects.reading.charset import Decoded, decode
from services.projects.reading.details import PageReading
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.json_rule import JsonApiRule
from services.projects.reading.lists import ListPage
from services.projects.reading.rule import (
    CollectorRule,
    FeedRule,
    HtmlListRule,
    HtmlPagesRule,
    SitemapRule,
)


class Reader(Protocol):
    """Reads the pages of portals by rules of one kind. Both ways to read raise SourceFault."""

    @property
    def rule(self) -> type[CollectorRule]:
        """The model of the kind's rules."""

    def read_list(self, text: str, url: str, rule: Any, *, number: int) -> ListPage: ...

    def read_page(self, text: str, url: str, rule: Any, now: datetime) -> PageReading: ...


class _HtmlPages:
    """Pages of HTML, by CSS selectors."""

    def read_page(self, text: str, url: str, rule: HtmlPagesRule, now: datetime) -> PageReading:
        words = [word for cue in rule.items for word in cue.words]
        return details.read_page(text, url, rule.detail, now, words)


class HtmlListReader(_HtmlPages):
    """Lists of HTML, by CSS selectors."""

    rule = HtmlListRule

    def read_list(self, text: str, url: str, rule: HtmlListRule, *, number: int) -> ListPage:
        return lists.read_list(text, url, rule, number=number)


class JsonApiReader:
    """Platforms that list their entries as JSON, by paths."""

    rule = JsonApiRule

    def read_list(self, text: str, url: str, rule: JsonApiRule, *, number: int) -> ListPage:
        return json_lists.read_list(text, url, rule, number=number)

    def read_page(self, text: str, url: str, rule: JsonApiRule, now: datetime) -> PageReading:
        return json_pages.read_page(text, url, rule, now)


class FeedReader(_HtmlPages):
    """Feeds of what is newest."""

    rule = FeedRule

    def read_list(self, text: str, url: str, rule: FeedRule, *, number: int) -> ListPage:
        return feeds.read_list(text, url)


class SitemapReader(_HtmlPages):
    """Sitemaps and indexes of them."""

    rule = SitemapRule

    def read_list(self, text: str, url: str, rule: SitemapRule, *, number: int) -> ListPage:
        return sitemaps.read_list(text, url, rule, number=number)


RENDERED_BY, RENDERED_FROM = "x-rendered-by", "x-rendered-from"
"""Headers of what a rendering service made of a page: which one did, and the hash of the page."""

FIRST_KIND = "html_list"
"""The kind of rules that name none: they were stored when there was no other."""

READERS: dict[str, Reader] = {
    FIRST_KIND: HtmlListReader(),
    "json_api": JsonApiReader(),
    "feed": FeedReader(),
    "sitemap": SitemapReader(),
}
PLUGINS = "onedoor.projects.readers"
"""The group of entry points by which installed packages add kinds of their own: its name is the
kind, and what it names makes the reader.
"""


def plugged_in(known: Collection[str]) -> dict[str, Reader]:
    """The readers that installed packages add, by their kinds: the names of their entry points.

    Raises ValueError where one takes the name of a kind that is known.
    """
    found: dict[str, Reader] = {}
    for point in entry_points(group=PLUGINS):
        if point.name in known or point.name in found:
            raise ValueError(f"two readers of the kind {point.name}: {point.value}")
        found[point.name] = point.load()()
    return found


READERS |= plugged_in(READERS)


def _of_its_kind(value: Any, handler: ValidatorFunctionWrapHandler) -> CollectorRule:
    """The rule by the model that the reader of its kind names.

    Looked up in the table whenever a rule is read, so that a kind is known by its line there. The
    fields of the kind's model keep their own places in what a refusal points at, which a union of
    pydantic would put below the kind, and a kind that nobody reads above it.
    """
    if isinstance(value, CollectorRule):
        return value
    if not isinstance(value, Mapping):
        refused: CollectorRule = handler(value)
        return refused
    given = value.get("kind", FIRST_KIND)
    reader = READERS.get(given) if isinstance(given, str) else None
    if reader is None:
        kinds = {"expected": ", ".join(READERS)}
        wrong = InitErrorDetails(type="literal_error", loc=("kind",), input=given, ctx=kinds)
        raise ValidationError.from_exception_data("CollectorRule", [wrong])
    return reader.rule.model_validate(value)


class _ByKind:
    """Makes of CollectorRule the discriminated union of the models in READERS, by `kind`."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        models = tuple(reader.rule for reader in READERS.values())
        one_or_more: Any = models[0]  # a union of one is none, and pydantic refuses its tag
        if len(models) > 1:
            one_or_more = Annotated[Union[models], Field(discriminator="kind")]  # noqa: UP007
        return core_schema.no_info_wrap_validator_function(
            _of_its_kind,
            handler.generate_schema(one_or_more),
            serialization=core_schema.simple_ser_schema("any"),
        )


AnyRule = Annotated[CollectorRule, _ByKind()]
"""A rule of any kind, as the API takes and gives it and as it is stored."""

_ANY_RULE: TypeAdapter[CollectorRule] = TypeAdapter(AnyRule)


def rule_of(stored: Mapping[str, Any]) -> CollectorRule:
    """The rule as it was stored. Raises ValidationError for what is none.

    Where the package that read its kind is no more, it is known what its portal is about, and
    nothing is read by it.
    """
    if stored.get("kind", FIRST_KIND) in READERS:
        return _ANY_RULE.validate_python(stored)
    common = {name: stored[name] for name in CollectorRule.model_fields if name in stored}
    return CollectorRule.model_validate(common)


def _reader(rule: CollectorRule) -> Reader:
    """Raises SourceFault(redesigned): the rule must be fitted to what can be read."""
    if rule.kind not in READERS:
        raise SourceFault(Fault.REDESIGNED, "nothing here reads rules of its kind")
    return READERS[rule.kind]


_FILES = (
    b"%PDF",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"Rar!",
)
_OTHER_TYPES = ("application/", "image/", "audio/", "video/", "text/csv")
_FILE_NAME = re.compile(r"\.(?:pdf|docx?|xlsx?|csv|wps|et|ofd|zip|rar|7z|tiff?|jpe?g|png)$", re.I)


class ReadList(NamedTuple):
    page: ListPage
    decoded: Decoded


class ReadPage(NamedTuple):
    reading: PageReading
    decoded: Decoded


def read_list(
    body: bytes, headers: Mapping[str, str], url: str, rule: CollectorRule, *, number: int = 1
) -> ReadList:
    """What a list page holds. Raises SourceFault for what cannot be read."""
    decoded = decode_by(rule, body, headers)
    return ReadList(_reader(rule).read_list(decoded.text, url, rule, number=number), decoded)


def read_page(decoded: Decoded, url: str, rule: CollectorRule, now: datetime) -> PageReading:
    """What an item's own page holds, once it is decoded. Raises SourceFault for what is no page.

    Its own step, because the bytes of a page are kept as evidence before anybody reads them.
    """
    return _reader(rule).read_page(decoded.text, url, rule, now)


def names_file(url: str) -> bool:
    """Whether an address is called like a document of another kind than a page."""
    return _FILE_NAME.search(urlsplit(url).path) is not None


def is_file(body: bytes, headers: Mapping[str, str], url: str) -> bool:
    """Whether this is a document of another kind than a page, by its first bytes or its type."""
    if body.startswith(_FILES):
        return True
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_other = kind.startswith(_OTHER_TYPES) and not kind.endswith(("xml", "json"))
    return (
        (is_other or names_file(url)) and bool(body.strip()) and not body.lstrip().startswith(b"<")
    )


def decode_by(rule: CollectorRule, body: bytes, headers: Mapping[str, str]) -> Decoded:
    """The text of a page. Raises SourceFault when it is in no charset, or not in the rule's."""
    charset = "utf-8" if RENDERED_BY in headers else rule.charset
    return decode(body, headers.get("content-type", ""), charset=charset)
