"""Signed codes as the API gives them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.web.models import View


class SignedCode(View):
    """What to draw as a QR code."""

    code: str = Field(
        description="二维码内容：JWS 紧凑格式，Ed25519 签名"
        " | What the QR code holds: a compact JWS, signed by Ed25519"
    )
    expires_at: datetime


class ReprintedTicket(SignedCode):
    """What to print once more; the mark belongs on the paper."""

    ticket_id: UUID
    number: str = Field(description="号票号码 | The ticket's number")
    hall_code: str
    items: list[str] = Field(description="要办的事项编码 | Codes of the items it is for")
    issued_at: datetime = Field(description="取号时间 | When the ticket was taken")
    reprint: int = Field(description="第几次补打 | Which reprint this is", examples=[1])
    mark: str = Field(description="印在号票上的补打标记 | The mark to print on it")


class CodeKey(View):
    """A public key as RFC 8037 writes it."""

    kty: Literal["OKP"] = Field("OKP", description="密钥类型 | The type of key")
    crv: Literal["Ed25519"] = Field("Ed25519", description="曲线 | The curve")
    alg: Literal["EdDSA"] = Field("EdDSA", description="签名算法 | The algorithm")
    use: Literal["sig"] = Field("sig", description="用途：签名 | Its use: signatures")
    kid: str = Field(description="密钥编号，与二维码头部一致 | Its id, as codes name it")
    x: str = Field(description="公钥 | The key itself")


class CodeKeys(View):
    """A JWK set (RFC 7517): the newest key first."""

    keys: list[CodeKey] = Field(description="公钥，新的在前 | Public keys, the newest first")
