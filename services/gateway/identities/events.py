"""What the room publishes: digests that services compare, and nothing that says who it is."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messaging.events import Event


class AccountIdentified(Event):
    """账号的实名信息已核验。只含密钥摘要，供各服务认出同一个人，不含姓名和号码。

    The identity of an account was checked. It carries keyed digests by which services recognise
    the same person, and no name or number.
    """

    type: ClassVar[str] = "gateway.account.identified.v1"

    account_id: UUID
    document_index: str | None = Field(
        description="证件号码的密钥摘要 | Keyed digest of the ID number"
    )
    phone_index: str | None = Field(
        description="电话号码的密钥摘要 | Keyed digest of the phone number"
    )
    version: int = Field(description="同一账号的第几次核验 | Counts the checks of the account")
