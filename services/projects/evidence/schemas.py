"""What the API says about a capture."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.evidence.comparing import LineKind, WordKind
from shared.web.models import View, old_name_of


class ProofStepView(View):
    """A neighbour on the way to the root: hash it with what you have, on the side it says."""

    model_config = ConfigDict(from_attributes=True)

    side: Literal["left", "right"]
    hash: str


class QuoteView(View):
    """A label of the page with its value, where it stands, and what stands around it."""

    model_config = ConfigDict(from_attributes=True)

    label: str = Field(description="要素名称 | The element's label.")
    offset: int = Field(
        description="从网页文字的第几个字开始，自 0 起"
        " | The character of the page's words at which it begins, from 0."
    )
    text: str = Field(description="原文，全角标点按半角 | As it stands, in one width.")
    before: str = Field(description="前面的文字 | What stands before it.")
    after: str = Field(description="后面的文字 | What stands after it.")


class RedirectView(View):
    """An answer that led on to another address."""

    url: str = Field(description="所请求的网址 | The address that was asked for.")
    status: int = Field(description="状态码 | The status of the answer.")
    headers: dict[str, str] = Field(
        description="响应头；location 为跳转目标 | Its headers; `location` is where it led."
    )
    request_headers: dict[str, str] = Field(description="发出的请求头 | What was sent.")
    fetched_at: AwareDatetime = Field(description="时间 | When.")
    size: int = Field(description="正文字节数 | The size of its body, in bytes.")
    sha256: str = Field(description="正文的散列值 | The hash of its body.")


class EvidenceView(View):
    """证据：某次抓取的原始网页及其校验信息 | A capture, with all that it takes to check it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    portal_id: str = Field(validation_alias="chain")
    number: int = Field(
        validation_alias="seq", description="在栏目存证链上的序号 | Place in the portal's chain."
    )
    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    request_headers: dict[str, str] | None = Field(
        description="发出的请求头；早先的抓取没有留存的为空"
        " | What was sent; null of captures made before it was kept."
    )
    redirects: list[RedirectView] | None = Field(
        description="依次经过的跳转；没有跳转或早先没有留存的为空"
        " | The redirects that led there, in their order; null where none did, or of captures made"
        " before they were kept."
    )
    fetched_at: AwareDatetime
    captured_on: date
    size: int
    sha256: str = Field(
        description="原始字节（?raw=true）的散列值 | Of the raw bytes, as GET ?raw=true gives them."
    )
    charset: str | None
    previous_hash: str | None
    hash: str = Field(
        description="本次抓取与前一次散列值的散列"
        " | Over this capture and the hash of the one before it."
    )
    day_root: str | None = Field(
        default=None,
        description="当日的默克尔根；未封存前为空"
        " | Merkle root of the day; null until the day is sealed.",
    )
    proof: list[ProofStepView] = Field(
        default=[],
        description="从 hash 到 day_root 的证明路径（RFC 6962）"
        " | From `hash` to `day_root` (RFC 6962 hashing).",
    )

    quotes: list[QuoteView] | None = Field(
        default=None,
        description="网页写明的要素及其位置，以 ?quotes=true 索取；读不出文字的为空"
        " | What the page states, asked for by ?quotes=true; null where no words can be read.",
    )

    @old_name_of("portal_id")
    def portal(self) -> str:
        return self.portal_id


class CapturedAt(View):
    """One of the two captures that are compared."""

    model_config = ConfigDict(from_attributes=True)

    evidence_id: UUID = Field(validation_alias="id")
    url: str
    fetched_at: AwareDatetime
    sha256: str


class WordRunView(View):
    """Words on end that are the same, added or removed."""

    model_config = ConfigDict(from_attributes=True)

    kind: WordKind = Field(description="相同、新增或删去 | The same, added or removed.")
    text: str = Field(description="文字 | The words.")


class ComparedLineView(View):
    """A line, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    kind: LineKind = Field(
        description="相同、新增、删去、改动、移走或移来"
        " | The same, added, removed, changed, moved away or moved here."
    )
    old_line: int | None = Field(description="在前一份的第几行 | Its line in the earlier one.")
    new_line: int | None = Field(description="在后一份的第几行 | Its line in the later one.")
    elsewhere: int | None = Field(
        description="移动的，在另一份的第几行 | Of one that moved: its line in the other one."
    )
    words: list[WordRunView] = Field(description="逐段文字 | Its words, run by run.")


class EvidenceDiff(View):
    """What changed between two captures: the changed lines, with a few around them."""

    old: CapturedAt = Field(description="较早的一次 | The earlier capture.")
    new: CapturedAt = Field(description="较晚的一次 | The later capture.")
    is_same: bool = Field(description="文字完全相同 | Whether the words are the same.")
    is_cut: bool = Field(
        description="文字过长，只比较了前 2000 行"
        " | Whether one is so long that its first 2,000 lines alone were compared."
    )
    added: int = Field(description="新增的行数 | Lines added.")
    removed: int = Field(description="删去的行数 | Lines removed.")
    changed: int = Field(description="改动的行数 | Lines changed.")
    moved: int = Field(description="移动的行数 | Lines moved.")
    lines: list[ComparedLineView] = Field(description="有变化的行 | The lines that changed.")
