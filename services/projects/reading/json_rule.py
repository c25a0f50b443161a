"""The rules of collectors for platforms that answer with JSON: where in it everything stands."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from services.projects.reading import json_bodies
from services.projects.reading.rule import HtmlPagesRule, NoPager, Posted
from shared.errors import Text
from shared.web.models import Input

JsonPath = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\s.{}]+(?:\.[^\s.{}]+)*$",
        examples=["data.records"],
    ),
]
"""Names and places in a list, one inside the other: `data.records.0.title`."""

Parameter = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\s&=#?]+$")]
TimeUnit = Literal["text", "seconds", "milliseconds"]

MAX_POSTED = 8000

_NOT_IN_BODY = Text(
    "翻页参数须已写在所提交的内容里（首页的值）",
    "What turns the page stands in the body that is sent, with its value for the first page",
)
_NO_ADDRESS = Text(
    "提交内容才给出的列表，翻页须写明参数", "A list that is posted for turns its pages by a value"
)
_NO_FORM = Text("表单只有一层，各值为文字或数字", "A form has texts and numbers, and one level")
_TOO_LONG = Text("所提交的内容过长", "What is sent is too long")
_NO_SIZE = Text(
    "按总条数算页数，须写明每页几条", "Pages are counted by the entries only if their size is given"
)


class _JsonPart(Input):
    model_config = ConfigDict(frozen=True)


class JsonList(_JsonPart):
    """Where an answer keeps its entries; paths other than `items` and those of the list's length
    begin at one entry.
    """

    items: JsonPath
    title: JsonPath
    address: str = Field(
        min_length=3,
        max_length=300,
        pattern=r"^[^\s{}]*\{[^\s{}]+\}[^\s]*$",
        examples=["/detail?id={id}"],
    )
    date: JsonPath | None = None
    time_unit: TimeUnit = "text"
    column: JsonPath | None = None
    total: JsonPath | None = None
    pages: JsonPath | None = None
    size: int | None = Field(None, ge=1, le=1000)


class PageParameter(_JsonPart):
    """Further pages by their number, which counts from `first`."""

    kind: Literal["page"]
    parameter: Parameter
    first: int = Field(1, ge=0, le=1)


class OffsetParameter(_JsonPart):
    """Further pages by the number of entries before them."""

    kind: Literal["offset"]
    parameter: Parameter
    size: int = Field(ge=1, le=1000)


class CursorParameter(_JsonPart):
    """Further pages by what the page before says: a value, or without `parameter` an address."""

    kind: Literal["cursor"]
    next: JsonPath
    parameter: Parameter | None = None


JsonPager = Annotated[
    NoPager | PageParameter | OffsetParameter | CursorParameter, Field(discriminator="kind")
]


class PostedList(_JsonPart):
    """What is sent to a platform that gives its list for a POST."""

    format: Literal["json", "form"] = "json"
    body: dict[str, JsonValue] = Field(max_length=60, examples=[{"pageNo": 1, "pageSize": 20}])

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        if self.format == "form" and not json_bodies.is_flat(self.body):
            raise ValueError(_NO_FORM)
        if len(json_bodies.written(self.body, self.format)) > MAX_POSTED:
            raise ValueError(_TOO_LONG)
        return self


class JsonPage(_JsonPart):
    """Where the answer about one entry keeps what it says of it, if that is JSON as well."""

    title: JsonPath | None = None
    time: JsonPath | None = None
    time_unit: TimeUnit = "text"
    body: JsonPath | None = None
    values: dict[Annotated[str, Field(min_length=2, max_length=30)], JsonPath] = Field(
        {}, max_length=60
    )


class JsonApiRule(HtmlPagesRule):
    """How to read a platform that lists its entries as JSON; their own pages are HTML or JSON."""

    kind: Literal["json_api"]
    list: JsonList
    pager: JsonPager = Field(default_factory=lambda: NoPager(kind="none"))
    post: PostedList | None = None
    page: JsonPage | None = None

    @model_validator(mode="after")
    def _a_total_counts_pages(self) -> Self:
        if self.is_paged and self.list.total and not self.size:
            raise ValueError(_NO_SIZE)
        return self

    @model_validator(mode="after")
    def _a_posted_list_turns_by_its_body(self) -> Self:
        if self.post is None or isinstance(self.pager, NoPager):
            return self
        if self.pager.parameter is None:
            raise ValueError(_NO_ADDRESS)
        if not json_bodies.has(self.post.body, self.pager.parameter):
            raise ValueError(_NOT_IN_BODY)
        return self

    def posted(self, url: str) -> Posted | None:
        if self.post is None:
            return None
        body = json_bodies.turned(self.post.body, url)
        return Posted(
            json_bodies.written(body, self.post.format), json_bodies.TYPES[self.post.format]
        )

    @property
    def size(self) -> int | None:
        """How many entries a page that is not the last one has."""
        return self.pager.size if isinstance(self.pager, OffsetParameter) else self.list.size

    @property
    def may_end_unannounced(self) -> bool:
        return isinstance(self.pager, PageParameter | OffsetParameter)

    @property
    def is_paged(self) -> bool:
        return not isinstance(self.pager, NoPager)
