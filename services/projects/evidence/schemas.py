"""What the API says about a capture."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from shared.web.models import View, old_name_of


class ProofStepView(View):
    """A neighbour on the way to the root: hash it with what you have, on the side it says."""

    model_config = ConfigDict(from_attributes=True)

    side: Literal["left", "right"]
    hash: str


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

    @old_name_of("portal_id")
    def portal(self) -> str:
        return self.portal_id
