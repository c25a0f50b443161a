"""The declarative rules of collectors: data, checked like any other input."""

import base64
import hashlib
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import ConfigDict, Field, field_validator
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from services.projects.catalogue.schemas import ItemCode
from shared.errors import Text
from shared.web.models import Input

_NO_SELECTOR = Text(
    "这不是可用的选择器，请核对写法", "This is no selector that could be used; please check it"
)


def _usable(selector: str) -> str:
    try:
        LexborHTMLParser("<p></p>").css(selector)
    except (SelectolaxError, ValueError) as error:
        raise ValueError(_NO_SELECTOR) from error
    return selector


class _Part(Input):
    model_config = ConfigDict(frozen=True)

    @field_validator("rows", "link", "date", "column", "selector", "body", check_fields=False)
    @classmethod
    def _selectors_are_usable(cls, selector: str | None) -> str | None:
        return selector if selector is None else _usable(selector)


Selector = Annotated[str, Field(min_length=1, max_length=200, examples=["ul.list > li"])]
Words = Annotated[list[Annotated[str, Field(min_length=2, max_length=60)]], Field(max_length=20)]


class ListRule(_Part):
    """Where a list page keeps its entries; selectors below `rows` are relative to one entry."""

    rows: Selector
    link: Selector = "a[href]"
    date: Selector | None = "span"
    column: Selector | None = None


class NoPager(_Part):
    kind: Literal["none"]


class NextLink(_Part):
    """Follow the link that `selector` finds, while it finds one.

    A list that nowhere says how many pages it has proves no absence: a missing link may be a fault.
    """

    kind: Literal["next"]
    selector: Selector
    count: Annotated[str, Field(max_length=60)] | None = Field(
        None,
        description="总页数之前的文字，网页上没有“共 N 页”时填写"
        " | The text right before the number of pages, where `共 N 页` stands nowhere.",
    )


class NumberedPages(_Part):
    """Further pages by number: `index_{n}.html`; their count is the number that `count` finds.

    Without `count`, or where the page does not say it, pages are read until one is gone: that
    finds what is published, but proves no absence, because a page may be gone by a fault.
    """

    kind: Literal["numbered"]
    address: Annotated[str, Field(max_length=200, pattern=r"^[^\s{}]*\{n\}[^\s{}]*$")]
    first: int = Field(1, ge=0, le=2, description="第二页的页码 | The number of the second page.")
    count: Annotated[str, Field(max_length=60)] | None = Field(
        "createPageHTML(",
        description="总页数之前的文字 | The text right before the number of pages.",
    )


Pager = Annotated[NoPager | NextLink | NumberedPages, Field(discriminator="kind")]


class TimeLabel(_Part):
    """Where a page shows its time of publication, when its label is too plain to trust elsewhere.

    Inside `selector` alone these words count, so that 时间 there never means 页面生成时间.
    """

    selector: Selector
    words: Words = ["时间"]


class DetailRule(_Part):
    """Where an item's page keeps its text and its shown time of publication."""

    body: Selector | None = None
    time: TimeLabel | None = None
    label_words: Words = [
        *("发布时间", "发布日期", "公开时间", "公开日期", "公告时间", "公告日期"),
    ]
    judges_elements: bool = Field(
        False,
        description="网页是否用标签标明各内容要素：没有标签即缺少该要素；正文叙述的网页不作此判断"
        " | Whether pages show the catalogue's elements as labels, so that one without its label is"
        " missing. On pages of prose the absence of a label means nothing.",
    )


class ItemCue(_Part):
    """How a page shows which catalogue item it is: by its column, or by words of its title."""

    item_code: ItemCode
    columns: Words = []
    words: Words = []


Items = Annotated[list[ItemCue], Field(max_length=100)]


Rendered = Literal["list", "pages"]


class Posted(NamedTuple):
    """What is sent to an address where a list is asked for by POST."""

    body: bytes
    content_type: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def headers(self) -> dict[str, str]:
        """With a digest (RFC 9530), so that evidence of the headers is evidence of the body."""
        digest = base64.b64encode(bytes.fromhex(self.sha256)).decode()
        return {"Content-Type": self.content_type, "Content-Digest": f"sha-256=:{digest}:"}


class CollectorRule(_Part):
    """What a rule says whatever its kind.

    The rules of a kind are a model of their own, which the kind's reader names.
    """

    kind: str
    items: Items = []
    charset: Literal["utf-8", "gb18030"] | None = Field(
        None, description="仅在自动识别出错时填写 | Only where detection goes wrong."
    )
    max_pages: int = Field(200, ge=1, le=2000)

    def posted(self, url: str) -> Posted | None:
        """What is sent for the page of the list at `url`; None where it is simply fetched.

        Pages that stand at one address differ by the fragment of `url`.
        """
        return None

    def renders(self, part: Rendered) -> bool:
        """Whether the scripts of such pages are run before they are read."""
        return False

    @property
    def may_end_unannounced(self) -> bool:
        """Whether pages are asked for until one is gone, because the list has no known length."""
        return False

    @property
    def is_paged(self) -> bool:
        """Whether the list may have more than one page."""
        return False

    @property
    def lists_everything(self) -> bool:
        """Whether the list names all that is published in its place: else it proves no absence."""
        return True

    @property
    def may_have_empty_pages(self) -> bool:
        """Whether a further page of the list may hold nothing that the rule looks for."""
        return False

    @property
    def judges_elements(self) -> bool:
        """Whether a page that does not show an element lacks it."""
        return False

    @property
    def article(self) -> str | None:
        """The CSS selector of a page's article; None where the whole page is looked at."""
        return None

    @property
    def label_words(self) -> Words:
        """The labels behind which a document says when it was published."""
        return []


class HtmlPagesRule(CollectorRule):
    """What a rule says whose items have pages of HTML, however they are listed."""

    detail: DetailRule = DetailRule()
    rendered: Annotated[list[Rendered], Field(max_length=2)] = Field(
        [],
        description="哪些网页要先由渲染服务执行脚本再读：列表页、条目网页；须已设置渲染服务"
        " | Which pages, the list's or those of items, are read once their scripts were run, by a"
        " rendering service that must be set up.",
    )

    def renders(self, part: Rendered) -> bool:
        return part in self.rendered

    @property
    def judges_elements(self) -> bool:
        return self.detail.judges_elements

    @property
    def article(self) -> str | None:
        return self.detail.body

    @property
    def label_words(self) -> Words:
        return self.detail.label_words


def _names_its_kind(schema: dict[str, Any]) -> None:
    """A rule without a kind is still taken; the documents tell the kinds apart by it."""
    schema["required"] = sorted({"kind", *schema.get("required", ())})


class HtmlListRule(HtmlPagesRule):
    """How to read one column of a portal."""

    model_config = ConfigDict(json_schema_extra=_names_its_kind)

    kind: Literal["html_list"] = "html_list"
    list: ListRule
    pager: Pager = Field(default_factory=lambda: NoPager(kind="none"))

    @property
    def may_end_unannounced(self) -> bool:
        return isinstance(self.pager, NumberedPages)

    @property
    def is_paged(self) -> bool:
        return not isinstance(self.pager, NoPager)


class FeedRule(HtmlPagesRule):
    """How to read an RSS or Atom feed: it shows what is newest, and never all."""

    kind: Literal["feed"]

    @property
    def lists_everything(self) -> bool:
        return False


class SitemapRule(HtmlPagesRule):
    """How to read a sitemap, or an index of sitemaps: those of its addresses that begin so."""

    kind: Literal["sitemap"]
    under: Annotated[
        list[Annotated[str, Field(pattern=r"^/[\x21-\x7e]*$", max_length=200)]],
        Field(min_length=1, max_length=20, examples=[["/zdxm/"]]),
    ]

    @property
    def lists_everything(self) -> bool:
        return False

    @property
    def may_have_empty_pages(self) -> bool:
        return True
