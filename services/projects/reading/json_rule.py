"""The rules of collectors for platforms that answer with JSON: where in it everything stands."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from services.projects.reading.rule import HtmlPagesRule, NoPager
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
    page: JsonPage | None = None

    @model_validator(mode="after")
    def _a_total_counts_pages(self) -> Self:
        if self.is_paged and self.list.total and not self.size:
            raise ValueError(_NO_SIZE)
        return self

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
